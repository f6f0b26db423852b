// An image, a kernel to edit, and what comes out. Every change is painted at the next frame, from
// numbers that are all in the page; Python only hears of it.

import { conv2d, sources } from "./core.mjs";
import {
  atNextFrame, element, encodeTensor, decodeTensor, listeners, paintGrey, paintImage, paintSigned, readable,
  setText, syncSlowly, widgetRoot,
} from "./dom.mjs";
import { GOALS, asWeight, fairPresets, paddingOf, resize, sameKernel, torchText, turn } from "./kernel_goals.mjs";
import { kernelTable } from "./kernel_table.mjs";
import { productTable } from "./kernel_products.mjs";
import { pictureChooser } from "./pictures.mjs";

const PADDINGS = { zeros: "zeros", reflect: "mirror (reflect)", replicate: "edge repeated (replicate)", none: "none" };
const VIEWS = { raw: "signed", abs: "absolute", relu: "ReLU", image: "as an image" };
const SHOWN = { abs: Math.abs, relu: (value) => Math.max(value, 0) };
const CHANGES = "image kernel grey padding_mode view goal".split(" ").map((n) => `change:${n}`).join(" ");
const LUMINANCE = [0.299, 0.587, 0.114];

/** What the kernel meets: the image, or its brightness where grey is asked for. */
export function seenImage({ shape: [channels, height, width], data }, grey) {
  if (channels === 1 || !grey) return { shape: [channels, height, width], data };
  return mixed([channels, height, width], data, LUMINANCE);
}

/** The sum over channels. One kernel on each channel and then adding is one kernel on the sum. */
export function summed({ shape, data }) {
  return shape[0] === 1 ? { shape, data } : mixed(shape, data, [1, 1, 1]);
}

function mixed([, height, width], data, shares) {
  const plane = height * width;
  const one = new Float32Array(plane);
  for (let i = 0; i < plane; i++) {
    one[i] = shares.reduce((sum, share, channel) => sum + share * data[channel * plane + i], 0);
  }
  return { shape: [1, height, width], data: one };
}

/** Where output [row, column] looks: for each channel the values, null where the border is. */
export function windowAt(image, kernel, mode, [row, column]) {
  const [channels, height, width] = image.shape;
  const [ph, pw] = paddingOf(kernel, mode);
  const of = (length, padding) => sources(length, padding, mode === "none" ? "zeros" : mode);
  const [rows, columns] = [of(height, ph), of(width, pw)];
  return Array.from({ length: channels }, (_, c) =>
    kernel.map((line, i) => line.map((_, j) => {
      const [y, x] = [rows[row + i], columns[column + j]];
      const outside = row + i < ph || row + i >= height + ph || column + j < pw || column + j >= width + pw;
      const value = y < 0 || x < 0 ? 0 : image.data[(c * height + y) * width + x];
      return { value, outside };
    })),
  );
}

function render({ model, el }) {
  const page = build(model);
  const { on, removeAll } = listeners();
  const sync = syncSlowly(model);
  const state = { cursor: null };

  const change = (name, value) => {
    model.set(name, value);
    sync.save();
  };
  const paint = () => {
    if (readImage(model, state)) paintImage(page.image.canvas, state.image);
    compute(model, state);
    show(model, state, page);
    score(model, state, page, change);
    page.root.dataset.ready = "true";
    page.root.dataset.painted = String(Number(page.root.dataset.painted ?? 0) + 1);
  };
  const frame = atNextFrame(paint);
  const moveTo = (cursor) => {
    state.cursor = clampCursor(cursor, state.output.shape);
    frame.ask();
  };

  page.kernel.listen(on, (kernel) => change("kernel", kernel));
  page.chooser.listen(on, page.root, (image) => change("image", encodeTensor(image)));
  listenToChoices(page, on, model, change);
  listenToCursor(page, on, state, model, moveTo);
  model.on(CHANGES, frame.ask);
  paint();
  el.append(page.root);
  return () => {
    model.off(CHANGES, frame.ask);
    frame.cancel();
    removeAll();
    sync.close();
  };
}

// ---------------------------------------------------------------- computing

/** Decode the image if it is another one than before. */
function readImage(model, state) {
  const [packed, grey] = [model.get("image"), model.get("grey")];
  if (packed === state.packed && grey === state.grey) return false;
  if (packed !== state.packed) state.original = decodeTensor(packed);
  Object.assign(state, { packed, grey, image: seenImage(state.original, grey) });
  state.plane = summed(state.image);
  return true;
}

function compute(model, state) {
  const [kernel, mode] = [model.get("kernel"), model.get("padding_mode")];
  Object.assign(state, { kernel, mode, problem: "" });
  try {
    const paddingMode = mode === "none" ? "zeros" : mode;
    state.output = conv2d(state.plane, asWeight(kernel), null, { padding: paddingOf(kernel, mode), paddingMode });
  } catch (error) {
    state.problem = error.message; // a large kernel on a tiny image; there is nothing to show
    state.output ??= state.plane;
    state.cursor ??= [0, 0];
    return;
  }
  const [view, data] = [model.get("view"), state.output.data];
  state.shown = SHOWN[view] ? data.map(SHOWN[view]) : data;
  state.limit = view === "image" ? state.image.shape[0] : largest(data); // white where all channels are
  const [, rows, columns] = state.output.shape;
  state.cursor = clampCursor(state.cursor ?? [Math.floor(rows / 2), Math.floor(columns / 2)], state.output.shape);
}

/** The largest absolute value; a plain loop, because this runs at every move of the pointer. */
function largest(data) {
  let most = 0;
  for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(data[i]));
  return most;
}

function clampCursor([row, column], [, rows, columns]) {
  const clamp = (value, length) => Math.max(0, Math.min(length - 1, value));
  return [clamp(row, rows), clamp(column, columns)];
}

// ---------------------------------------------------------------- showing

function show(model, state, page) {
  const kernel = model.get("kernel");
  page.kernel.show(kernel);
  for (const [name, button] of page.presets) {
    button.setAttribute("aria-pressed", String(sameKernel(kernel, model.get("_presets")[name])));
  }
  const code = torchText(kernel);
  if (page.code.textContent !== code) setText(page.copied, ""); // it was another kernel that was copied
  setText(page.code, code);
  page.padding.value = model.get("padding_mode");
  page.views[model.get("view")].checked = true;
  page.grey.checked = model.get("grey");
  page.greyLabel.hidden = state.original.shape[0] === 1;
  setText(page.problem, state.problem);
  for (const part of [page.output.stage, page.image.box, page.products.box]) part.hidden = Boolean(state.problem);
  if (!state.problem) showOutput(model, state, page);
}

function showOutput(model, state, page) {
  const [channels, height, width] = state.image.shape;
  const [, rows, columns] = state.output.shape;
  setText(page.image.note, `${height} \u00d7 ${width}${channels === 3 ? ", red, green and blue" : ""}`);
  setText(page.output.note, `${rows} \u00d7 ${columns}`);
  const view = model.get("view");
  if (view === "image") paintGrey(page.output.canvas, [rows, columns], state.shown, state.limit);
  else paintSigned(page.output.canvas, [rows, columns], state.shown, state.limit);
  page.output.stage.style.width = `${(100 * columns) / width}%`; // one pixel is as large as in the image
  const signed = view === "raw";
  page.legend.dataset.view = view;
  const ends = [signed ? -state.limit : 0, signed ? 0 : state.limit / 2, state.limit];
  page.ends.forEach((end, index) => setText(end, readable(ends[index], 2)));
  showCursor(state, page);
}

function showCursor(state, page) {
  const { kernel, mode, output, cursor: [row, column] } = state;
  const [, height, width] = state.image.shape;
  const [ph, pw] = paddingOf(kernel, mode);
  placeBox(page.image.box, [row - ph, column - pw], [kernel.length, kernel[0].length], [height, width]);
  placeBox(page.output.box, [row, column], [1, 1], output.shape.slice(1));
  const answer = output.data[row * output.shape[2] + column];
  setText(page.where, `Row ${row}, column ${column}`);
  page.products.show(windowAt(state.image, kernel, mode, [row, column]), kernel, answer);
  page.output.stage.setAttribute("aria-label", `Output, ${output.shape[1]} by ${output.shape[2]}. Arrow keys move the window.`);
  setText(page.spoken, `Row ${row}, column ${column}: ${readable(answer)}`);
}

function placeBox(box, [top, left], [rows, columns], [height, width]) {
  const percent = (share) => `${100 * share}%`;
  Object.assign(box.style, {
    top: percent(top / height), left: percent(left / width),
    height: percent(rows / height), width: percent(columns / width),
  });
}

function score(model, state, page, change) {
  const goal = GOALS[model.get("goal")];
  const { progress, found } = goal ? goal.measure(model.get("kernel")) : { progress: 0, found: "" };
  const reached = Boolean(goal) && progress >= 1;
  page.goal.value = model.get("goal");
  page.goalBox.hidden = !goal;
  const fair = fairPresets(model.get("_presets"), model.get("goal"));
  for (const [name, button] of page.presets) button.hidden = !fair.includes(name);
  page.goalBox.classList.toggle("cbh-reached", reached);
  setText(page.task, goal?.task ?? "");
  page.progress.value = progress;
  setText(page.found, reached ? `${found} Reached.` : found);
  if (model.get("goal_progress") !== progress) change("goal_progress", progress);
  if (model.get("goal_reached") !== reached) change("goal_reached", reached);
}

// ---------------------------------------------------------------- listening

function listenToChoices(page, on, model, change) {
  for (const [name, button] of page.presets) {
    on(button, "click", () => change("kernel", model.get("_presets")[name]));
  }
  on(page.clear, "click", () => change("kernel", model.get("kernel").map((row) => row.map(() => 0))));
  on(page.turn, "click", () => change("kernel", turn(model.get("kernel"))));
  on(page.kernel.size, "change", () => {
    const size = Number(page.kernel.size.value);
    if (size) change("kernel", resize(model.get("kernel"), size));
  });
  on(page.padding, "change", () => change("padding_mode", page.padding.value));
  on(page.grey, "change", () => change("grey", page.grey.checked));
  on(page.goal, "change", () => {
    if (page.goal.value) change("kernel", model.get("_presets").identity);
    change("goal", page.goal.value);
  });
  Object.entries(page.views).forEach(([view, radio]) => on(radio, "change", () => change("view", view)));
  on(page.copy, "click", () => copyText(page));
}

/** Where a page may not write to the clipboard, the text is selected for Ctrl+C. */
async function copyText(page) {
  try {
    await navigator.clipboard.writeText(page.code.textContent);
    setText(page.copied, "Copied.");
  } catch {
    getSelection().selectAllChildren(page.code);
    setText(page.copied, "Selected: press Ctrl+C or Cmd+C.");
  }
}

const STEPS = {
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
  PageUp: [-10, 0], PageDown: [10, 0], Home: [0, -Infinity], End: [0, Infinity],
};

function listenToCursor(page, on, state, model, moveTo) {
  const pixelAt = (event, stage, [height, width]) => {
    const area = stage.getBoundingClientRect();
    const share = [(event.clientY - area.top) / area.height, (event.clientX - area.left) / area.width];
    return [Math.floor(share[0] * height), Math.floor(share[1] * width)];
  };
  for (const type of ["pointermove", "pointerdown"]) {
    on(page.output.stage, type, (event) => moveTo(pixelAt(event, page.output.stage, state.output.shape.slice(1))));
    on(page.image.stage, type, (event) => {
      const [row, column] = pixelAt(event, page.image.stage, state.image.shape.slice(1));
      const [ph, pw] = paddingOf(state.kernel, state.mode);
      const middle = [state.kernel, state.kernel[0]].map((side) => Math.floor((side.length - 1) / 2));
      moveTo([row + ph - middle[0], column + pw - middle[1]]); // the window's middle under the pointer
    });
  }
  on(page.output.stage, "keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const length = event.shiftKey ? 10 : 1;
    moveTo(state.cursor.map((at, axis) => at + step[axis] * length));
  });
}

// ---------------------------------------------------------------- building

function build(model) {
  const root = widgetRoot("cbh-explorer");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Kernel explorer");
  const page = { root, kernel: kernelTable(), products: productTable(), chooser: pictureChooser() };
  const panels = element("div", "cbh-panels");
  panels.append(buildImage(page), buildKernel(page, model), buildOutput(page));
  const lower = element("div", "cbh-lower");
  lower.append(buildSum(page), buildGoal(page));
  root.append(panels, lower);
  return page;
}

/** A titled part of the widget. */
function panel(title, className, ...children) {
  const box = element("div", `cbh-panel ${className}`, "", { role: "group", "aria-label": title });
  const head = element("p", "cbh-title", title);
  const note = element("span", "cbh-note");
  head.append(note);
  box.append(head, ...children);
  return { box, note };
}

/** A canvas with a box upon it that marks a place. */
function stage(className, label) {
  const place = element("div", `cbh-stage ${className}`);
  const canvas = element("canvas", "", "", { role: "img", "aria-label": label });
  const box = element("div", "cbh-window");
  place.append(canvas, box);
  return { stage: place, canvas, box };
}

function labelled(text, control) {
  const label = element("label", "cbh-field", text);
  label.append(control);
  return label;
}

function select(options) {
  const made = element("select", "cbh-select");
  Object.entries(options).forEach(([value, text]) => made.append(element("option", "", text, { value })));
  return made;
}

function button(text) {
  return element("button", "cbh-button", text, { type: "button" });
}

function buildImage(page) {
  page.grey = element("input", "", "", { type: "checkbox" });
  page.greyLabel = element("label", "cbh-check");
  page.greyLabel.append(page.grey, element("span", "", "make it grey"));
  page.image = stage("cbh-in", "The image, with the window on it");
  const { box, note } = panel("Image", "cbh-panel-in", page.image.stage, page.greyLabel, page.chooser.box);
  page.image.note = note;
  return box;
}

function buildKernel(page, model) {
  page.presets = new Map(Object.keys(model.get("_presets")).map((name) => [name, button(name)]));
  page.presetBox = element("div", "cbh-chips", "", { role: "group", "aria-label": "Kernels to start from" });
  page.presetBox.append(...page.presets.values());
  [page.turn, page.clear] = [button("turn by 90\u00b0"), button("all zero")];
  const tools = element("div", "cbh-tools");
  tools.append(labelled("Size ", page.kernel.size), page.turn, page.clear);
  return panel("Kernel", "cbh-panel-kernel", page.kernel.box, tools, page.presetBox).box;
}

function buildOutput(page) {
  page.output = stage("cbh-out", "The output in colours");
  Object.entries({ tabindex: "0", role: "application" }).forEach(([name, value]) => page.output.stage.setAttribute(name, value));
  page.spoken = element("p", "cbh-hidden", "", { role: "status" });
  page.legend = element("div", "cbh-legend");
  page.ends = [0, 1, 2].map(() => element("span"));
  page.legend.append(element("div", "cbh-scale"), ...page.ends);
  page.problem = element("p", "cbh-problem", "", { role: "alert" });
  page.padding = select(PADDINGS);
  const views = element("div", "cbh-segments", "", { role: "radiogroup", "aria-label": "What is shown of the output" });
  const group = `cbh-view-${Math.random().toString(36).slice(2)}`; // radio buttons belong together by name
  page.views = Object.fromEntries(Object.entries(VIEWS).map(([view, text]) => {
    const [label, radio] = [element("label"), element("input", "", "", { type: "radio", name: group, value: view })];
    label.append(radio, element("span", "", text));
    views.append(label);
    return [view, radio];
  }));
  const frame = element("div", "cbh-frame");
  frame.append(page.output.stage);
  const { box, note } = panel("Output", "cbh-panel-out", frame, page.problem, page.legend, views, labelled("Padding ", page.padding), page.spoken);
  page.output.note = note;
  return box;
}

function buildSum(page) {
  const { box, note } = panel("One output value", "cbh-panel-sum", page.products.box);
  page.where = note;
  return box;
}

function buildGoal(page) {
  page.goal = select({ "": "none", ...Object.fromEntries(Object.keys(GOALS).map((name) => [name, name])) });
  [page.task, page.found] = [element("p", "cbh-task"), element("p", "cbh-found", "", { role: "status" })];
  page.progress = element("progress", "", "", { max: "1", "aria-label": "How near the goal is" });
  page.goalBox = element("div", "cbh-goal");
  page.goalBox.append(page.task, page.progress, page.found);
  page.code = element("code", "cbh-code", "", { tabindex: "0", role: "textbox", "aria-readonly": "true", "aria-label": "The kernel in Python" });
  page.copy = button("Copy as torch.tensor");
  page.copied = element("span", "cbh-note", "", { role: "status" });
  const copy = element("div", "cbh-copy");
  copy.append(page.code, page.copy, page.copied);
  const box = element("div", "cbh-foot");
  const goal = element("div", "cbh-goals");
  goal.append(labelled("Goal ", page.goal), page.goalBox);
  box.append(goal, copy);
  return box;
}

export default { render };
