// A pad to draw a digit on, the pixels that networks see of it, and what they answer: all of it
// painted in the frame that follows the pen. Python hears of it when it can.

import { answerBars } from "./answer_bars.mjs";
import { PEN, softmax } from "./core.mjs";
import {
  decodeTensor, element, encodeTensor, openView, paintGrey, setText, widgetRoot,
} from "./dom.mjs";
import { MOST_POINTS, SIDE, addPoints, onPad, seenPixels, shiftInWords } from "./drawing.mjs";
import { layerMaps } from "./layer_maps.mjs";
import { run, unpackLayers } from "./network.mjs";

const TRAITS = ["strokes", "image", "as_mnist", "shift", "show_maps"];
const FINE = 20; // dots of the pad's canvas along a pixel
const INK = "#1b1b1b";
const SETTLED = 600; // milliseconds without a change, after which a screen reader hears the answer
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

function render({ model, el }) {
  const view = { model, state: {}, agreed: {}, networks: [], point: [0.5, 0.5], isDown: false, pointer: null };
  const save = () => publish(view);
  return openView(view, { el, traits: [...TRAITS, "_networks"], start, paint, adopt, save });
}

function start(view) {
  build(view);
  listenToPaper(view);
  listenToSeen(view);
  listenToChoices(view);
}

// ---------------------------------------------------------------- state

/** Take over what Python, or another view, has changed. */
function adopt(view) {
  for (const name of TRAITS) {
    const value = view.model.get(name);
    if (value !== view.agreed[name]) view.agreed[name] = view.state[name] = value;
  }
  const packed = view.model.get("_networks");
  if (packed === view.packed) return;
  view.packed = packed;
  view.networks = packed.map(({ layers, ...rest }) => ({ ...rest, layers: layers && unpackLayers(layers) }));
  view.seen = null; // the answers are others now
  view.answers.build(view.networks);
  view.maps.build(view.networks[0]);
  view.answersBox.hidden = view.networks.length === 0;
}

/** Change something in this view: it is painted at the next frame, and Python hears of it later. */
function change(view, values) {
  Object.assign(view.state, values);
  view.frame.ask();
  view.python.save();
}

function publish(view) {
  const { model, agreed } = view;
  for (const [name, value] of Object.entries({ ...view.state, pixels: look(view).packed })) {
    if (value === agreed[name]) continue;
    agreed[name] = value;
    model.set(name, value);
  }
  model.save_changes();
}

/** The pixels that the networks see, computed once for each state. */
function look(view) {
  const { strokes, image, as_mnist: asMnist, shift } = view.state;
  const of = [strokes, image, asMnist, shift];
  if (view.looked?.of.every((value, index) => value === of[index])) return view.looked;
  const pixels = seenPixels({ strokes, image: image && decodeTensor(image), asMnist, shift });
  const packed = encodeTensor({ shape: [SIDE, SIDE], data: pixels.data });
  return (view.looked = { of, pixels, packed, isEmpty: !pixels.data.some(Boolean) });
}

const isBlank = ({ state }) => state.strokes.length === 0 && !state.image;

// ---------------------------------------------------------------- painting

function paint(view) {
  paintPaper(view);
  const seen = look(view);
  if (seen !== view.seen || view.state.show_maps !== view.hadMaps) {
    paintSeen(view, seen);
    paintAnswers(view, seen);
  }
  Object.assign(view, { seen, hadMaps: view.state.show_maps });
  view.root.dataset.ready = "true";
  view.root.dataset.painted = String(Number(view.root.dataset.painted ?? 0) + 1);
}

/** What all layers of each network give; null for one whose weights are not here. */
function think({ model, networks }, { shape, data }) {
  const [mean, deviation] = model.get("_scale");
  const x = { shape, data: data.map((pixel) => (pixel / 255 - mean) / deviation) };
  return networks.map(({ layers }) => {
    if (!layers) return null;
    const outputs = run(layers, x);
    const last = outputs.at(-1);
    return { outputs, shares: (layers.at(-1).kind === "Softmax" ? last : softmax(last)).data };
  });
}

function paintPaper(view) {
  const { paper, state, point, isDown } = view;
  if (state.image !== paper.shown) {
    paper.shown = state.image;
    paintOnPaper(paper.under, state.image ? decodeTensor(state.image).data : new Float32Array(SIDE * SIDE));
  }
  const context = paper.canvas.getContext("2d");
  context.clearRect(0, 0, SIDE * FINE, SIDE * FINE);
  Object.assign(context, { lineWidth: PEN.width * FINE, lineCap: "round", lineJoin: "round", strokeStyle: INK });
  for (const stroke of state.strokes) {
    context.beginPath();
    for (const [x, y] of [stroke[0], ...stroke]) context.lineTo(x * SIDE * FINE, y * SIDE * FINE);
    context.stroke();
  }
  Object.assign(paper.pen.style, { left: `${100 * point[0]}%`, top: `${100 * point[1]}%` });
  paper.pen.classList.toggle("cbh-pad-down", isDown);
  paper.hint.hidden = !isBlank(view);
  view.undo.disabled = state.strokes.length === 0 && !view.cleared;
  view.clear.disabled = isBlank(view);
  const count = state.strokes.reduce((sum, stroke) => sum + stroke.length, 0);
  setText(view.problem, count >= MOST_POINTS ? "The pad is full: undo a stroke, or clear it." : "");
}

/** Dark ink on light paper. */
function paintOnPaper(canvas, pixels) {
  paintGrey(canvas, [SIDE, SIDE], pixels.map((ink) => 255 - ink), 255);
}

function paintSeen(view, { pixels }) {
  const { shift, as_mnist: asMnist } = view.state;
  paintOnPaper(view.grid.canvas, pixels.data);
  view.ways[asMnist ? "mnist" : "drawn"].checked = true;
  setText(view.shift, `shift (${shift.join(", ").replaceAll("-", "\u2212")}): ${shiftInWords(shift)}`);
  view.back.disabled = shift.every((part) => part === 0);
  view.showMaps.checked = view.state.show_maps;
}

function paintAnswers(view, { pixels, isEmpty }) {
  const results = isEmpty ? null : think(view, pixels);
  const nothing = isBlank(view) ? "Draw a digit." : "Nothing is left on the grid: move it back.";
  const words = view.answers.paint(results?.map((result) => result?.shares), nothing);
  if (view.networks.length && view.root.dataset.ready) sayWhenSettled(view, words);
  // empty maps would push an empty pad out of sight
  view.maps.box.hidden = isBlank(view) || !view.state.show_maps || !view.networks[0]?.layers;
  if (!view.maps.box.hidden) view.maps.paint(results?.[0]?.outputs);
}

/** A live region that spoke at every frame would never end. */
function sayWhenSettled(view, text) {
  clearTimeout(view.timer);
  view.timer = setTimeout(() => setText(view.spoken, text), SETTLED);
}

// ---------------------------------------------------------------- the pen

function listenToPaper(view) {
  const { on, paper: { stage } } = view;
  const pointAt = ({ clientX, clientY }, area) => onPad([(clientX - area.left) / area.width, (clientY - area.top) / area.height]);
  on(stage, "pointerdown", (event) => {
    if (view.pointer !== null || event.button !== 0) return;
    grab(view, stage, event);
    draw(view, [pointAt(event, stage.getBoundingClientRect())], true);
  });
  on(stage, "pointermove", (event) => {
    if (event.pointerId !== view.pointer) return;
    const area = stage.getBoundingClientRect();
    const events = event.getCoalescedEvents?.() ?? [];
    draw(view, (events.length ? events : [event]).map((each) => pointAt(each, area)));
  });
  letGo(view, stage);
  on(stage, "keydown", (event) => keyOnPaper(view, event));
  on(stage, "blur", () => lift(view));
}

/** From now on this pointer belongs to the stage, wherever it goes. */
function grab(view, stage, event) {
  stage.setPointerCapture(event.pointerId);
  view.pointer = event.pointerId;
}

function letGo(view, stage) {
  for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) {
    view.on(stage, type, ({ pointerId }) => {
      if (pointerId === view.pointer) view.pointer = null;
    });
  }
}

function draw(view, points, begins = false) {
  if (begins) view.cleared = null;
  view.point = points.at(-1);
  // Python, or another view, may have taken the stroke away that the pen was drawing
  change(view, { strokes: addPoints(view.state.strokes, points, begins || view.state.strokes.length === 0) });
}

function keyOnPaper(view, event) {
  const { key, shiftKey, ctrlKey, metaKey, altKey } = event;
  if (altKey) return;
  if (((ctrlKey || metaKey) && key === "z") || key === "Backspace") undo(view);
  else if (ctrlKey || metaKey) return;
  else if (key in ARROWS) step(view, ARROWS[key].map((part) => (part * (shiftKey ? 4 : 1)) / SIDE));
  else if (key === " ") press(view);
  else if (key === "Escape" && view.isDown) lift(view);
  else return;
  event.preventDefault();
}

function step(view, by) {
  view.point = onPad(view.point.map((at, axis) => at + by[axis]));
  if (view.isDown) return draw(view, [view.point]);
  const [column, row] = view.point.map((at) => Math.floor(Math.min(at * SIDE, SIDE - 1)));
  sayWhenSettled(view, `Pen over row ${row}, column ${column}.`);
  view.frame.ask();
}

function press(view) {
  if (view.isDown) return lift(view);
  view.isDown = true;
  draw(view, [view.point], true);
  setText(view.spoken, "Pen down.");
}

function lift(view) {
  if (!view.isDown) return;
  view.isDown = false;
  setText(view.spoken, "Pen up.");
  view.frame.ask();
}

/** Take back the last stroke, or the clearing of the pad. */
function undo(view) {
  lift(view);
  const { cleared, state: { strokes } } = view;
  view.cleared = null;
  if (cleared) change(view, cleared);
  else if (strokes.length) change(view, { strokes: strokes.slice(0, -1) });
}

function clear(view) {
  lift(view);
  const { strokes, image, as_mnist: asMnist, shift } = view.state;
  view.cleared = { strokes, image, as_mnist: asMnist, shift };
  // a drawing looks best as MNIST; only a picture is shown as it is
  change(view, { strokes: [], image: null, as_mnist: asMnist || Boolean(image), shift: [0, 0] });
}

// ---------------------------------------------------------------- what is seen, and choices

function listenToSeen(view) {
  const { on, grid: { stage } } = view;
  let from = null;
  on(stage, "pointerdown", (event) => {
    if (view.pointer !== null || event.button !== 0) return;
    grab(view, stage, event);
    from = { x: event.clientX, y: event.clientY, shift: view.state.shift };
  });
  on(stage, "pointermove", (event) => {
    if (event.pointerId !== view.pointer) return;
    const pixel = stage.clientWidth / SIDE;
    const by = [event.clientX - from.x, event.clientY - from.y].map((far) => Math.round(far / pixel));
    moveTo(view, from.shift.map((part, axis) => part + by[axis]));
  });
  letGo(view, stage);
  on(stage, "keydown", (event) => {
    const way = ARROWS[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    moveTo(view, view.state.shift.map((part, axis) => part + way[axis] * (event.shiftKey ? 4 : 1)));
  });
}

function moveTo(view, shift) {
  const inside = shift.map((part) => Math.max(1 - SIDE, Math.min(SIDE - 1, part)));
  if (!isBlank(view) && String(inside) !== String(view.state.shift)) change(view, { shift: inside });
}

function listenToChoices(view) {
  const { on } = view;
  on(view.undo, "click", () => undo(view));
  on(view.clear, "click", () => clear(view));
  on(view.back, "click", () => moveTo(view, [0, 0]));
  Object.entries(view.ways).forEach(([way, radio]) => on(radio, "change", () => change(view, { as_mnist: way === "mnist" })));
  on(view.showMaps, "change", () => change(view, { show_maps: view.showMaps.checked }));
}

// ---------------------------------------------------------------- building

function build(view) {
  view.root = widgetRoot("cbh-pad");
  view.root.setAttribute("role", "group");
  view.root.setAttribute("aria-label", "Drawing pad");
  view.paper = buildStage("Pad. Arrow keys move the pen, Space puts it down and lifts it, Backspace takes the last stroke back.");
  view.grid = buildStage("What a network sees, 28 by 28 pixels. Arrow keys move it.");
  view.grid.stage.append(element("div", "cbh-pad-lines"));
  view.spoken = element("p", "cbh-hidden", "", { role: "status" });
  view.showMaps = element("input", "", "", { type: "checkbox" });
  [view.answers, view.maps] = [answerBars(), layerMaps()];
  view.answersBox = part("Answers", "cbh-pad-out", view.answers.box, labelled(view.showMaps, "show what each layer gives"));
  const panels = element("div", "cbh-pad-panels");
  panels.append(buildPaper(view), buildGrid(view), view.answersBox);
  view.root.append(panels, view.maps.box, view.spoken);
}

/** A titled part of the widget. */
function part(title, className, ...children) {
  const box = element("div", `cbh-pad-part ${className}`, "", { role: "group", "aria-label": title });
  box.append(element("p", "cbh-pad-title", title), ...children);
  return box;
}

function buildStage(label) {
  const stage = element("div", "cbh-pad-stage", "", { role: "application", tabindex: "0", "aria-label": label });
  const canvas = element("canvas", "", "", { width: SIDE * FINE, height: SIDE * FINE, "aria-hidden": "true" });
  stage.append(canvas);
  return { stage, canvas };
}

function row(...children) {
  const made = element("div", "cbh-pad-row");
  made.append(...children);
  return made;
}

function button(text) {
  return element("button", "cbh-pad-button", text, { type: "button" });
}

function buildPaper(view) {
  const { stage } = view.paper;
  view.paper.under = element("canvas", "", "", { "aria-hidden": "true" });
  view.paper.pen = element("div", "cbh-pad-pen");
  view.paper.hint = element("p", "cbh-pad-hint", "draw here");
  stage.prepend(view.paper.under);
  stage.append(view.paper.hint, view.paper.pen);
  [view.undo, view.clear] = [button("Undo"), button("Clear")];
  view.problem = element("p", "cbh-pad-problem", "", { role: "alert" });
  const keys = element("p", "cbh-pad-note", "By keyboard: arrow keys move the pen, Space puts it down and lifts it.");
  return part("Your drawing", "cbh-pad-in", stage, row(view.undo, view.clear), view.problem, keys);
}

function buildGrid(view) {
  const group = `cbh-pad-${Math.random().toString(36).slice(2)}`; // radio buttons belong together by name
  const choices = element("div", "cbh-pad-row", "", { role: "radiogroup", "aria-label": "How the drawing is shown" });
  view.ways = Object.fromEntries([["drawn", "as drawn"], ["mnist", "as MNIST"]].map(([way, text]) => {
    const radio = element("input", "", "", { type: "radio", name: group });
    choices.append(labelled(radio, text));
    return [way, radio];
  }));
  view.shift = element("span", "cbh-pad-shift");
  view.back = button("Move back");
  const keys = element("p", "cbh-pad-note", "Drag the digit about, or use the arrow keys.");
  return part("What a network sees", "cbh-pad-in", view.grid.stage, choices, row(view.shift, view.back), keys);
}

function labelled(control, text) {
  const label = element("label", "cbh-pad-choice");
  label.append(control, element("span", "", text));
  return label;
}

export default { render };
