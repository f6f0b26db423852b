// What FeatureMaps shows, without a page: which pixels a unit sees, how its number comes about, and
// the words for it. tests/test_feature_maps.py holds it against PyTorch.
//
// `layers` are those of network.mjs, inputs[i] is what layer i takes and outputs[i] what it gives.
// A unit is [map, row, column], or [index] in a vector. Words are pairs of text and kind.

import { pair, poolWindows } from "./core.mjs";
import { readable } from "./dom.mjs";
import { mosaic } from "./layer_maps.mjs";

const [MOST_GRIDS, MOST_LISTED, LARGEST_GRID, MOST_SPELT] = [3, 8, 5, 16];
const DOTS = [36, 120]; // how high bars are drawn, and how wide at least

const upTo = (count) => Array.from({ length: count }, (_, index) => index);
const total = (values) => values.reduce((sum, value) => sum + value, 0);
const clamp = (value, most) => Math.max(0, Math.min(most, value));
const place = (shape, unit) => unit.reduce((at, index, axis) => at * shape[axis] + index, 0);
const bracketed = (value) => (readable(value).startsWith("\u2212") ? `(${readable(value)})` : readable(value));

// ---------------------------------------------------------------- units

/** The number of a unit. */
export const valueAt = ({ shape, data }, unit) => data[place(shape, unit)];

/** A unit that is there: this one where it is, else the one in the middle of the first map. */
export function fitted(shape, unit) {
  if (unit.length === shape.length && unit.every((at, axis) => at < shape[axis])) return unit;
  return shape.length === 3 ? [0, shape[1] >> 1, shape[2] >> 1] : [0];
}

/** The unit of another layer at the same place of the image; in a vector the largest number. */
export function carried({ shape, data }, unit, from) {
  if (shape.length !== 3) return [data.indexOf(Math.max(...data))];
  if (unit.length !== 3) return fitted(shape, []);
  const [row, column] = [1, 2].map((axis) => Math.floor(((unit[axis] + 0.5) * shape[axis]) / from[axis]));
  return [Math.min(unit[0], shape[0] - 1), row, column];
}

const KEYS = { ArrowUp: [0, -1, 0], ArrowDown: [0, 1, 0], ArrowLeft: [0, 0, -1], ArrowRight: [0, 0, 1],
  PageUp: [-1, 0, 0], PageDown: [1, 0, 0], Home: [0, 0, -Infinity], End: [0, 0, Infinity] };

/** Where a key leads from a unit, or null for a key that leads nowhere. */
export function moved(shape, unit, key) {
  const by = KEYS[key];
  if (!by) return null;
  if (shape.length === 3) return unit.map((at, axis) => clamp(at + by[axis], shape[axis] - 1));
  return [clamp(unit[0] + 10 * by[0] + by[1] + by[2], shape[0] - 1)];
}

// ---------------------------------------------------------------- pictures

/** A vector as bars from a line at zero: as large as a picture, with the bar's number in each dot. */
export function bars({ data }) {
  const [high, each] = [DOTS[0], Math.max(1, Math.ceil(DOTS[1] / data.length))];
  const most = data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const [above, below] = [Math.max(0, ...data), Math.max(0, ...data.map((value) => -value))];
  const zero = above + below > 0 ? (high * above) / (above + below) : high;
  const out = new Float32Array(high * each * data.length);
  data.forEach((value, index) => {
    const end = most > 0 ? zero - (value * high) / (above + below) : zero;
    const [top, bottom] = [Math.min(zero, end), Math.max(zero, end)].map(Math.round);
    for (let row = top; row < bottom; row++) {
      const start = row * each * data.length + index * each;
      out.fill(value, start, start + Math.max(1, each - 1)); // a gap between wide ones
    }
  });
  return { size: [high, each * data.length], data: out, across: 1, down: 1 };
}

/** What a layer gives as one picture: maps beside each other, or bars. */
export const picture = (output) => (output.shape.length === 3 ? mosaic(output) : bars(output));

/** One map alone, or the bars. */
export function mapPicture(output, [map]) {
  const { shape: [, height, width], data } = output;
  if (output.shape.length !== 3) return bars(output);
  return { size: [height, width], data: data.subarray(map * height * width, (map + 1) * height * width) };
}

/** The unit at a point of a layer's picture, from 0 to 1 over both sides; null beside the maps. */
export function unitAt(output, x, y) {
  const { shape } = output;
  if (shape.length !== 3) return [clamp(Math.floor(x * shape[0]), shape[0] - 1)];
  const { across, down } = mosaic(output);
  const [column, row] = [[x, across * shape[2]], [y, down * shape[1]]].map(([part, size]) => clamp(Math.floor(part * size), size - 1));
  const map = Math.floor(row / shape[1]) * across + Math.floor(column / shape[2]);
  return map < shape[0] ? [map, row % shape[1], column % shape[2]] : null;
}

/** The unit at a point of the picture of one map. */
export function unitOnMap({ shape }, [map], x, y) {
  if (shape.length !== 3) return [clamp(Math.floor(x * shape[0]), shape[0] - 1)];
  return [map, clamp(Math.floor(y * shape[1]), shape[1] - 1), clamp(Math.floor(x * shape[2]), shape[2] - 1)];
}

/** Where a unit lies in the picture of its map: [left, top, width, height], from 0 to 1. */
export function unitFrame(shape, unit) {
  if (shape.length !== 3) return [unit[0] / shape[0], 0, 1 / shape[0], 1];
  return [unit[2] / shape[2], unit[1] / shape[1], 1 / shape[2], 1 / shape[1]];
}

/** Where the map of a unit lies in the layer's picture. */
export function mapFrame(output, unit) {
  if (output.shape.length !== 3) return unitFrame(output.shape, unit);
  const { across, down } = mosaic(output);
  return [(unit[0] % across) / across, Math.floor(unit[0] / across) / down, 1 / across, 1 / down];
}

// ---------------------------------------------------------------- what a unit sees

/** How the windows of a convolution or a pooling lie, down and across. */
function windowAxes({ kind, arrays, options }, { shape: [, ...sizes] }) {
  const kernel = kind === "Conv2d" ? arrays.weight.shape.slice(2) : pair(options.kernelSize ?? sizes, "kernelSize", 1);
  const [stride, padding, dilation] = [options.stride ?? kernel, options.padding ?? 0, options.dilation ?? 1];
  return [0, 1].map((axis) => ({
    size: sizes[axis], kernel: kernel[axis], stride: pair(stride, "stride", 1)[axis],
    padding: pair(padding, "padding", 0)[axis], dilation: pair(dilation, "dilation", 1)[axis],
  }));
}

/** The places along one axis that window number `at` reads, those in the padding too. */
const windowReads = ({ kernel, stride, padding, dilation }, at) =>
  upTo(kernel).map((k) => at * stride - padding + k * dilation);

/** The pixels of the image that a unit can see: {rows, columns}, each a list in rising order. */
export function receptiveField(layers, inputs, index, unit) {
  let seen = unit.length === 3 ? [[unit[1]], [unit[2]]] : unit[0]; // a place in a vector, or null for all of it
  for (let at = index; at >= 0; at--) seen = seenBefore(layers[at], inputs[at], seen);
  return { rows: seen[0], columns: seen[1] };
}

function seenBefore(layer, input, seen) {
  const { kind } = layer;
  const [isVector, [, height, width]] = [input.shape.length === 1, input.shape];
  if (kind === "Conv2d" || (/Pool/.test(kind) && seen)) {
    return windowAxes(layer, input).map((axis, side) => {
      const reads = new Set(seen[side].flatMap((at) => windowReads(axis, at)));
      return [...reads].filter((at) => at >= 0 && at < axis.size).sort((a, b) => a - b);
    });
  }
  if (kind === "Linear" || kind === "Softmax") {
    return isVector ? null : [Array.isArray(seen) ? seen[0] : upTo(height), upTo(width)];
  }
  if (kind !== "Flatten" || isVector) return seen;
  if (seen === null) return [upTo(height), upTo(width)];
  return [[Math.floor(seen / width) % height], [seen % width]];
}

/** The rows, or columns, in words: "row 3", "rows 3 to 5". */
function span(name, places) {
  const [first, last] = [places[0], places.at(-1)];
  return first === last ? `${name} ${first}` : `${name}s ${first} to ${last}`;
}

/** What a unit sees of an image of height x width pixels, in words. */
export function fieldWords({ rows, columns }, [height, width]) {
  if (!rows.length || !columns.length) return "It sees nothing of the image: its window lies in the padding.";
  if (rows.length === height && columns.length === width) return "It sees the whole image.";
  const [high, wide] = [rows, columns].map((places) => places.at(-1) - places[0] + 1);
  return `It sees ${span("row", rows)}, ${span("column", columns)} of the image: ${high} \u00d7 ${wide} pixels.`;
}

/** "map 3, row 1, column 2", or "unit 5" of a vector; the one map of an image needs no number. */
export function unitWords(shape, unit) {
  if (shape.length !== 3) return `unit ${unit[0]}`;
  return `${shape[0] > 1 ? `map ${unit[0]}, ` : ""}row ${unit[1]}, column ${unit[2]}`;
}

/** The shape that the vector before a layer had before it was flattened, or its own. */
export function shapeBehind(layers, inputs, index) {
  let at = index - 1;
  while (at >= 0 && ["Identity", "ReLU"].includes(layers[at].kind)) at--;
  return layers[at]?.kind === "Flatten" ? inputs[at].shape : inputs[index].shape;
}

// ---------------------------------------------------------------- how a number comes about

/**
 * The sum of a convolution or a linear layer: {groups, isGrid, rest, bias, sum}. The products come
 * in groups, one for each map of the input where grids can show them, else one for each product;
 * `groups` are the largest ones, each {at, terms, sum}, and `rest` {count, sum} is what they leave.
 */
export function weighted(layer, input, unit) {
  const { terms, isGrid, inGroup } = layer.kind === "Conv2d" ? convTerms(layer, input, unit) : linearTerms(layer, input, unit);
  const all = upTo(terms.length / inGroup).map((group) => {
    const own = terms.slice(group * inGroup, (group + 1) * inGroup);
    return { at: own[0].at, terms: own, sum: total(own.map(({ product }) => product)) };
  });
  const sorted = [...all].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
  const most = isGrid ? MOST_GRIDS : MOST_LISTED;
  const [groups, others] = [sorted.slice(0, most), sorted.slice(most)];
  const bias = layer.arrays.bias ? layer.arrays.bias.data[unit.at(layer.kind === "Conv2d" ? 0 : -1)] : null;
  const sums = all.map(({ sum }) => sum);
  return { groups, isGrid, bias, sum: total(sums) + (bias ?? 0), rest: { count: others.length, sum: total(others.map(({ sum }) => sum)) } };
}

function convTerms(layer, input, [map, row, column]) {
  const { shape: [, channels, high, wide], data } = layer.arrays.weight;
  const [down, across] = windowAxes(layer, input);
  const [rows, columns] = [windowReads(down, row), windowReads(across, column)];
  const isGrid = Math.max(high, wide) <= LARGEST_GRID && down.dilation === 1 && across.dilation === 1;
  let from = map * channels * high * wide;
  const terms = upTo(channels).flatMap((channel) => rows.flatMap((y) => columns.map((x) => {
    const isInside = y >= 0 && y < down.size && x >= 0 && x < across.size;
    return term([channel, y, x], isInside ? valueAt(input, [channel, y, x]) : 0, data[from++], isInside);
  })));
  return { terms, isGrid, inGroup: isGrid ? high * wide : 1 };
}

function linearTerms({ arrays: { weight } }, input, unit) {
  const count = weight.shape[1];
  const before = unit.slice(0, -1);
  const terms = upTo(count).map((at) => term([...before, at], valueAt(input, [...before, at]), weight.data[unit.at(-1) * count + at]));
  return { terms, isGrid: false, inGroup: 1 };
}

const term = (at, value, weight, isInside = true) => ({ at, value, weight, product: value * weight, isInside });

/** The sum in one line. */
export function totalWords({ groups, isGrid, rest, bias, sum }) {
  const parts = isGrid ? groups.map((group) => [`map ${group.at[0]}: `, group.sum]) : [["these: ", total(groups.map((group) => group.sum))]];
  const one = isGrid && groups.length === 1 && rest.count === 0;
  if (one) parts[0][0] = "products: ";
  if (rest.count) parts.push([`the other ${rest.count}${isGrid ? (rest.count > 1 ? " maps" : " map") : ""}: `, rest.sum]);
  const words = parts.flatMap(([name, value], index) => [[`${index ? " + " : ""}${name}`], [index ? bracketed(value) : readable(value), "sum"]]);
  const added = bias === null ? [] : [[" + bias: "], [bracketed(bias), "kernel"]];
  return [...words, ...added, [" = "], [readable(sum), "out"]];
}

/** The window of a pooling: {cells, winner, sum}, without what lies beyond the padding. */
export function pooledWindow(layer, input, [map, row, column]) {
  const [rows, columns] = windowAxes(layer, input).map((axis, side) => {
    const windows = poolWindows(axis.size, axis.kernel, axis.stride, axis.padding, layer.options.ceilMode ?? false);
    const at = [row, column][side];
    return windowReads(axis, at).slice(0, windows[at].counted);
  });
  const [, height, width] = input.shape;
  const cells = rows.flatMap((y) => columns.map((x) => {
    const isInside = y >= 0 && y < height && x >= 0 && x < width;
    return { at: [map, y, x], value: isInside ? valueAt(input, [map, y, x]) : 0, isInside };
  }));
  const winner = cells.filter(({ isInside }) => isInside).reduce((best, cell) => (cell.value > best.value ? cell : best));
  return { cells, winner, sum: total(cells.map(({ value }) => value)) };
}

function poolWords(layer, input, unit) {
  const { cells, winner, sum } = pooledWindow(layer, input, unit);
  if (layer.kind === "MaxPool2d") {
    const inside = cells.filter(({ isInside }) => isInside);
    const numbers = inside.flatMap((cell, index) => [[index ? ", " : ""], [readable(cell.value), cell === winner ? "winner" : "in"]]);
    const of = inside.length > MOST_SPELT ? [[`the largest of ${inside.length} numbers`]] : [["max("], ...numbers, [")"]];
    const note = inside.length < cells.length ? "; padding never wins" : "";
    return [[...of, [" = "], [readable(winner.value), "out"], [`, from ${unitWords(input.shape, winner.at)}${note}`]]];
  }
  const numbers = cells.flatMap(({ value }, index) => [[index ? " + " : ""], [index ? bracketed(value) : readable(value), "in"]]);
  const of = cells.length > MOST_SPELT ? [[`the sum of ${cells.length} numbers, `], [readable(sum), "sum"], [","]] : [["("], ...numbers, [")"]];
  return [[...of, [` / ${cells.length} = `], [readable(sum / cells.length), "out"]]];
}

/** The affine map of a batch norm for one channel: output = scale x input + shift. */
export function affine({ arrays: { mean, variance, gamma, beta }, options: { eps } }, channel) {
  const scale = (gamma?.data[channel] ?? 1) / Math.sqrt(variance.data[channel] + eps);
  return { scale, shift: (beta?.data[channel] ?? 0) - mean.data[channel] * scale };
}

function normWords(layer, x, channel, y) {
  const [mean, variance, gamma, beta] = ["mean", "variance", "gamma", "beta"].map((name) => layer.arrays[name]?.data[channel]);
  const { scale, shift } = affine(layer, channel);
  const line = [["("], [readable(x), "in"], [" \u2212 mean "], [bracketed(mean), "kernel"], [") / \u221a(variance "], [readable(variance), "kernel"], [` + ${layer.options.eps})`]];
  if (gamma !== undefined) line.push([" \u00d7 \u03b3 "], [bracketed(gamma), "kernel"], [" + \u03b2 "], [bracketed(beta), "kernel"]);
  return [
    [...line, [" = "], [readable(y), "out"]],
    [["After training these numbers are fixed, so that it is "], [readable(scale), "kernel"], [" \u00d7 "], [bracketed(x), "in"], [" + "], [bracketed(shift), "kernel"], ["."]],
  ];
}

/** How a number comes about where it is no weighted sum: lines of words. */
export function numberWords(layer, input, output, unit) {
  const y = valueAt(output, unit);
  if (/Pool/.test(layer.kind)) return poolWords(layer, input, unit);
  const x = valueAt(input, unit);
  if (layer.kind === "BatchNorm2d") return normWords(layer, x, unit[0], y);
  if (layer.kind === "ReLU") return [[["max(0, "], [readable(x), "in"], [") = "], [readable(y), "out"]]];
  return [[["e^"], [readable(x), "in"], [` / (the sum of e^x over all ${input.data.length}) = `], [readable(y), "out"]]];
}
