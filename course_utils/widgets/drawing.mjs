// What a network sees of a drawing, and how strokes grow. No DOM in here; drawing.py does the same
// sums in Python, bit by bit.

import { PEN, centreOfMass, inkDrawing, normalizeDrawing } from "./core.mjs";

export const SIDE = PEN.frame;
export const MOST_POINTS = 10_000;
const SMALLEST = 7; // pixels: what is smaller is a blot, and does not become a larger one
const NEAR = 0.002; // of the pad: a point nearer to the last one adds nothing

/**
 * The pixels that the network sees, 28x28 from 0 to 255: the drawing as MNIST shows it or as it
 * is, then moved by whole pixels. A picture, and what is drawn upon it, is fitted as pixels.
 */
export function seenPixels({ strokes, image, asMnist, shift }) {
  return moved(image || !asMnist ? inPlace(strokes, image, asMnist) : toBytes(normalizeDrawing(strokes)), shift);
}

function inPlace(strokes, image, asMnist) {
  const inPixels = strokes.map((stroke) => stroke.map(([x, y]) => [SIDE * x, SIDE * y]));
  const pixels = toBytes(inkDrawing(inPixels));
  if (image) pixels.data.forEach((ink, at) => (pixels.data[at] = Math.max(ink, image.data[at])));
  return asMnist ? centreOfMass(fitPicture(pixels)) : pixels;
}

/** The picture with the longer side of its ink filling the box, unless it does so already. */
function fitPicture(picture) {
  const { data } = picture;
  const inked = [...data.keys()].filter((at) => data[at] > 0);
  const [top, rows] = extent(inked.map((at) => Math.floor(at / SIDE)));
  const [left, columns] = extent(inked.map((at) => at % SIDE));
  const longer = Math.max(rows, columns);
  if (longer === PEN.box || longer < SMALLEST) return picture;
  const [down, across] = [rows, columns].map((side) => mix(side, Math.floor((2 * side * PEN.box + longer) / (2 * longer))));
  const out = new Float32Array(PEN.box ** 2);
  down.forEach((byRow, row) => across.forEach((byColumn, column) => {
    let [sum, whole] = [0, 0];
    byRow.forEach((a, i) => byColumn.forEach((b, j) => {
      sum += a * b * data[(top + i) * SIDE + left + j];
      whole += a * b;
    }));
    out[row * PEN.box + column] = Math.floor((2 * sum + whole) / (2 * whole));
  }));
  const most = out.reduce((a, b) => Math.max(a, b), 1);
  return { shape: [1, PEN.box, PEN.box], data: out.map((ink) => Math.floor((255 * ink) / most)) };
}

function extent(places) {
  const [low, high] = places.reduce(([a, b], at) => [Math.min(a, at), Math.max(b, at)], [SIDE, -1]);
  return [low, Math.max(high - low + 1, 0)];
}

/** How much each of `before` pixels counts for each of `after`: drawing.py says how. */
function mix(before, after) {
  const far = (made, old) => Math.abs((2 * made + 1) * before - (2 * old + 1) * after);
  const numbers = (count) => Array.from({ length: count }, (_, at) => at);
  return numbers(after).map((made) => numbers(before).map((old) => Math.max(0, 2 * Math.max(before, after) - far(made, old))));
}

function toBytes({ shape, data }) {
  return { shape, data: data.map((ink) => Math.round(255 * ink)) };
}

function moved({ data }, [dx, dy]) {
  const out = new Float32Array(SIDE * SIDE);
  data.forEach((ink, at) => {
    const [x, y] = [(at % SIDE) + dx, Math.floor(at / SIDE) + dy];
    if (Math.min(x, y) >= 0 && Math.max(x, y) < SIDE) out[y * SIDE + x] = ink;
  });
  return { shape: [1, SIDE, SIDE], data: out };
}

/** Points on the pad: inside it, and no finer than Python is told. */
export function onPad(point) {
  return point.map((at) => Math.round(1e4 * Math.max(0, Math.min(1, at))) / 1e4);
}

/** The strokes with points added to the last one, or with a new stroke begun by them. */
export function addPoints(strokes, points, begins = false) {
  const last = begins ? [] : [...strokes.at(-1)];
  const room = MOST_POINTS - strokes.reduce((sum, stroke) => sum + stroke.length, 0);
  const before = last.length;
  for (const [x, y] of points) {
    const [lastX, lastY] = last.at(-1) ?? [Infinity, Infinity];
    if (last.length - before < room && Math.hypot(x - lastX, y - lastY) >= NEAR) last.push([x, y]);
  }
  if (last.length === before) return strokes;
  return [...(begins ? strokes : strokes.slice(0, -1)), last];
}

/** "3 right, 2 up" */
export function shiftInWords([dx, dy]) {
  const across = dx ? [`${Math.abs(dx)} ${dx > 0 ? "right" : "left"}`] : [];
  const down = dy ? [`${Math.abs(dy)} ${dy > 0 ? "down" : "up"}`] : [];
  return [...across, ...down].join(", ") || "not moved";
}
