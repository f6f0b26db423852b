// What PoolingExplorer shows, without a page: windows, winners, gradients, shifts, and the words.
// tests/test_pooling_explorer.py holds it against PyTorch.
//
// state = {image: [H][W], mode: "max" or "average", kernel_size, stride, padding, ceil_mode,
// shift: [right, down], show_gradient}; a window is counted from 0 along the rows of the output.

import { inSum, shown } from "./conv_geometry.mjs";
import { avgPool2d, maxPool2d, poolWindows, tensor } from "./core.mjs";

export const POOL_LIMITS = { kernel_size: [1, 12], stride: [1, 12], padding: [0, 6] };
const MOST_WRITTEN = 16; // numbers in a sentence; of more only the result is said

const range = (length) => Array.from({ length }, (_, index) => index);
const sum = (values) => values.reduce((total, value) => total + value, 0);

// ---------------------------------------------------------------- the numbers

/** The image moved by [right, down] pixels; zeros come in. */
export function shifted(image, [right, down]) {
  return image.map((line, row) => line.map((_, column) => image[row - down]?.[column - right] ?? 0));
}

export function fits({ image, kernel_size, padding }) {
  return 2 * padding <= kernel_size && kernel_size <= Math.min(image.length, image[0].length) + 2 * padding;
}

const windowsAlong = (size, { kernel_size, stride, padding, ceil_mode }) =>
  poolWindows(size, kernel_size, stride, padding, ceil_mode);

/** Sizes of image and output, and by how many rows and columns the last windows hang over. */
export function poolShape(state) {
  const [height, width] = [state.image.length, state.image[0].length];
  const [rows, columns] = [height, width].map((size) => windowsAlong(size, state).length);
  const over = (size, count) =>
    Math.max(0, (count - 1) * state.stride + state.kernel_size - size - 2 * state.padding);
  return { height, width, rows, columns, below: over(height, rows), beside: over(width, columns) };
}

/** The output for an image, as rows of numbers. */
export function pooled(image, { mode, kernel_size, stride, padding, ceil_mode }) {
  const options = { kernelSize: kernel_size, stride, padding, ceilMode: ceil_mode };
  const x = tensor([1, image.length, image[0].length], image.flat());
  const { shape, data } = (mode === "max" ? maxPool2d : avgPool2d)(x, options);
  return range(shape[1]).map((row) => Array.from(data.subarray(row * shape[2], (row + 1) * shape[2])));
}

/** One window: its cells in reading order, padding among them, and the first of the largest. */
export function poolWindow(image, state, index) {
  const [down, across] = [image.length, image[0].length].map((size) => windowsAlong(size, state));
  const [row, column] = [Math.floor(index / across.length), index % across.length];
  const [top, left] = [row, column].map((at) => at * state.stride - state.padding);
  const cells = range(down[row].counted).flatMap((i) =>
    range(across[column].counted).map((j) => {
      const value = image[top + i]?.[left + j];
      return { row: top + i, column: left + j, value: value ?? 0, inside: value !== undefined };
    }),
  );
  const inside = cells.filter((cell) => cell.inside);
  const winner = inside.reduce((best, cell) => (cell.value > best.value ? cell : best));
  return { row, column, top, left, cells, inside, winner };
}

/** What comes back to each pixel when every output sends a gradient of 1. */
export function gradients(image, state) {
  const back = image.map((line) => line.map(() => 0));
  const { rows, columns } = poolShape(state);
  for (const index of range(rows * columns)) {
    const { cells, inside, winner } = poolWindow(image, state, index);
    if (state.mode === "max") back[winner.row][winner.column] += 1;
    else for (const { row, column } of inside) back[row][column] += 1 / cells.length;
  }
  return back;
}

/** For each place along the padded side: "read", "skipped" between windows, "dropped" after them. */
export function covered(size, state) {
  const places = new Array(size + 2 * state.padding).fill("skipped");
  windowsAlong(size, state).forEach(({ counted }, index) =>
    places.fill("read", index * state.stride, index * state.stride + counted),
  );
  return places.fill("dropped", places.lastIndexOf("read") + 1);
}

/** How many numbers a shift changes, and whether the output moved along (null: no whole place). */
export function shiftTest(state) {
  const now = shifted(state.image, state.shift);
  const [before, after] = [pooled(state.image, state), pooled(now, state)];
  const places = (one, other, holds) => {
    const others = other.flat();
    return sum(one.flat().map((value, at) => Number(holds(value, others[at]))));
  };
  const differ = (one, other) => places(one, other, (value, old) => value !== old);
  const steps = state.shift.map((by) => by / state.stride);
  return {
    inputs: [differ(now, state.image), now.flat().length],
    outputs: [differ(after, before), after.flat().length],
    empty: places(after, before, (value, old) => value === 0 && old === 0),
    along: steps.every(Number.isInteger) ? agreement(before, after, steps) : null,
  };
}

function agreement(before, after, [right, down]) {
  const pairs = after.flatMap((line, row) =>
    line.map((value, column) => [value, before[row - down]?.[column - right]]),
  );
  const both = pairs.filter(([, old]) => old !== undefined);
  return [both.filter(([value, old]) => value === old).length, both.length];
}

/** What a control would set, or null where it would not fit. */
export function poolChanged(state, name, by) {
  const change = { [name]: state[name] + by };
  const [least, most] = POOL_LIMITS[name];
  if (change[name] < least || change[name] > most) return null;
  if (name === "kernel_size") change.padding = Math.min(state.padding, Math.floor(change[name] / 2));
  return fits({ ...state, ...change }) ? change : null;
}

// ---------------------------------------------------------------- in words, as pairs of text and kind

const equals = (value) => (Math.abs(Number(value.toFixed(2)) - value) < 1e-9 ? " = " : " ≈ ");

/** "max(1, 4, 0, 2) = 4", or "(1 + 4 + 0 + 2) / 4 = 1.75". */
export function arithmetic({ mode }, { cells, inside, winner }) {
  const long = cells.length > MOST_WRITTEN;
  if (mode === "max") {
    const numbers = inside.flatMap((cell, at) => [
      [at ? ", " : ""], [shown(cell.value), cell === winner ? "winner" : "in"],
    ]);
    const written = long ? [[`the largest of ${inside.length} numbers`]] : [["max("], ...numbers, [")"]];
    const padding = inside.length < cells.length ? [["; padding never wins"]] : [];
    return [...written, [" = "], [shown(winner.value), "out"], ...padding];
  }
  const total = sum(cells.map(({ value }) => value));
  const numbers = cells.flatMap(({ value }, at) => [[at ? " + " : ""], [at ? inSum(value) : shown(value), "in"]]);
  const written = long ? [[`sum ${shown(total)}`]] : [["("], ...numbers, [")"]];
  return [...written, [` / ${cells.length}${equals(total / cells.length)}`], [shown(total / cells.length), "out"]];
}

/** Where the gradient of one output goes. */
export function routeWords({ mode }, { cells, inside, winner }) {
  if (mode === "average") {
    const share = `1 / ${cells.length}${equals(1 / cells.length)}${shown(1 / cells.length)}`;
    return `Its gradient of 1 is shared out: ${share} for each of the ${cells.length}.`;
  }
  const ties = inside.filter(({ value }) => value === winner.value).length;
  const first = ties > 1 ? `, the first of ${ties} that are largest` : ", the winner";
  return `Its gradient of 1 goes to row ${winner.row}, column ${winner.column}${first}; the others get 0.`;
}

/** Where the gradients of all outputs go. */
export function gradientWords(image, state) {
  const back = gradients(image, state).flat();
  const { rows, columns } = poolShape(state);
  const lost = rows * columns - sum(back);
  const padding = lost > 1e-9 ? `, and ${shown(lost)} is lost in the padding` : "";
  return `All outputs together (${rows * columns}): ${back.filter(Boolean).length} of ${back.length} pixels ` +
    `get a gradient, ${shown(sum(back))} in all${padding}.`;
}

/** The size formula with its numbers. */
export function poolFormula(size, { kernel_size, stride, padding, ceil_mode }) {
  const rounding = ceil_mode ? "ceil" : "floor";
  const quotient = (size + 2 * padding - kernel_size) / stride;
  const count = Math[rounding](quotient) + 1;
  const kept = poolWindows(size, kernel_size, stride, padding, ceil_mode).length;
  return [
    [`${rounding}((`], [size, "in"], [` + 2·${padding} − `], [kernel_size, "kernel"],
    [`) / ${stride}) + 1 = ${rounding}(${shown(quotient)}) + 1 = `], [count, kept === count ? "out" : ""],
    ...(kept === count ? [] : [["; the last one would begin beyond the image and is left out: "], [kept, "out"]]),
  ];
}

export function poolLine({ mode, kernel_size, stride, padding, ceil_mode }) {
  const name = mode === "max" ? "MaxPool2d" : "AvgPool2d";
  const ceil = ceil_mode ? "True" : "False";
  return `nn.${name}(kernel_size=${kernel_size}, stride=${stride}, padding=${padding}, ceil_mode=${ceil})`;
}

/** [3, -1] -> "3 right and 1 up"; with a stride in places of the output: "3/2 places right". */
export function shiftPlace(shift, stride = 0) {
  const words = [["left", "right"], ["up", "down"]].map(([back, forth], axis) => {
    const by = Math.abs(shift[axis]);
    const places = by % stride ? `${by}/${stride}` : by / stride;
    const far = stride ? `${places} ${by > stride ? "places" : "place"}` : by;
    return by ? `${far} ${shift[axis] < 0 ? back : forth}` : "";
  });
  return words.filter(Boolean).join(" and ");
}

/** What the shift did, one sentence each. */
export function shiftWords(state) {
  if (!shiftPlace(state.shift)) return ["Shift test: move the image by a pixel, and count what changes."];
  const { inputs, outputs, empty, along } = shiftTest(state);
  const count = ([some, all], what) => `${some} of ${all} ${what} (${Math.round((100 * some) / all)} %)`;
  const [places, stride] = [shiftPlace(state.shift, state.stride), state.stride];
  const stayed = outputs[1] - outputs[0];
  const room = empty ? `${stayed} stayed, ${empty} of them 0 before and after` : `${stayed} stayed`;
  const changes = `Shifted ${shiftPlace(state.shift)}: ${count(inputs, "input numbers")} and ` +
    `${count(outputs, "output numbers")} changed. ${room}: the wiggle room is ${stayed - empty}.`;
  if (!along) {
    return [changes, `To move along, the output would have to move ${places}, and there are only whole places: ` +
      `the shift is no multiple of the stride ${stride}, and the windows cut the image elsewhere.`];
  }
  const border = along[0] < along[1] ? "; the others touch the border" : "";
  const agree = along[1] ? `they agree in ${along[0]} of ${along[1]} places${border}` : "nothing of it is left";
  return [changes, `A multiple of the stride ${stride}: move the old output ${places}, lay it on the new one, and ${agree}.`];
}

/** What the marks in the image mean, only those that are there, as pairs of kind and text. */
export function poolNotes(state) {
  const { height, width, rows, columns, below, beside } = poolShape(state);
  const count = (kind, options = state) =>
    [["row", height], ["column", width]]
      .map(([line, size]) => [line, covered(size, options).filter((place) => place === kind).length])
      .filter(([, many]) => many)
      .map(([line, many]) => `${many} ${line}${many > 1 ? "s" : ""}`)
      .join(" and ");
  const found = [];
  const kept = count("dropped", { ...state, ceil_mode: true }) ? "" : " Ceil mode keeps them.";
  if (count("dropped")) found.push(["dropped", `Dropped: ${count("dropped")} at the end of the ${state.padding ? "padded " : ""}image, where no whole window fits.${kept}`]);
  if (count("skipped")) found.push(["skipped", `Skipped: ${count("skipped")} between the windows.`]);
  if (state.stride < state.kernel_size && rows * columns > 1) found.push(["overlap", "Corner: a window begins here. The windows overlap."]);
  if (state.padding) found.push(["padding", `Padding: ${state.mode === "max" ? "−∞, which never wins" : "a zero, which counts"}.`]);
  if (below || beside) found.push(["beyond", "Beyond the edge: the last windows hang over, and nothing there is counted."]);
  if (state.show_gradient) found.push(["gradient", "Large: the gradient that comes back to a pixel. Small: its number."]);
  if (shiftPlace(state.shift)) found.push(["changed", "Underlined: an output that the shift changed."]);
  if (!state.image.flat().every((value) => equals(value) === " = ")) found.push(["rounded", "Shown to two decimals; the sums use all of them."]);
  return found;
}
