// What ConvStepper shows, without a page: which pixels a window reads, every product of its sum,
// and the words for it. tests/test_conv_stepper.py holds it against PyTorch.
//
// state = {image: [C][H][W], kernel: [C][kh][kw], bias: number or null, stride, padding, dilation,
// step}; a step is a window, counted from 0 along the rows of the output.

import { outputSize } from "./core.mjs";
import { readable } from "./dom.mjs";

export const LIMITS = { stride: [1, 6], padding: [0, 4], dilation: [1, 4], kernel: [1, 5] };
export const LARGEST = 999; // longer numbers do not fit into a cell

// ---------------------------------------------------------------- geometry along one axis

/** How many windows fit along an axis; 0 or less when the kernel is larger than the image. */
export function windowCount(size, kernel, { stride, padding, dilation }) {
  return outputSize(size, kernel, stride, padding, dilation);
}

/** The pixels that window number `index` reads; below 0 and from `size` on they are padding. */
export function windowPixels(index, kernel, { stride, padding, dilation }) {
  return Array.from({ length: kernel }, (_, k) => index * stride - padding + k * dilation);
}

/** For each place of the padded axis: "read", "skipped" between windows, or "dropped" after them. */
export function reach(size, kernel, options) {
  const places = new Array(size + 2 * options.padding).fill("skipped");
  let last = -1;
  for (let index = 0; index < windowCount(size, kernel, options); index++) {
    for (const pixel of windowPixels(index, kernel, options)) {
      last = pixel + options.padding;
      places[last] = "read";
    }
  }
  return places.fill("dropped", last + 1);
}

// ---------------------------------------------------------------- the whole picture

export function geometry(state) {
  const { image, kernel } = state;
  const [height, width] = [image[0].length, image[0][0].length];
  const [kernelHeight, kernelWidth] = [kernel[0].length, kernel[0][0].length];
  const [rows, columns] = [
    windowCount(height, kernelHeight, state),
    windowCount(width, kernelWidth, state),
  ];
  const channels = image.length;
  return { channels, height, width, kernelHeight, kernelWidth, rows, columns };
}

/** Every product of one window, channel by channel, with the running sum; then the output. */
export function windowSum(state, step) {
  const { image, kernel } = state;
  const { columns, kernelHeight, kernelWidth } = geometry(state);
  const rowsRead = windowPixels(Math.floor(step / columns), kernelHeight, state);
  const columnsRead = windowPixels(step % columns, kernelWidth, state);
  const channels = image.map((plane, channel) => {
    let sum = 0;
    const terms = rowsRead.flatMap((row, i) =>
      columnsRead.map((column, j) => {
        const inside = plane[row]?.[column];
        const [pixel, weight] = [inside ?? 0, kernel[channel][i][j]];
        sum += pixel * weight;
        return { row, column, i, j, pixel, weight, sum, product: pixel * weight, padded: inside === undefined };
      }),
    );
    return { terms, sum };
  });
  const products = channels.reduce((total, channel) => total + channel.sum, 0);
  return { rowsRead, columnsRead, channels, output: products + (state.bias ?? 0) };
}

/** The output as rows of numbers. */
export function outputs(state) {
  const { rows, columns } = geometry(state);
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => windowSum(state, row * columns + column).output),
  );
}

/** Another kernel size: numbers stay where they are, and those of `before` come back. */
export function resized(kernel, size, before = kernel) {
  const span = Array.from({ length: size }, (_, index) => index);
  return kernel.map((plane, channel) =>
    span.map((i) => span.map((j) => plane[i]?.[j] ?? before[channel]?.[i]?.[j] ?? 0)),
  );
}

/** What a control would set, or null where the limits or the size of the image forbid it. */
export function changed(state, name, by, before) {
  const { kernelHeight, kernelWidth } = geometry(state);
  const value = (name === "kernel" ? Math.max(kernelHeight, kernelWidth) : state[name]) + by;
  if (value < LIMITS[name][0] || value > LIMITS[name][1]) return null;
  const change = { [name]: name === "kernel" ? resized(state.kernel, value, before) : value };
  const { rows, columns } = geometry({ ...state, ...change });
  if (rows < 1 || columns < 1) return null;
  return { ...change, step: Math.min(state.step, rows * columns - 1) };
}

// ---------------------------------------------------------------- in words

/** A number as it stands in a cell: at most two decimals, and a true minus sign. */
export const shown = (value) => readable(value, 2);

/** A number after a sign: a negative one in brackets. */
export const inSum = (value) => (shown(value).startsWith("−") ? `(${shown(value)})` : shown(value));

/** What a learner typed, as a number; null when it is none, or too large for a cell. */
export function typed(text) {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) && Math.abs(plain) <= LARGEST;
  return isNumber ? Number(plain) : null;
}

/** The size formula with its numbers, as pairs of text and what it belongs to (in, kernel, out). */
export function sizeFormula(size, kernel, { stride, padding, dilation }) {
  const quotient = (size + 2 * padding - dilation * (kernel - 1) - 1) / stride;
  return [
    ["floor(("], [size, "in"], [` + 2·${padding} − ${dilation}·(`], [kernel, "kernel"],
    [` − 1) − 1) / ${stride}) + 1 = floor(${shown(quotient)}) + 1 = `],
    [shown(Math.floor(quotient) + 1), "out"],
  ];
}

export function torchLine(state) {
  const { channels, kernelHeight, kernelWidth } = geometry(state);
  const size = kernelHeight === kernelWidth ? kernelHeight : `(${kernelHeight}, ${kernelWidth})`;
  return (
    `nn.Conv2d(in_channels=${channels}, out_channels=1, kernel_size=${size}, ` +
    `stride=${state.stride}, padding=${state.padding}, dilation=${state.dilation}` +
    `${state.bias === null ? ", bias=False" : ""})`
  );
}

/** The last line of the sum: channels and bias added up, as pairs of text and kind. */
export function totalLine(state, { channels, output }) {
  const several = channels.length > 1;
  const parts = channels.flatMap(({ sum }, channel) => [
    [`${channel ? " + " : ""}${several ? `channel ${channel}: ` : "sum of the products: "}`],
    [channel ? inSum(sum) : shown(sum), "sum"],
  ]);
  if (state.bias !== null) parts.push([" + bias: "], [inSum(state.bias), "kernel"]);
  if (several || state.bias !== null) parts.push([" = "], [shown(output), "out"]);
  else parts[1][1] = "out";
  return parts;
}

export function inWords(state, step) {
  const { rows, columns } = geometry(state);
  const place = `row ${Math.floor(step / columns)}, column ${step % columns}`;
  const total = totalLine(state, windowSum(state, step)).map(([text]) => text).join("");
  return `Step ${step + 1} of ${rows * columns}. Output ${place}. ${total}.`;
}

/** What the marks in the image mean, only those that are there, as pairs of kind and text. */
export function notes(state) {
  const found = [];
  const [dropped, skipped] = [lines(state, "dropped", "the last "), lines(state, "skipped", "")];
  const image = state.padding ? "padded image" : "image";
  const { stride } = state;
  if (dropped) found.push(["dropped", `Dropped: ${dropped}. Another step of ${stride} would leave the ${image}.`]);
  if (skipped) found.push(["skipped", `Skipped: ${skipped} between the pixels that the windows read.`]);
  if (state.padding) found.push(["padding", "Padding: a zero in a dashed cell."]);
  const given = [...state.image, ...state.kernel, state.bias ?? 0].flat(2);
  if (!given.every(Number.isInteger)) found.push(["rounded", "Shown to two decimals; the sums use all of them."]);
  return found;
}

/** "2 rows and 1 column": how many lines of the padded image are of a kind; "" for none. */
function lines(state, kind, before) {
  const { height, width, kernelHeight, kernelWidth } = geometry(state);
  const count = (size, kernel) => reach(size, kernel, state).filter((place) => place === kind).length;
  return [[count(height, kernelHeight), "row"], [count(width, kernelWidth), "column"]]
    .filter(([many]) => many)
    .map(([many, line]) => (many > 1 ? `${before}${many} ${line}s` : `${before || "1 "}${line}`))
    .join(" and ");
}
