// A convolution one window at a time, with all its numbers: the view. conv_geometry.mjs does the sums.

import {
  LIMITS, changed, geometry, inSum, inWords, notes, outputs, reach, resized, shown,
  sizeFormula, torchLine, totalLine, windowSum,
} from "./conv_geometry.mjs";
import { element, openView, widgetRoot } from "./dom.mjs";
import { ARROWS, listenToFields, numberFields } from "./number_fields.mjs";
import { box, button, field, grid, label, reveal, spans } from "./number_grid.mjs";

const TRAITS = ["image", "kernel", "bias", "stride", "padding", "dilation", "step"];
const TICK = 900; // milliseconds a window stays in sight while playing: time to read its sum

// ---------------------------------------------------------------- the parts of the view

const CONTROLS = { kernel: "kernel size", stride: "stride", padding: "padding", dilation: "dilation" };

function control(view, name) {
  const value = (view.values[name] = element("span", "cbh-stepper-value"));
  const [less, more] = [-1, 1].map((by) =>
    button(by < 0 ? "−" : "+", `${name} ${by}`, `${CONTROLS[name]}, ${by < 0 ? "less" : "more"}`),
  );
  const words = element("span", "cbh-stepper-name", CONTROLS[name]);
  return label(box("control", words, less, value, more), CONTROLS[name], "group");
}

function transport(view) {
  view.slider = label(element("input", "cbh-stepper-slider"), "step");
  Object.assign(view.slider, { type: "range", min: 0 });
  view.play = button("Play", "play");
  view.count = element("span", "cbh-stepper-count");
  const buttons = [button("Back", "step -1"), view.play, button("Forward", "step 1")];
  return box("transport", ...buttons, view.slider, view.count);
}

/** A grid of fields for one channel of the image or of the kernel. */
function editableGrid(kind, name, channel, [height, width], edge) {
  const made = grid(kind, name, height + 2 * edge, width + 2 * edge, (cell, y, x) => {
    const [row, column] = [y - edge, x - edge];
    cell.dataset.at = `${kind} ${channel} ${row} ${column}`;
    const inside = row >= 0 && row < height && column >= 0 && column < width;
    if (!inside) return cell.append("0");
    cell.append(field(cell.dataset.at, `${name}, row ${row}, column ${column}`));
  }, edge);
  made.whole.querySelector("input").tabIndex = 0; // one stop for Tab; the arrow keys do the rest
  return made;
}

function channelParts(view, state, shape, channel) {
  const of = shape.channels > 1 ? `, channel ${channel}` : "";
  const image = editableGrid("image", `image${of}`, channel, [shape.height, shape.width], state.padding);
  const kernel = editableGrid("kernel", `kernel${of}`, channel, [shape.kernelHeight, shape.kernelWidth], 0);
  const frame = box("frame");
  image.scroll.append(frame);
  const terms = state.kernel[channel].flatMap((weights, i) =>
    weights.map((_, j) => {
      const made = box("term", element("span", ""), element("span", "cbh-stepper-running"));
      made.dataset.at = `term ${channel} ${i} ${j}`;
      return made;
    }),
  );
  const title = shape.channels > 1 ? [element("div", "cbh-stepper-title", `channel ${channel}`)] : [];
  return { image, kernel, frame, terms, sum: box("plane", ...title, box("terms", ...terms)) };
}

/** Lay out the grids anew: something has another size. */
function build(view, state, shape) {
  view.channels = state.image.map((_, channel) => channelParts(view, state, shape, channel));
  view.output = grid("output", "output", shape.rows, shape.columns, (cell, row, column) => {
    cell.dataset.at = `output ${row * shape.columns + column}`;
  });
  const pairs = view.channels.map(({ image, kernel }) => box("pair", image.whole, kernel.whole));
  view.stage.replaceChildren(...pairs, view.output.whole);
  view.stage.classList.toggle("cbh-stepper-several", shape.channels > 1);
  view.sums.replaceChildren(...view.channels.map(({ sum }) => sum));
  view.sums.classList.toggle("cbh-stepper-abreast", shape.channels * shape.kernelWidth <= 9);
  const padded = [shape.height, shape.width].map((size) => size + 2 * state.padding);
  const beside = shape.channels > 1 ? shape.channels * padded[1] : padded[1] + shape.kernelWidth;
  view.columns = beside + shape.columns;
  const sizes = {
    columns: view.columns,
    widest: Math.max(padded[1], shape.columns),
    tallest: Math.max(padded[0] + (shape.channels > 1 ? shape.kernelHeight : 0), shape.rows),
    grids: shape.channels > 1 ? shape.channels + 1 : 3,
    "kernel-columns": shape.kernelWidth,
  };
  for (const [name, value] of Object.entries(sizes)) view.body.style.setProperty(`--${name}`, value);
}

// ---------------------------------------------------------------- painting

function read(model) {
  return Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
}

function paint(view) {
  const state = read(view.model);
  const shape = geometry(state);
  // Python may change two things in two messages: wait for the second
  if (state.kernel.length !== shape.channels || shape.rows < 1 || shape.columns < 1) return;
  state.step = Math.min(state.step, shape.rows * shape.columns - 1);
  Object.assign(view, { state, shape });
  const layout = JSON.stringify([shape, state.padding]);
  if (layout !== view.layout) build(view, state, shape);
  const numbers = JSON.stringify({ ...state, step: 0 });
  if (numbers !== view.numbers || layout !== view.layout) paintNumbers(view, state, shape);
  Object.assign(view, { layout, numbers });
  paintStep(view, state, shape);
  view.root.dataset.ready = "true";
}

/** What depends on the numbers, but not on the step. */
function paintNumbers(view, state, shape) {
  view.results = outputs(state);
  view.remembered = resized(state.kernel, LIMITS.kernel[1], view.remembered);
  for (const input of view.root.querySelectorAll(".cbh-stepper-field")) view.fields.restore(input);
  const size = shape.kernelHeight === shape.kernelWidth ? shape.kernelWidth : `${shape.kernelHeight}×${shape.kernelWidth}`;
  for (const name of Object.keys(CONTROLS)) {
    view.values[name].textContent = name === "kernel" ? size : state[name];
  }
  for (const made of view.root.querySelectorAll(".cbh-stepper-control button")) {
    const [name, by] = made.dataset.action.split(" ");
    made.setAttribute("aria-disabled", !changed(state, name, Number(by), view.remembered));
  }
  paintReach(view, state, shape);
  paintLengths(view, state);
  view.notes.replaceChildren(
    ...notes(state).map(([kind, text]) => element("p", `cbh-stepper-note-${kind}`, text)),
  );
  paintFormula(view, state, shape);
}

/** How long the numbers get: the style sheet finds the size of cells and terms from it. */
function paintLengths(view, { image, kernel }) {
  const longest = (planes, text) => Math.max(...planes.flat(2).map((value) => text(value).length));
  const characters = Math.max(2, longest([image, kernel, view.results].flat(), shown));
  view.body.style.setProperty("--characters", characters);
  view.body.style.setProperty("--factors", longest(image, shown) + longest(kernel, inSum) + 3);
  view.body.classList.toggle("cbh-stepper-fine", characters > 3 || view.columns > 20);
}

function paintReach(view, state, shape) {
  const rows = reach(shape.height, shape.kernelHeight, state);
  const columns = reach(shape.width, shape.kernelWidth, state);
  for (const { image } of view.channels) {
    image.cells.forEach((line, row) => line.forEach((cell, column) => {
      const both = [rows[row], columns[column]];
      const kind = ["dropped", "skipped"].find((name) => both.includes(name)) ?? "";
      const padding = cell.firstElementChild ? "" : "padding";
      cell.dataset.mark = `${kind} ${padding}`.trim();
    }));
  }
}

function paintFormula(view, state, shape) {
  const line = (name, size, kernel) => {
    const made = element("p", "");
    made.append(`${name} = `, ...spans(sizeFormula(size, kernel, state)));
    return made;
  };
  const rows = [shape.height, shape.kernelHeight];
  const columns = [shape.width, shape.kernelWidth];
  const square = String(rows) === String(columns);
  view.formula.replaceChildren(
    element("p", "cbh-stepper-faint", "out = floor((in + 2·padding − dilation·(kernel − 1) − 1) / stride) + 1"),
    ...(square ? [line("out", ...rows)] : [line("out rows", ...rows), line("out columns", ...columns)]),
    element("code", "", torchLine(state)),
  );
}

/** What depends on the window: the one pointed at, else that of the step. */
function paintStep(view, state, shape) {
  const current = Math.min(view.peek ?? state.step, shape.rows * shape.columns - 1);
  const sum = windowSum(state, current);
  const place = `row ${Math.floor(current / shape.columns)}, column ${current % shape.columns}`;
  view.where.replaceChildren(
    ...spans([[`Output ${place}`, "out"], [" from image "],
      [`rows ${sum.rowsRead.map(shown).join(", ")}; columns ${sum.columnsRead.map(shown).join(", ")}`, "in"]]),
  );
  sum.channels.forEach(({ terms }, channel) => paintWindow(view, state, channel, terms));
  view.total.replaceChildren(...spans(totalLine(state, sum)));
  paintOutputs(view, state, current);
  if (current !== view.current) revealWindow(view, state, current, sum);
  view.current = current;
  const count = shape.rows * shape.columns;
  Object.assign(view.slider, { max: count - 1, value: state.step });
  view.slider.setAttribute("aria-valuetext", `${state.step + 1} of ${count}`);
  view.count.textContent = `${state.step + 1} of ${count}`;
  view.play.textContent = view.timer ? "Pause" : "Play";
  label(view.play, view.play.textContent);
  if (!view.timer) say(view, inWords(state, state.step));
}

function paintWindow(view, state, channel, terms) {
  const { image, kernel, frame, terms: boxes } = view.channels[channel];
  for (const cell of image.cells.flat()) cell.classList.remove("cbh-stepper-read", "cbh-stepper-lit");
  terms.forEach(({ row, column, i, j, pixel, weight, product, sum }, index) => {
    const pixelCell = image.cells[row + state.padding][column + state.padding];
    pixelCell.classList.add("cbh-stepper-read");
    pixelCell.dataset.weight = `×${shown(weight)}`;
    const lit = view.lit === `${channel} ${i} ${j}`;
    for (const part of [pixelCell, kernel.cells[i][j], boxes[index]]) part.classList.toggle("cbh-stepper-lit", lit);
    boxes[index].firstChild.replaceChildren(
      ...spans([[shown(pixel), "in"], [" × "], [inSum(weight), "kernel"], [` = ${shown(product)}`]]),
    );
    boxes[index].lastChild.textContent = `sum ${shown(sum)}`;
  });
  const [first, last] = [terms[0], terms.at(-1)];
  const place = { row: first.row + state.padding, column: first.column + state.padding,
    high: last.row - first.row + 1, wide: last.column - first.column + 1 };
  for (const [name, value] of Object.entries(place)) frame.style.setProperty(`--${name}`, value);
}

function revealWindow(view, state, current, { columnsRead }) {
  const [first, last] = [columnsRead[0], columnsRead.at(-1)].map((column) => column + state.padding);
  for (const { image } of view.channels) reveal(image, image.cells[0][first], image.cells[0][last]);
  reveal(view.output, view.output.cells.flat()[current]);
}

function paintOutputs(view, state, current) {
  view.output.cells.flat().forEach((cell, index) => {
    const filled = index <= state.step || index === current;
    cell.textContent = filled ? shown(view.results.flat()[index]) : "";
    cell.dataset.mark = index === current ? "current" : filled ? "filled" : "";
    cell.tabIndex = index === state.step ? 0 : -1;
    const place = `row ${Math.floor(index / view.shape.columns)}, column ${index % view.shape.columns}`;
    label(cell, `${place}: ${filled ? cell.textContent : "not yet"}`);
  });
}

function say(view, text) {
  if (view.live.textContent !== text) view.live.textContent = text;
}

// ---------------------------------------------------------------- what the learner does

/** Change traits and paint; Python hears of it when it can. */
function set(view, change) {
  view.fields.settle();
  for (const [name, value] of Object.entries(change)) view.model.set(name, value);
  view.frame.ask();
  view.python.save();
}

const stepNow = (view) => view.model.get("step"); // the last painted one may be a frame old

function go(view, step) {
  const { rows, columns } = geometry(read(view.model));
  const there = Math.max(0, Math.min(rows * columns - 1, step));
  if (there !== stepNow(view)) set(view, { step: there });
}

const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

function play(view) {
  if (view.timer) return pause(view);
  if (calm()) return go(view, stepNow(view) + 1);
  view.timer = setTimeout(() => tick(view), TICK);
  if (stepNow(view) + 1 >= view.results.flat().length) go(view, 0);
  view.frame.ask();
}

function tick(view) {
  view.timer = setTimeout(() => tick(view), TICK);
  if (stepNow(view) + 1 >= view.results.flat().length) return pause(view);
  go(view, stepNow(view) + 1);
}

function pause(view) {
  clearTimeout(view.timer);
  view.timer = 0;
  view.frame.ask();
}

function act(view, action) {
  if (action === "play") return play(view);
  const [name, by] = action.split(" ");
  pause(view);
  if (name === "reset") return set(view, view.model.get("_given"));
  if (name === "step") return go(view, stepNow(view) + Number(by));
  const change = changed(read(view.model), name, Number(by), view.remembered);
  if (change) set(view, change);
}

/** What a field shows while nobody types: the number that holds. */
function shownIn(view, input) {
  const [name, channel, row, column] = input.dataset.at.split(" ");
  const held = view.model.get(name);
  if (name === "bias") return held === null ? "" : shown(held);
  return shown(held[channel][row][column]);
}

function take(view, input, value) {
  const [name, channel, row, column] = input.dataset.at.split(" ");
  if (name === "bias") return set(view, { bias: value });
  const changedPlanes = structuredClone(view.model.get(name));
  changedPlanes[channel][row][column] = value;
  set(view, { [name]: changedPlanes });
}

function fieldBeside(view, input, down, right) {
  const [name, channel, row, column] = input.dataset.at.split(" ");
  return view.root.querySelector(`input[data-at="${name} ${channel} ${Number(row) + down} ${Number(column) + right}"]`);
}

// ---------------------------------------------------------------- keys and pointer

/** True when the key meant something here, so that the page must not scroll as well. */
function onKey(view, { target, key, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey) return false;
  if (target.matches(".cbh-stepper-field")) return view.fields.onKey(target, key);
  if (target === view.slider && key !== " ") return false; // a slider knows its keys
  if (target.matches("button") && key === " ") return false;
  if (key === " ") act(view, "play");
  else if (!move(view, key)) return false;
  if (target.dataset.at) focusOutput(view);
  return true;
}

function move(view, key) {
  const [down, right] = ARROWS[key] ?? [0, 0];
  const step = { Home: 0, End: Infinity }[key] ?? stepNow(view) + down * view.shape.columns + right;
  if (!(key in ARROWS) && !["Home", "End"].includes(key)) return false;
  pause(view);
  go(view, step);
  return true;
}

function focusOutput(view) {
  view.output.cells.flat()[stepNow(view)].focus();
}

function onFocus(view, { target }) {
  if (!target.matches("td[data-at^=output]")) return;
  pause(view);
  go(view, Number(target.dataset.at.split(" ")[1]));
}

function onPoint(view, target) {
  const [kind, ...at] = target?.closest("[data-at]")?.dataset.at.split(" ") ?? [];
  const peek = kind === "output" ? Number(at[0]) : null;
  const lit = kind === "kernel" || kind === "term" ? at.join(" ") : null;
  if (peek === view.peek && lit === view.lit) return;
  Object.assign(view, { peek, lit });
  view.frame.ask();
}

function listen(view) {
  const { root, on } = view;
  on(root, "keydown", (event) => onKey(view, event) && event.preventDefault());
  on(root, "click", ({ target }) => {
    const { action } = target.closest("button")?.dataset ?? {};
    if (action) act(view, action);
  });
  listenToFields(view);
  on(view.slider, "input", () => {
    pause(view);
    go(view, view.slider.valueAsNumber);
  });
  on(root, "focusin", (event) => onFocus(view, event));
  on(root, "pointerover", ({ target }) => onPoint(view, target));
  on(root, "pointerleave", () => onPoint(view, null));
}

function layOut(view) {
  Object.assign(view, { values: {}, peek: null, lit: null, timer: 0 });
  view.fields = numberFields(view, {
    held: (input) => shownIn(view, input),
    take: (input, value) => take(view, input, value),
    next: (input, down, right) => fieldBeside(view, input, down, right),
    none: (input) => input.dataset.at === "bias",
    near: (input) => (input.closest(".cbh-stepper-plane") ?? view.controls).append(view.refused),
  });
  for (const name of ["stage", "notes", "where", "sums", "formula"]) view[name] = box(name);
  view.total = box("total");
  view.refused = element("p", "cbh-stepper-refused", "", { role: "alert" });
  view.live = element("p", "cbh-stepper-live", "", { role: "status" });
  const fields = Object.keys(CONTROLS).map((name) => control(view, name));
  view.controls = box("controls", ...fields, biasField(view), button("Start again", "reset"));
  const working = box("working", view.where, view.sums, view.total);
  view.body = box("body", view.controls, transport(view), view.stage, view.notes, working, view.formula, view.live);
  view.root.append(view.body);
}

function start(view) {
  layOut(view);
  listen(view);
}

function biasField(view) {
  const input = field("bias", "bias");
  Object.assign(input, { placeholder: "none", tabIndex: 0 });
  return box("control", element("span", "cbh-stepper-name", "bias"), input);
}

function render({ model, el }) {
  const root = label(widgetRoot("cbh-stepper"), "Convolution, step by step", "group");
  root.tabIndex = -1; // a click anywhere in it brings the arrow keys here
  return openView({ model, root }, { el, traits: TRAITS, start, paint });
}

export default { render };
