import assert from "node:assert/strict";
import { test } from "node:test";

import * as pooling from "../../course_utils/widgets/pooling_geometry.mjs";

const image = [[1, 4, 0, 2], [0, 2, 3, 3], [5, 0, 0, 0], [0, 6, 0, 8]];
const state = { image, mode: "max", kernel_size: 2, stride: 2, padding: 0, ceil_mode: false, shift: [0, 0], show_gradient: false };
const average = { ...state, mode: "average" };
const padded = { kernel_size: 3, stride: 2, padding: 1 };
const text = (pairs) => pairs.map(([part]) => part).join("");
const says = (given, index) => text(pooling.arithmetic(given, pooling.poolWindow(given.image, given, index)));

const sums = [
  ["the largest number wins", state, 0, "max(1, 4, 0, 2) = 4"],
  ["the average divides by the cells", average, 0, "(1 + 4 + 0 + 2) / 4 = 1.75"],
  ["padding never wins", { ...state, ...padded }, 0, "max(1, 4, 0, 2) = 4; padding never wins"],
  ["padding counts as zeros", { ...average, ...padded }, 0, "(0 + 0 + 0 + 0 + 1 + 4 + 0 + 0 + 2) / 9 ≈ 0.78"],
  ["beyond the edge nothing counts", { ...average, kernel_size: 3, ceil_mode: true }, 3, "(0 + 0 + 0 + 8) / 4 = 2"],
  ["negative numbers stand in brackets", { ...average, image: [[-1, -2], [0, 0]] }, 0, "(−1 + (−2) + 0 + 0) / 4 = −0.75"],
  ["many numbers are not written out", { ...state, image: Array(5).fill([1, 2, 3, 4, 5]), kernel_size: 5 }, 0, "the largest of 25 numbers = 5"],
];
for (const [name, given, index, expected] of sums) {
  test(`${name}: ${expected}`, () => assert.equal(says(given, index), expected));
}

test("only the first of equal numbers is marked as the winner, and named as the one with the gradient", () => {
  const window = pooling.poolWindow(image, state, 1);
  const marked = pooling.arithmetic(state, window).filter(([, kind]) => kind === "winner");
  assert.deepEqual(marked, [["3", "winner"]]);
  assert.equal(pooling.routeWords(state, window),
    "Its gradient of 1 goes to row 1, column 2, the first of 2 that are largest; the others get 0.");
});

test("the gradients that overlap add up, and what falls on the padding is lost", () => {
  const bright = [[0, 0, 0, 0], [0, 7, 0, 0], [0, 0, 0, 0], [0, 0, 0, 8]];
  const back = pooling.gradients(bright, { ...state, image: bright, stride: 1, kernel_size: 3 });
  assert.deepEqual(back, [[0, 0, 0, 0], [0, 3, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]);
  assert.match(pooling.gradientWords(image, { ...average, ...padded }), /16 of 16 pixels get a gradient, 2\.78 in all, and 1\.22 is lost in the padding\.$/);
});

const formulas = [
  [8, {}, "floor((8 + 2·0 − 2) / 2) + 1 = floor(3) + 1 = 4"],
  [7, {}, "floor((7 + 2·0 − 2) / 2) + 1 = floor(2.5) + 1 = 3"],
  [7, { ceil_mode: true }, "ceil((7 + 2·0 − 2) / 2) + 1 = ceil(2.5) + 1 = 4"],
  [6, { ceil_mode: true, kernel_size: 1 }, "ceil((6 + 2·0 − 1) / 2) + 1 = ceil(2.5) + 1 = 4; the last one would begin beyond the image and is left out: 3"],
];
for (const [size, options, expected] of formulas) {
  test(`size: ${expected}`, () => assert.equal(text(pooling.poolFormula(size, { ...state, ...options })), expected));
}

test("the line for PyTorch names the layer and every option", () => {
  assert.equal(pooling.poolLine(state), "nn.MaxPool2d(kernel_size=2, stride=2, padding=0, ceil_mode=False)");
  assert.equal(pooling.poolLine({ ...average, ceil_mode: true }), "nn.AvgPool2d(kernel_size=2, stride=2, padding=0, ceil_mode=True)");
});

const square = Array.from({ length: 6 }, (_, row) => Array.from({ length: 6 }, (_, column) => (row === 2 && column === 2 ? 9 : 0)));
const shifts = [
  ["one pixel inside its window changes nothing", [1, 1], [2, 36], [0, 9], 8, null],
  ["one pixel out of its window", [-1, 0], [2, 36], [2, 9], 7, null],
  ["a multiple of the stride moves the output along", [2, -2], [2, 36], [2, 9], 7, [4, 4]],
  ["no shift", [0, 0], [0, 36], [0, 9], 8, [9, 9]],
  ["a shift out of the image", [6, 0], [1, 36], [1, 9], 8, [0, 0]],
];
for (const [name, shift, inputs, outputs, empty, along] of shifts) {
  test(name, () => assert.deepEqual(pooling.shiftTest({ ...state, image: square, shift }), { inputs, outputs, empty, along }));
}

test("the shift test says what it counted, and why a pixel is not enough", () => {
  const words = (shift, stride = 2) => pooling.shiftWords({ ...state, image: square, shift, stride }).join(" ");
  assert.match(words([1, 1]), /^Shifted 1 right and 1 down: 2 of 36 input numbers \(6 %\) and 0 of 9 output numbers \(0 %\) changed\. 9 stayed, 8 of them 0 before and after: the wiggle room is 1\./);
  assert.match(words([1, 1]), /would have to move 1\/2 place right and 1\/2 place down/);
  assert.match(words([2, 0]), /multiple of the stride 2: move the old output 1 place right.*agree in 6 of 6 places\.$/);
  assert.match(words([-4, 0]), /2 places left/);
  assert.match(words([-4, 0], 4), /0 of 4 output numbers \(0 %\).*the wiggle room is \d/);
  assert.match(words([6, 0]), /nothing of it is left\.$/);
});

const controls = [
  ["a larger kernel", {}, "kernel_size", 1, { kernel_size: 3, padding: 0 }],
  ["a smaller kernel takes padding along", padded, "kernel_size", -2, { kernel_size: 1, padding: 0 }],
  ["a kernel larger than the image is out of reach", { kernel_size: 4 }, "kernel_size", 1, null],
  ["padding of more than half the kernel is out of reach", { padding: 1 }, "padding", 1, null],
  ["padding that a large kernel needs stays", { kernel_size: 6, padding: 1 }, "padding", -1, null],
  ["stride 0 is out of reach", { stride: 1 }, "stride", -1, null],
];
for (const [name, given, control, by, expected] of controls) {
  test(name, () => assert.deepEqual(pooling.poolChanged({ ...state, ...given }, control, by), expected));
}

test("notes name what the picture marks, and nothing else", () => {
  const kinds = (change) => pooling.poolNotes({ ...state, ...change }).map(([kind]) => kind);
  assert.deepEqual(kinds({}), []);
  assert.deepEqual(kinds({ kernel_size: 3 }), ["dropped"]); // a single window overlaps none
  assert.deepEqual(kinds({ stride: 1 }), ["overlap"]);
  assert.deepEqual(kinds({ kernel_size: 3, ceil_mode: true }), ["overlap", "beyond"]);
  assert.deepEqual(kinds({ kernel_size: 1, shift: [1, 0], show_gradient: true }), ["dropped", "skipped", "gradient", "changed"]);
  assert.deepEqual(kinds({ padding: 1, image: [[0.125]] }), ["dropped", "padding", "rounded"]);
  const [[, dropped]] = pooling.poolNotes({ ...state, kernel_size: 3 });
  assert.match(dropped, /1 row and 1 column at the end.*Ceil mode keeps them/);
  assert.doesNotMatch(pooling.poolNotes({ ...state, kernel_size: 1 })[0][1], /Ceil mode/);
});
