// Pooling window by window, the way back of the gradient, and a shift test: the view.
// pooling_geometry.mjs does the sums.

import { shown } from "./conv_geometry.mjs";
import { element, openView, setText, widgetRoot } from "./dom.mjs";
import { listenToFields, numberFields } from "./number_fields.mjs";
import { box, button, field, grid, label, reveal, spans } from "./number_grid.mjs";
import {
  arithmetic, covered, fits, gradientWords, gradients, poolChanged, poolFormula, poolLine, poolNotes, poolShape,
  poolWindow, pooled, routeWords, shiftPlace, shiftWords, shifted,
} from "./pooling_geometry.mjs";

const TRAITS = ["image", "mode", "kernel_size", "stride", "padding", "ceil_mode", "shift", "show_gradient"];
const NUMBERS = { kernel_size: "kernel size", stride: "stride", padding: "padding" };
const SHIFTS = { ArrowLeft: ["←", "left", -1, 0], ArrowRight: ["→", "right", 1, 0], ArrowUp: ["↑", "up", 0, -1], ArrowDown: ["↓", "down", 0, 1] };

// ---------------------------------------------------------------- the parts of the view

function numberControl(view, name) {
  const value = (view.values[name] = element("span", "cbh-stepper-value"));
  const [less, more] = [-1, 1].map((by) =>
    button(by < 0 ? "−" : "+", `${name} ${by}`, `${NUMBERS[name]}, ${by < 0 ? "less" : "more"}`),
  );
  const words = element("span", "cbh-stepper-name", NUMBERS[name]);
  return label(box("control", words, less, value, more), NUMBERS[name], "group");
}

function checkbox(view, name, text) {
  const input = (view.checks[name] = element("input", "", "", { type: "checkbox" }));
  input.dataset.trait = name;
  const made = element("label", "cbh-stepper-control");
  made.append(input, text);
  return made;
}

function layOut(view) {
  Object.assign(view, { values: {}, checks: {}, chosen: null, peek: null });
  view.fields = numberFields(view, {
    held: (input) => shownIn(view, input),
    take: (input, value) => take(view, input, value),
    next: (input, down, right) => fieldBeside(view, input, down, right),
  });
  for (const name of ["stage", "notes", "where", "total", "route", "formula"]) view[name] = box(name);
  const spoken = (className, role) => element("div", className, "", { role });
  Object.assign(view, { refused: spoken("cbh-stepper-refused", "alert"), live: spoken("cbh-stepper-live", "status"), shiftText: spoken("", "status") });
  view.modes = ["max", "average"].map((mode) => button(mode, `mode ${mode}`));
  const modes = label(box("control", ...view.modes), "kind of pooling", "group");
  const numbers = Object.keys(NUMBERS).map((name) => numberControl(view, name));
  const controls = box("controls", modes, ...numbers, checkbox(view, "ceil_mode", "ceil mode"), checkbox(view, "show_gradient", "gradient route"));
  view.arrows = Object.values(SHIFTS).map(([sign, name, right, down]) => button(sign, `shift ${right} ${down}`, `shift the image ${name}`));
  const arrows = label(box("control", element("span", "cbh-stepper-name", "shift"), ...view.arrows, button("Reset", "reset", "reset the shift")), "shift", "group");
  const hint = element("span", "cbh-stepper-faint", "or Shift + arrow keys");
  const working = box("working", view.where, view.total, view.route, view.shiftText);
  view.outs = box("pair");
  view.beside = element("div", "cbh-pooling-beside");
  view.beside.append(view.outs, working);
  view.body = box("body", controls, box("controls", arrows, hint), view.stage, view.notes, view.formula, view.live);
  view.root.append(view.body);
}

/** Lay out the grids anew: something has another size. */
function build(view, { height, width, rows, columns, below, beside }, { padding }) {
  const outputs = (name, kind) => grid("output", name, rows, columns, (cell, row, column) => {
    cell.dataset.at = `${kind} ${row * columns + column}`;
  });
  const [high, wide] = [height + 2 * padding + below, width + 2 * padding + beside];
  view.image = grid("image", "image", high, wide, (cell, y, x) => {
    const [row, column] = [y - padding, x - padding];
    cell.dataset.at = `image ${row} ${column}`;
    if (row < 0 || column < 0 || row >= height || column >= width) return;
    cell.append(field(cell.dataset.at, ""), element("span", "cbh-pooling-back"));
  }, padding);
  view.image.whole.querySelector("input").tabIndex = 0; // one stop for Tab; the arrow keys do the rest
  view.image.whole.append(view.refused);
  [view.output, view.before] = [outputs("output", "output"), outputs("output before the shift", "before")];
  view.before.scroll.tabIndex = 0; // nothing in it takes the focus, and it may scroll
  view.tiles = Array.from({ length: rows * columns }, () => element("div", "cbh-stepper-frame cbh-pooling-tile"));
  view.outline = element("div", "cbh-stepper-frame");
  view.image.scroll.append(...view.tiles, view.outline);
  view.outs.replaceChildren(view.output.whole, view.before.whole);
  view.stage.replaceChildren(view.image.whole, view.beside);
  // room for the output before the shift is kept, so that nothing grows or shrinks at the first shift
  const sizes = { columns: wide + 2 * columns, widest: wide, tallest: Math.max(high, rows), grids: 3 };
  for (const [name, value] of Object.entries(sizes)) view.body.style.setProperty(`--${name}`, value);
}

// ---------------------------------------------------------------- painting

const read = (model) => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));

function paint(view) {
  const state = read(view.model);
  if (!fits(state)) return; // Python may change two things in two messages: wait for the second
  const shape = poolShape(state);
  const layout = JSON.stringify([shape, state.padding]);
  if (layout !== view.layout) build(view, shape, state);
  const image = shifted(state.image, state.shift);
  Object.assign(view, { state, shape, layout, results: pooled(image, state).flat() });
  view.chosen ??= Math.max(0, view.results.findIndex(Boolean)); // a window with something in it
  view.chosen = Math.min(view.chosen, view.results.length - 1);
  const current = Math.min(view.peek ?? view.chosen, view.results.length - 1);
  const window = poolWindow(image, state, current);
  paintControls(view, state);
  paintInput(view, state, image, window);
  paintFrames(view, state, shape, current);
  paintOutputs(view, state, current);
  paintWords(view, state, image, window, current);
  revealWindow(view, state, window, current);
  view.root.dataset.ready = "true";
}

function paintControls(view, state) {
  for (const [name, value] of Object.entries(view.values)) setText(value, String(state[name]));
  for (const [name, input] of Object.entries(view.checks)) input.checked = state[name];
  for (const made of view.modes) made.setAttribute("aria-pressed", made.textContent === state.mode);
  for (const made of view.body.querySelectorAll("button:not([aria-pressed])")) {
    made.setAttribute("aria-disabled", !changeFor(state, made.dataset.action));
  }
}

/** The numbers of the image, where it stands now; what is being typed is left alone. */
function paintInput(view, state, image, window) {
  const { height, width } = view.shape;
  const [down, across] = [covered(height, state), covered(width, state)];
  const back = state.show_gradient ? gradients(image, state) : null;
  const most = Math.max(...(back ?? [[0]]).flat());
  const texts = [...state.image.flat(), ...view.results, ...(back ?? []).flat()].map((value) => shown(value).length);
  view.body.style.setProperty("--characters", Math.max(2, ...texts));
  view.body.classList.toggle("cbh-pooling-route", state.show_gradient);
  const inWindow = new Map(window.cells.map((cell) => [`image ${cell.row} ${cell.column}`, cell]));
  view.image.cells.forEach((line, y) => line.forEach((cell, x) => {
    const [row, column] = [y - state.padding, x - state.padding];
    const beyond = y >= down.length || x >= across.length;
    const kind = ["dropped", "skipped"].find((name) => [down[y], across[x]].includes(name)) ?? "";
    const hit = inWindow.get(cell.dataset.at);
    cell.classList.toggle("cbh-stepper-read", Boolean(hit));
    cell.classList.toggle("cbh-pooling-winner", state.mode === "max" && hit === window.winner);
    const input = cell.querySelector("input");
    cell.dataset.mark = beyond ? "beyond" : `${kind} ${input ? "" : "padding"}`.trim();
    if (!input) return setText(cell, beyond ? "" : state.mode === "max" ? "−∞" : "0");
    const gradient = back ? shown(back[row][column]) : "";
    cell.style.setProperty("--share", `${back && most ? (45 * back[row][column]) / most : 0}%`);
    setText(cell.lastChild, gradient);
    cell.lastChild.dataset.zero = gradient === "0";
    input.readOnly = !holds(state, row, column);
    label(input, `image, row ${row}, column ${column}${back ? `, gradient ${gradient}` : ""}`);
    if (input !== document.activeElement) input.value = shown(image[row][column]);
  }));
}

/** A pixel that the shift brought in belongs to no number of the image. */
function holds({ image, shift: [right, down] }, row, column) {
  return image[row - down]?.[column - right] !== undefined;
}

function paintFrames(view, state, { columns }, current) {
  const { kernel_size: size, stride } = state;
  view.image.scroll.classList.toggle("cbh-pooling-overlap", stride < size);
  view.tiles.forEach((tile, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    for (const frame of index === current ? [tile, view.outline] : [tile]) {
      place(frame, { row: row * stride, column: column * stride, high: size, wide: size });
    }
  });
}

function place(node, values) {
  for (const [name, value] of Object.entries(values)) node.style.setProperty(`--${name}`, value);
}

function paintOutputs(view, state, current) {
  const before = pooled(state.image, state).flat();
  const isShifted = Boolean(shiftPlace(state.shift));
  setText(view.image.whole.firstChild, isShifted ? `image, ${shiftPlace(state.shift)}` : "image");
  view.before.whole.hidden = !isShifted;
  view.output.cells.flat().forEach((cell, index) => {
    const changed = before[index] !== view.results[index];
    setText(cell, shown(view.results[index]));
    cell.dataset.mark = index === current ? "current" : "filled";
    cell.classList.toggle("cbh-pooling-changed", changed);
    cell.tabIndex = index === view.chosen ? 0 : -1;
    const at = `row ${Math.floor(index / view.shape.columns)}, column ${index % view.shape.columns}`;
    label(cell, `${at}: ${cell.textContent}${changed ? `, was ${shown(before[index])}` : ""}`);
  });
  view.before.cells.flat().forEach((cell, index) => {
    setText(cell, shown(before[index]));
    cell.dataset.mark = "filled";
    cell.classList.toggle("cbh-pooling-changed", before[index] !== view.results[index]);
  });
}

function paintWords(view, state, image, window, current) {
  const { row, column, cells } = window;
  const span = (first, last) => (first === last ? shown(first) : `${shown(first)} to ${shown(last)}`);
  const [first, last] = [cells[0], cells.at(-1)];
  const from = `rows ${span(first.row, last.row)}, columns ${span(first.column, last.column)}`;
  view.where.replaceChildren(...spans([[`Output row ${row}, column ${column}`, "out"], [" from image "], [from, "in"]]));
  view.total.replaceChildren(...spans(arithmetic(state, window)));
  setText(view.route, state.show_gradient ? `${routeWords(state, window)} ${gradientWords(image, state)}` : "");
  if (current === view.chosen) setText(view.live, `${view.where.textContent}: ${view.total.textContent}. ${view.route.textContent}`);
  const sentences = shiftWords(state);
  if (sentences.join() !== view.sentences) view.shiftText.replaceChildren(...sentences.map((text) => element("div", "", text)));
  view.sentences = sentences.join();
  view.notes.replaceChildren(...poolNotes(state).map(([kind, text]) => element("p", `cbh-stepper-note-${kind}`, text)));
  paintFormula(view, state);
}

function paintFormula(view, state) {
  const line = (name, size) => {
    const made = element("p", "");
    made.append(`${name} = `, ...spans(poolFormula(size, state)));
    return made;
  };
  const { height, width } = view.shape;
  const lines = height === width ? [line("out", height)] : [line("out rows", height), line("out columns", width)];
  const general = `out = ${state.ceil_mode ? "ceil" : "floor"}((in + 2·padding − kernel) / stride) + 1`;
  view.formula.replaceChildren(element("p", "cbh-stepper-faint", general), ...lines, element("code", "", poolLine(state)));
}

/** On a narrow screen, where a grid scrolls in its box. */
function revealWindow(view, { padding }, { cells }, current) {
  if (current === view.current) return;
  view.current = current;
  const [first, last] = [cells[0], cells.at(-1)].map(({ column }) => view.image.cells[0][column + padding]);
  reveal(view.image, first, last);
  reveal(view.output, view.output.cells.flat()[current]);
}

// ---------------------------------------------------------------- what the learner does

/** Change traits and paint; Python hears of it when it can. */
function set(view, change) {
  view.fields.settle();
  for (const [name, value] of Object.entries(change)) view.model.set(name, value);
  view.frame.ask();
  view.python.save();
}

/** What a button would set, or null where it would change nothing. */
function changeFor(state, action) {
  const [name, ...by] = action.split(" ");
  if (name === "mode") return { mode: by[0] };
  if (name === "reset") return shiftPlace(state.shift) ? { shift: [0, 0] } : null;
  if (name !== "shift") return poolChanged(state, name, Number(by[0]));
  const shift = state.shift.map((at, axis) => at + Number(by[axis]));
  const most = [state.image[0].length, state.image.length];
  return shift.every((at, axis) => Math.abs(at) <= most[axis]) ? { shift } : null;
}

function act(view, action) {
  const change = changeFor(read(view.model), action);
  if (change) set(view, change);
}

const placeOf = (input) => input.dataset.at.split(" ").slice(1).map(Number);

function shownIn({ model }, input) {
  const [row, column] = placeOf(input);
  return shown(shifted(model.get("image"), model.get("shift"))[row][column]);
}

function take(view, input, value) {
  const [image, [right, down]] = ["image", "shift"].map((name) => view.model.get(name));
  const [row, column] = placeOf(input);
  set(view, { image: image.map((line, y) => line.map((old, x) => (y === row - down && x === column - right ? value : old))) });
}

function fieldBeside({ root }, input, down, right) {
  const [row, column] = placeOf(input);
  return root.querySelector(`input[data-at="image ${row + down} ${column + right}"]`);
}

/** True when the key meant something here, so that the page must not scroll as well. */
function onKey(view, { target, key, shiftKey, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey) return false;
  const arrow = SHIFTS[key];
  if (target.matches(".cbh-stepper-field")) return view.fields.onKey(target, key);
  if (arrow && shiftKey) return act(view, `shift ${arrow[2]} ${arrow[3]}`) ?? true;
  const ends = { Home: 0, End: view.results.length - 1 };
  if (!target.matches("td, .cbh-pooling") || !(arrow || key in ends)) return false;
  const { rows, columns } = view.shape;
  const clamp = (at, count) => Math.max(0, Math.min(count - 1, at));
  const [, , right, down] = arrow ?? [0, 0, 0, 0];
  const [row, column] = [clamp(Math.floor(view.chosen / columns) + down, rows), clamp((view.chosen % columns) + right, columns)];
  view.output.cells.flat()[ends[key] ?? row * columns + column].focus();
  return true;
}

function onFocus(view, { target }) {
  if (!target.matches("td[data-at^=output]")) return;
  view.chosen = Number(target.dataset.at.split(" ")[1]);
  view.frame.ask();
}

function onPoint(view, target) {
  const at = target?.closest("td[data-at^=output]")?.dataset.at;
  const peek = at ? Number(at.split(" ")[1]) : null;
  if (peek === view.peek) return;
  view.peek = peek;
  view.frame.ask();
}

function listen(view) {
  const { root, on } = view;
  on(root, "keydown", (event) => onKey(view, event) && event.preventDefault());
  on(root, "click", ({ target }) => {
    const { action } = target.closest("button")?.dataset ?? {};
    if (action) act(view, action);
  });
  on(root, "change", ({ target }) => {
    if (target.dataset.trait) set(view, { [target.dataset.trait]: target.checked });
  });
  listenToFields(view);
  on(root, "focusin", (event) => onFocus(view, event));
  on(root, "pointerover", ({ target }) => onPoint(view, target));
  on(root, "pointerleave", () => onPoint(view, null));
}

function start(view) {
  layOut(view);
  listen(view);
}

function render({ model, el }) {
  const root = label(widgetRoot("cbh-stepper cbh-pooling"), "Pooling, window by window", "group");
  root.tabIndex = -1; // a click anywhere in it brings the arrow keys here
  return openView({ model, root }, { el, traits: TRAITS, start, paint });
}

export default { render };
