// What the kernel explorer knows about kernels, without a page: reading and writing weights,
// changing their shape, and how near a kernel is to a goal. A kernel is a list of rows.

import { conv2d, tensor } from "./core.mjs";
import { readable } from "./dom.mjs";

export const LARGEST_WEIGHT = 1000;

/** "0.5", "-1", "1/9" or "0,5" as a number; null for what is none or too large. */
export function parseWeight(text) {
  const parts = text.trim().replaceAll(",", ".").replaceAll("\u2212", "-").split("/");
  const numbers = parts.map((part) => (/^\s*[-+]?(\d+\.?\d*|\.\d+)\s*$/.test(part) ? +part : NaN));
  const value = parts.length > 2 ? NaN : numbers.reduce((above, below) => above / below);
  return Number.isFinite(value) && Math.abs(value) <= LARGEST_WEIGHT ? value : null;
}

/** The same kernel with more or fewer rows and columns, on all sides alike. */
export function resize(kernel, size) {
  const offset = (length) => Math.floor((length - 1) / 2) - Math.floor((size - 1) / 2);
  const [down, across] = [offset(kernel.length), offset(kernel[0].length)];
  return grid(size, size, (i, j) => kernel[i + down]?.[j + across] ?? 0);
}

/** By a quarter, clockwise. */
export function turn(kernel) {
  const rows = kernel.length;
  return grid(kernel[0].length, rows, (i, j) => kernel[rows - 1 - j][i]);
}

export function withWeight(kernel, row, column, weight) {
  return kernel.map((line, i) => line.map((old, j) => (i === row && j === column ? weight : old)));
}

export function sameKernel(a, b) {
  return a.length === b.length && a.flat().length === b.flat().length &&
    a.flat().every((weight, index) => Math.abs(weight - b.flat()[index]) < 1e-6);
}

/** The line of Python that makes this kernel. */
export function torchText(kernel) {
  const rows = kernel.map((row) => `[${row.map((w) => String(Number(w.toPrecision(7)))).join(", ")}]`);
  return `torch.tensor([${rows.join(",\n              ")}], dtype=torch.float32)`;
}

/** For `conv2d`: the kernel on one channel. */
export function asWeight(kernel) {
  return tensor([1, 1, kernel.length, kernel[0].length], kernel.flat());
}

/** How many pixels the explorer puts on each side; an even kernel shrinks the image by one. */
export function paddingOf(kernel, mode) {
  return mode === "none" ? [0, 0] : [kernel, kernel[0]].map((side) => Math.floor((side.length - 1) / 2));
}

function grid(rows, columns, value) {
  return Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => value(i, j)));
}

// ---------------------------------------------------------------- goals

const SIDE = 24;
const INSIDE = 4; // this near to the border of a test image nothing is measured

function testImage(value) {
  return tensor([1, SIDE, SIDE], grid(SIDE, SIDE, value).flat());
}

/** The same noise on every machine: numbers from -1 to 1 by a small generator (mulberry32). */
function noise() {
  let state = 1;
  return testImage(() => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

const VERTICAL_EDGE = testImage((_, column) => (column < SIDE / 2 ? -0.5 : 0.5));
const HORIZONTAL_EDGE = testImage((row) => (row < SIDE / 2 ? -0.5 : 0.5));
const NOISE = noise();

/** The answers to a test image away from its border, as rows. */
function answers(kernel, image) {
  const padding = paddingOf(kernel, "zeros");
  const { shape, data } = conv2d(image, asWeight(kernel), null, { padding });
  const inside = SIDE - 2 * INSIDE;
  return grid(inside, inside, (i, j) => data[(i + INSIDE) * shape[2] + j + INSIDE]).flat();
}

const size = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
/** How far a value has come on the way from a start to an end: 0 to 1. Untouched pictures are at the start. */
const from = (start, value, end) => Math.min(1, Math.max(0, (value - start) / (end - start)));
const times = (value) => (value > 99 ? "more than 99" : readable(value, 1));

export const GOALS = {
  "vertical edges": {
    task: "Find a kernel whose answers to a vertical and a horizontal edge are at least 5 to 1.",
    measure(kernel) {
      const [vertical, horizontal] = [VERTICAL_EDGE, HORIZONTAL_EDGE].map((edge) => size(answers(kernel, edge)));
      // single precision leaves a rest where the sum should be exactly 0
      const ratio = vertical > 0 ? vertical / Math.max(horizontal, 1e-5 * vertical) : 0;
      return { progress: from(1, ratio, 5), found: `So far ${times(ratio)} to 1.` };
    },
  },
  "less noise": {
    task: "Find a kernel that halves the noise in an image and keeps its brightness.",
    measure(kernel) {
      const left = size(answers(kernel, NOISE)) / size(answers([[1]], NOISE));
      const brightness = kernel.flat().reduce((sum, weight) => sum + weight, 0);
      const off = Math.abs(brightness - 1);
      const progress = from(1, left, 0.5) * (off < 0.02 ? 1 : from(1, off, 0));
      const percent = [left, brightness].map((share) => readable(100 * share, 0));
      return { progress, found: `So far ${percent[0]} % of the noise, ${percent[1]} % of the brightness.` };
    },
  },
  "two to the right": {
    task: "Find a kernel that moves the image two pixels to the right and changes nothing else.",
    measure(kernel) {
      const wanted = answers([[1, 0, 0, 0, 0]], NOISE);
      const got = answers(kernel, NOISE);
      const progress = Math.max(0, 1 - size(wanted.map((value, i) => value - got[i])) / size(wanted));
      return { progress: progress > 0.999 ? 1 : progress, found: `So far ${readable(100 * progress, 0)} % of the way.` };
    },
  },
};

/** The names of the kernels that do not reach a goal: the others would end the search. */
export function fairPresets(presets, goal) {
  return Object.keys(presets).filter((name) => !(goal && GOALS[goal].measure(presets[name]).progress >= 1));
}
