// What every layer of a trained network gives for an image, and how each of its numbers comes
// about: the view. network.mjs computes the layers, feature_geometry.mjs explains the numbers.

import { answerBars } from "./answer_bars.mjs";
import { softmax } from "./core.mjs";
import {
  decodeTensor, element, openView, paintGrey, paintSigned, readable, setText, widgetRoot,
} from "./dom.mjs";
import {
  carried, fieldWords, fitted, mapFrame, mapPicture, moved, numberWords, picture, receptiveField,
  shapeBehind, totalWords, unitAt, unitFrame, unitOnMap, unitWords, valueAt, weighted,
} from "./feature_geometry.mjs";
import { layerMaps } from "./layer_maps.mjs";
import { run, unpackLayers } from "./network.mjs";
import { box, grid, label, spans } from "./number_grid.mjs";

const TRAITS = ["image", "layer", "unit", "_network"];
const SETTLED = 600; // milliseconds without a change, after which a screen reader hears the number
const ROUNDED = "Shown to three decimals; the sums use all of them.";

// ---------------------------------------------------------------- state

/** Take over a new network: its layers with their weights, or null for one that is not here. */
function adopt(view) {
  const packed = view.model.get("_network");
  if (packed === view.packed) return;
  const layers = packed.layers && unpackLayers(packed.layers);
  Object.assign(view, { packed, layers, thought: null, shown: null });
  view.answers.build([{ ...packed, layers }]);
  view.maps.build({ ...packed, layers });
  const options = view.maps.parts().map(({ index }) =>
    element("option", "", `${layers[index].path} ${layers[index].kind}`, { value: layers[index].path }));
  view.layer.replaceChildren(...options);
  for (const part of [view.mapPart, view.sums, view.maps.box, view.field, view.frameOnImage]) part.hidden = !layers;
}

/** What all layers take and give for the image, computed once for each image and network. */
function think(view) {
  const image = view.model.get("image");
  if (view.thought?.image === image) return view.thought;
  const [mean, deviation] = view.model.get("_scale");
  const x = { shape: [1, ...view.sides], data: view.pixels[image].map((pixel) => (pixel / 255 - mean) / deviation) };
  const outputs = run(view.layers, x);
  const last = outputs.at(-1);
  const shares = (view.layers.at(-1).kind === "Softmax" ? last : softmax({ ...last, shape: [last.data.length] })).data;
  return (view.thought = { image, inputs: [x, ...outputs], outputs, shares });
}

/** The layer and the unit that are looked into: from Python one may come before the other. */
function chosen(view) {
  const path = view.model.get("layer");
  const here = view.maps.parts().find((part) => view.layers[part.index].path === path) ?? view.maps.parts()[0];
  const output = think(view).outputs[here.index];
  return { part: here, index: here.index, layer: view.layers[here.index], output, unit: fitted(output.shape, view.model.get("unit")) };
}

/** Change traits and paint; Python hears of it when it can. */
function set(view, change) {
  for (const [name, value] of Object.entries(change)) view.model.set(name, value);
  view.frame.ask();
  view.python.save();
}

/** Look into another layer: at a given unit, else at the same place of the image. */
function choose(view, index, unit = null) {
  const now = chosen(view);
  const output = think(view).outputs[index];
  const [path, next] = [view.layers[index].path, unit ?? carried(output, now.unit, now.output.shape)];
  if (path !== now.layer.path || String(next) !== String(now.unit)) set(view, { layer: path, unit: next });
}

// ---------------------------------------------------------------- painting

function paint(view) {
  adopt(view);
  paintChosen(view);
  if (view.layers) {
    const thought = think(view);
    if (thought !== view.shown) paintLayers(view, thought);
    view.shown = thought;
    paintUnit(view, chosen(view), thought);
  } else {
    view.answers.paint([null], "");
  }
  view.root.dataset.ready = "true";
  view.root.dataset.painted = String(Number(view.root.dataset.painted ?? 0) + 1);
}

/** Dark ink on light paper. */
function paintOnPaper(view, canvas, image) {
  paintGrey(canvas, view.sides, view.pixels[image].map((ink) => 255 - ink), 255);
}

function paintChosen(view) {
  const image = view.model.get("image");
  if (image === view.imageShown) return;
  view.imageShown = image;
  view.thumbs[image].checked = true;
  paintOnPaper(view, view.imageCanvas, image);
  label(view.imageCanvas, view.names[image], "img");
}

function paintLayers(view, { outputs, shares }) {
  view.maps.paint(outputs);
  for (const { index, canvas } of view.maps.parts()) {
    const { shape, data } = outputs[index];
    const [low, high] = [Math.min, Math.max].map((pick) => readable(data.reduce((best, value) => pick(best, value))));
    label(canvas, `What layer ${view.layers[index].path}, ${view.layers[index].kind}, gives: ${shape.join(" by ")} numbers from ${low} to ${high}`);
  }
  view.answers.paint([shares], "");
}

/** Lay a frame of [left, top, width, height], from 0 to 1, over a picture. */
function lay(frame, sides) {
  ["left", "top", "width", "height"].forEach((side, at) => { frame.style[side] = `${100 * sides[at]}%`; });
}

function paintUnit(view, { part, index, layer, output, unit }, { inputs }) {
  const [isMap, { shape }] = [output.shape.length === 3, output];
  view.layer.value = layer.path;
  paintMapChoice(view, isMap ? shape[0] : 0, unit[0]);
  const { size, data } = mapPicture(output, unit);
  const most = output.data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  paintSigned(view.mapCanvas, size, data, most); // in the colours that the whole layer has
  lay(view.frameOnMap, unitFrame(shape, unit));
  if (view.frameOnLayer.parentNode !== part.frame) part.frame.append(view.frameOnLayer);
  lay(view.frameOnLayer, mapFrame(output, unit));
  const where = unitWords(shape, unit);
  const words = `${layer.path} ${layer.kind}, ${where}: ${readable(valueAt(output, unit))}`;
  label(view.stage, `${words}. Arrow keys move${isMap ? ", Page Up and Page Down change the map" : ""}.`);
  const [field, sides] = [receptiveField(view.layers, inputs, index, unit), view.sides];
  const sees = fieldWords(field, sides);
  setText(view.field, sees);
  paintField(view, field);
  paintSums(view, { index, layer, output, unit, title: words }, inputs);
  if (view.root.dataset.ready) sayWhenSettled(view, `${words}. ${sees}`);
}

/** One option for each map; a vector has none. */
function paintMapChoice(view, count, map) {
  view.mapLabel.hidden = count === 0;
  if (view.map.length !== count) {
    view.map.replaceChildren(...Array.from({ length: count }, (_, at) => element("option", "", String(at), { value: at })));
  }
  if (count) view.map.value = map;
}

function paintField(view, { rows, columns }) {
  view.frameOnImage.hidden = !rows.length || !columns.length;
  if (view.frameOnImage.hidden) return;
  const [high, wide] = view.sides;
  const length = (places) => places.at(-1) - places[0] + 1;
  lay(view.frameOnImage, [columns[0] / wide, rows[0] / high, length(columns) / wide, length(rows) / high]);
}

function paintSums(view, { index, layer, output, unit, title }, inputs) {
  setText(view.sumsTitle, title);
  const isSum = layer.kind === "Conv2d" || layer.kind === "Linear";
  const input = inputs[index];
  const sum = isSum && weighted(layer, input, unit);
  const parts = !isSum ? [] : sum.isGrid ? [grids(sum, input)] : [list(sum, shapeBehind(view.layers, inputs, index))];
  const lines = isSum ? [totalWords(sum)] : numberWords(layer, input, output, unit);
  const written = lines.map((pairs) => {
    const line = element("p", "cbh-features-line");
    line.append(...spans(pairs));
    return line;
  });
  view.sumsBody.replaceChildren(...parts, ...written, element("p", "cbh-pad-note", ROUNDED));
}

/** For each map of the input that counts most: value, weight and product, cell by cell. */
function grids({ groups }, { shape: [channels] }) {
  const all = box("sums");
  for (const { at: [map, top, left], terms, sum } of groups) {
    const [height, width] = [1, 2].map((axis) => terms.at(-1).at[axis] - terms[0].at[axis] + 1);
    const largest = terms.reduce((best, one) => (Math.abs(one.product) > Math.abs(best.product) ? one : best));
    const name = `${channels > 1 ? `map ${map}, ` : ""}products: ${readable(sum)}`;
    const made = grid("window", name, height, width, (cell, row, column) => {
      const one = terms[row * width + column];
      cell.dataset.at = `${one.at}`;
      if (!one.isInside) cell.dataset.mark = "padding";
      if (one === largest && one.product) cell.classList.add("cbh-stepper-lit");
      cell.append(...spans([[readable(one.value), "in"], [`\u00d7${readable(one.weight)}`, "kernel"], [readable(one.product), "sum"]]));
    });
    renumber(made.whole, top, left);
    all.append(made.whole);
  }
  return all;
}

/** The numbers beside a grid are those of the map that it was cut from. */
function renumber(whole, top, left) {
  whole.querySelectorAll("th").forEach((heading) => {
    heading.textContent = readable(Number(heading.textContent) + (heading.scope === "row" ? top : left));
  });
}

/** The largest products, one by one. */
function list({ groups }, shape) {
  const all = element("ol", "cbh-features-list");
  for (const { at, terms: [{ value, weight, product }] } of groups) {
    const line = element("li");
    const unit = shape.length === 3 && at.length === 1 ? unravelled(at[0], shape) : at;
    line.append(`${unitWords(shape, unit)}: `, ...spans([[readable(value), "in"], [" \u00d7 "], [readable(weight), "kernel"], [" = "], [readable(product), "sum"]]));
    all.append(line);
  }
  return all;
}

/** The place in maps that a place in their flattened numbers was. */
function unravelled(at, [, height, width]) {
  return [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
}

/** A live region that spoke at every frame would never end. */
function sayWhenSettled(view, text) {
  clearTimeout(view.timer);
  view.timer = setTimeout(() => setText(view.spoken, text), SETTLED);
}

// ---------------------------------------------------------------- what the learner does

function listen(view) {
  const { on, stage, maps } = view;
  view.thumbs.forEach((radio, image) => on(radio, "change", () => set(view, { image })));
  on(view.layer, "change", () => choose(view, view.maps.parts()[view.layer.selectedIndex].index));
  on(view.map, "change", () => {
    const { index, unit } = chosen(view);
    choose(view, index, [Number(view.map.value), ...unit.slice(1)]);
  });
  on(stage, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { index, output, unit } = chosen(view);
    const next = moved(output.shape, unit, event.key);
    if (!next) return;
    event.preventDefault();
    choose(view, index, next);
  });
  for (const type of ["pointerdown", "pointermove"]) {
    on(stage, type, (event) => {
      if (!(event.buttons & 1)) return;
      if (type === "pointerdown") stage.setPointerCapture(event.pointerId);
      const { index, output, unit } = chosen(view);
      choose(view, index, unitOnMap(output, unit, ...pointIn(stage, event)));
    });
  }
  on(maps.box, "pointerdown", (event) => {
    const part = maps.parts().find(({ frame }) => frame.contains(event.target));
    if (!part || event.button !== 0) return;
    const unit = unitAt(think(view).outputs[part.index], ...pointIn(part.frame, event));
    if (unit) choose(view, part.index, unit);
  });
}

/** Where an event is over a part of the page, from 0 to 1 over both sides. */
function pointIn(part, { clientX, clientY }) {
  const area = part.getBoundingClientRect();
  return [(clientX - area.left) / area.width, (clientY - area.top) / area.height];
}

// ---------------------------------------------------------------- building

function build(view) {
  view.root = label(widgetRoot("cbh-pad cbh-features"), "Feature maps of a network", "group");
  [view.answers, view.maps] = [answerBars(), layerMaps(picture)];
  view.spoken = element("p", "cbh-hidden", "", { role: "status" });
  view.field = element("p", "cbh-features-field");
  [view.frameOnImage, view.frameOnMap, view.frameOnLayer] = ["field", "unit", "map"].map((name) => element("div", `cbh-features-frame cbh-features-of-${name}`));
  view.imageCanvas = element("canvas");
  const image = element("div", "cbh-pad-stage");
  image.append(view.imageCanvas, view.frameOnImage);
  view.mapPart = part("What a layer gives", "out", buildChoices(view), buildStage(view));
  [view.sumsTitle, view.sumsBody] = [element("p", "cbh-pad-title"), element("div", "cbh-stepper-body")];
  view.sums = element("div", "cbh-pad-part cbh-features-sums", "", { role: "group", "aria-label": "How the number comes about" });
  view.sums.append(view.sumsTitle, view.sumsBody);
  const [look, side] = [element("div", "cbh-features-look"), element("div", "cbh-features-side")];
  look.append(part("The image", "in", image, view.field), view.mapPart, part("Its answer", "out", view.answers.box));
  side.append(look, view.sums);
  const both = element("div", "cbh-features-both");
  both.append(view.maps.box, side);
  view.root.append(buildThumbs(view), both, view.spoken);
}

/** A titled part of the widget; what goes in is blue, what comes out is green. */
function part(title, kind, ...children) {
  const made = element("div", `cbh-pad-part cbh-pad-${kind} cbh-features-${kind}`, "", { role: "group", "aria-label": title });
  made.append(element("p", "cbh-pad-title", title), ...children);
  return made;
}

function buildThumbs(view) {
  const group = `cbh-features-${Math.random().toString(36).slice(2)}`; // radio buttons belong together by name
  const thumbs = element("div", "cbh-features-thumbs", "", { role: "radiogroup", "aria-label": "Image" });
  view.thumbs = view.names.map((name, image) => {
    const [choice, canvas] = [element("label", "cbh-features-thumb"), element("canvas", "", "", { "aria-hidden": "true" })];
    const radio = element("input", "", "", { type: "radio", name: group, "aria-label": name });
    paintOnPaper(view, canvas, image);
    choice.append(radio, canvas, element("span", "", view.labels ? String(view.labels[image]) : ""));
    thumbs.append(choice);
    return radio;
  });
  return thumbs;
}

function buildChoices(view) {
  const choices = element("div", "cbh-features-choices");
  const [layerLabel, mapLabel] = ["layer", "map"].map((name) => {
    const made = element("label", "cbh-features-choice");
    view[name] = element("select");
    made.append(element("span", "", name), view[name]);
    return made;
  });
  view.mapLabel = mapLabel;
  choices.append(layerLabel, mapLabel);
  return choices;
}

function buildStage(view) {
  view.stage = element("div", "cbh-features-stage", "", { role: "application", tabindex: "0" });
  view.mapCanvas = element("canvas", "", "", { "aria-hidden": "true" });
  view.stage.append(view.mapCanvas, view.frameOnMap);
  return view.stage;
}

function start(view) {
  build(view);
  listen(view);
}

function render({ model, el }) {
  const images = decodeTensor(model.get("_images"));
  const [count, ...sides] = images.shape;
  const pixels = Array.from({ length: count }, (_, image) => images.data.subarray(image * sides[0] * sides[1], (image + 1) * sides[0] * sides[1]));
  const labels = model.get("_labels");
  const names = pixels.map((_, image) => `image ${image}${labels ? `, labelled ${labels[image]}` : ""}`);
  return openView({ model, sides, pixels, labels, names }, { el, traits: TRAITS, start, paint });
}

export default { render };
