import assert from "node:assert/strict";
import { test } from "node:test";

import { windowAt, seenImage, summed } from "../../course_utils/widgets/kernel_explorer.mjs";
import { GOALS, fairPresets, parseWeight, resize, sameKernel, torchText, turn } from "../../course_utils/widgets/kernel_goals.mjs";
import { totalText } from "../../course_utils/widgets/kernel_products.mjs";
import { stepped } from "../../course_utils/widgets/kernel_table.mjs";
import { fromPixels } from "../../course_utils/widgets/pictures.mjs";

const numbers = { "0.5": 0.5, " -1 ": -1, "1/4": 0.25, "-1/8": -0.125, "0,5": 0.5, ".5": 0.5, "2.": 2, "\u22123": -3, "+1": 1, 1000: 1000 };
for (const [text, value] of Object.entries(numbers)) {
  test(`"${text}" is ${value}`, () => assert.equal(parseWeight(text), value));
}

for (const text of ["", "abc", "1/0", "1/2/3", "1e3", "NaN", "Infinity", "1001", "-", "/2", "1..2"]) {
  test(`"${text}" is no weight`, () => assert.equal(parseWeight(text), null));
}

test("a kernel grows and shrinks around its middle", () => {
  assert.deepEqual(resize([[5]], 3), [[0, 0, 0], [0, 5, 0], [0, 0, 0]]);
  assert.deepEqual(resize([[1, 2, 3], [4, 5, 6], [7, 8, 9]], 1), [[5]]);
  assert.deepEqual(resize([[1, 2], [3, 4]], 3), [[0, 0, 0], [0, 1, 2], [0, 3, 4]]);
});

test("a quarter turn is clockwise, and four are none", () => {
  assert.deepEqual(turn([[1, 2], [3, 4]]), [[3, 1], [4, 2]]);
  assert.deepEqual(turn([[1, 2, 3]]), [[1], [2], [3]]);
  const kernel = [[1, 2, 3], [4, 5, 6]];
  assert.deepEqual(turn(turn(turn(turn(kernel)))), kernel);
});

test("kernels of other shapes are other kernels", () => {
  assert.ok(sameKernel([[1, 2]], [[1, 2]]));
  assert.ok(!sameKernel([[1, 2]], [[1], [2]]));
});

test("the line of Python has the numbers as they are", () => {
  assert.equal(torchText([[1 / 9, 0]]), "torch.tensor([[0.1111111, 0]], dtype=torch.float32)");
});

const measured = [
  ["vertical edges", [[-1, 0, 1]], 1],
  ["vertical edges", [[-1], [0], [1]], 0],
  ["vertical edges", [[0]], 0],
  ["vertical edges", [[-1e-6, 1e-6]], 1],
  ["less noise", [[0.2, 0.2, 0.2, 0.2, 0.2]], 1],
  ["less noise", [[0]], 0],
  ["two to the right", [[1, 0, 0, 0, 0]], 1],
  ["two to the right", [[0, 0, 0, 0, 1]], 0],
  ["two to the right", resize([[0]], 5), 0],
];
for (const [goal, kernel, progress] of measured) {
  test(`${goal}: ${JSON.stringify(kernel)} gets ${progress}`, () => {
    assert.ok(Math.abs(GOALS[goal].measure(kernel).progress - progress) < 0.12);
    assert.equal(GOALS[goal].measure(kernel).progress === 1, progress === 1);
  });
}

for (const [goal, { measure }] of Object.entries(GOALS)) {
  test(`${goal}: the untouched picture is no part of the way, whatever its size`, () => {
    for (const size of [1, 3, 5, 7]) assert.ok(measure(resize([[1]], size)).progress < 0.02);
  });
}

test("a goal takes away the presets that reach it, and no others", () => {
  const presets = { "Sobel x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], mean: resize([[0]], 3).map((row) => row.map(() => 1 / 9)) };
  assert.deepEqual(fairPresets(presets, "vertical edges"), ["mean"]);
  assert.deepEqual(fairPresets(presets, "less noise"), ["Sobel x"]);
  assert.deepEqual(fairPresets(presets, "two to the right"), ["Sobel x", "mean"]);
  assert.deepEqual(fairPresets(presets, ""), ["Sobel x", "mean"]);
});

test("a box blur halves the noise, and two such boxes side by side lose the brightness", () => {
  const box = resize([[0]], 3).map((row) => row.map(() => 1 / 9));
  assert.equal(GOALS["less noise"].measure(box).progress, 1);
  const doubled = box.map((row) => row.map((weight) => 2 * weight));
  assert.ok(GOALS["less noise"].measure(doubled).progress < 0.5);
});

const image = { shape: [1, 3, 3], data: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]) };
const ones = resize([[0]], 3);
const corner = { zeros: [0, 0, 0, 0, 1, 2, 0, 4, 5], reflect: [5, 4, 5, 2, 1, 2, 5, 4, 5], replicate: [1, 1, 2, 1, 1, 2, 4, 4, 5] };
for (const [mode, values] of Object.entries(corner)) {
  test(`in the corner, padded with ${mode}, the window sees ${values}`, () => {
    const cells = windowAt(image, ones, mode, [0, 0])[0].flat();
    assert.deepEqual(cells.map(({ value }) => value), values);
    assert.deepEqual(cells.map(({ outside }) => outside), [1, 1, 1, 1, 0, 0, 1, 0, 0].map(Boolean));
  });
}

test("without padding the first window lies inside", () => {
  assert.deepEqual(windowAt(image, ones, "none", [0, 0])[0].flat().map(({ value }) => value), [...image.data]);
});

const colours = fromPixels({ data: [255, 0, 51, 255, 0, 255, 0, 255], width: 2, height: 1 });

test("pixels become channels, and channels brightness or a sum", () => {
  assert.deepEqual([...colours.data].map((v) => Math.round(10 * v)), [10, 0, 0, 10, 2, 0]);
  assert.deepEqual([...summed(colours).data].map((v) => Math.round(10 * v)), [12, 10]);
  const grey = seenImage(colours, true);
  assert.deepEqual([grey.shape, Math.round(1000 * grey.data[1])], [[1, 1, 2], 587]);
  assert.equal(seenImage(colours, false).data, colours.data);
});

test("steps of a tenth leave no dust", () => {
  assert.equal(stepped(0.2, 1), 0.3);
  assert.equal(stepped(0.1, -3), -0.2);
  assert.equal(stepped(999.9, 10), 1000);
});

test("a sum of three channels says when it is rounded", () => {
  assert.equal(totalText([0.25], 0.25), "All products added up = ");
  assert.equal(totalText([0.5, 0.25, -0.5], 0.25), "red 0.5 + green 0.25 + blue \u22120.5 = ");
  assert.match(totalText([0.8924, 0.8634, 0.8064], 2.5622), /\u2248 $/);
});
