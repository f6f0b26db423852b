import assert from "node:assert/strict";
import { test } from "node:test";

import * as geometry from "../../course_utils/widgets/conv_geometry.mjs";

const plain = { stride: 1, padding: 0, dilation: 1, bias: null, step: 0 };
const image = [[[1, 2, 3], [4, 5, 6], [7, 8, 9]]];
const kernel = [[[1, 0], [0, -1]]];
const state = { ...plain, image, kernel };
const text = (pairs) => pairs.map(([part]) => part).join("");

const sizes = [
  // image, kernel, stride, padding, dilation -> windows
  [7, 2, 2, 0, 1, 3], // the last pixel is dropped
  [5, 3, 1, 0, 1, 3], [5, 3, 1, 1, 1, 5], [5, 3, 1, 2, 1, 7], [7, 3, 1, 0, 2, 3],
  [6, 3, 2, 0, 1, 2], [12, 5, 6, 4, 2, 2], [1, 1, 6, 0, 1, 1], [3, 3, 1, 0, 2, -1],
];

for (const [size, length, stride, padding, dilation, count] of sizes) {
  test(`${size} pixels, kernel ${length}, stride ${stride}, padding ${padding}, dilation ${dilation}: ${count} windows`, () => {
    const options = { stride, padding, dilation };
    assert.equal(geometry.windowCount(size, length, options), count);
    const formula = text(geometry.sizeFormula(size, length, options));
    assert.ok(formula.endsWith(` + 1 = ${geometry.shown(count)}`), formula);
  });
}

test("a dilated window reads every second pixel, and padding has indices outside the image", () => {
  assert.deepEqual(geometry.windowPixels(1, 3, { stride: 2, padding: 1, dilation: 2 }), [1, 3, 5]);
  assert.deepEqual(geometry.windowPixels(0, 3, { stride: 2, padding: 1, dilation: 2 }), [-1, 1, 3]);
});

test("pixels after the last window are dropped, those between windows are skipped", () => {
  const options = { stride: 3, padding: 0, dilation: 1 };
  assert.deepEqual(geometry.reach(7, 2, options), ["read", "read", "skipped", "read", "read", "dropped", "dropped"]);
});

test("the sum of a window lists every product and the sum so far", () => {
  const { channels, output } = geometry.windowSum({ ...state, bias: 10 }, 3);
  assert.deepEqual(channels[0].terms.map(({ product }) => product), [5, 0, 0, -9]);
  assert.deepEqual(channels[0].terms.map(({ sum }) => sum), [5, 5, 5, -4]);
  assert.equal(output, 6);
});

test("a product with padding is marked and is zero", () => {
  const [first] = geometry.windowSum({ ...state, padding: 1 }, 0).channels[0].terms;
  assert.deepEqual([first.padded, first.row, first.column, first.product], [true, -1, -1, 0]);
});

test("the step in words gives place, products, bias and output", () => {
  assert.equal(geometry.inWords(state, 1), "Step 2 of 4. Output row 0, column 1. sum of the products: −4.");
  const two = { ...state, image: [...image, ...image], kernel: [...kernel, ...kernel], bias: -2 };
  assert.equal(geometry.inWords(two, 0), "Step 1 of 4. Output row 0, column 0. channel 0: −4 + channel 1: (−4) + bias: (−2) = −10.");
});

test("the size formula shows the floor at work", () => {
  const formula = geometry.sizeFormula(7, 2, { stride: 2, padding: 0, dilation: 1 });
  assert.equal(text(formula), "floor((7 + 2·0 − 1·(2 − 1) − 1) / 2) + 1 = floor(2.5) + 1 = 3");
});

test("the line for PyTorch names every option, and bias=False where there is none", () => {
  assert.equal(geometry.torchLine({ ...state, stride: 2 }),
    "nn.Conv2d(in_channels=1, out_channels=1, kernel_size=2, stride=2, padding=0, dilation=1, bias=False)");
  assert.match(geometry.torchLine({ ...state, kernel: [[[1, 2]]], bias: 0 }), /kernel_size=\(1, 2\), .*dilation=1\)$/);
});

const controls = [
  ["a larger stride keeps the step inside", { step: 3 }, "stride", 1, { stride: 2, step: 0 }],
  ["padding grows", {}, "padding", 1, { padding: 1, step: 0 }],
  ["padding stops at 0", {}, "padding", -1, null],
  ["padding stops at 4", { padding: 4 }, "padding", 1, null],
  ["stride 0 is out of reach", {}, "stride", -1, null],
  ["a dilation that leaves no window is out of reach", { dilation: 2 }, "dilation", 1, null],
  ["less padding is out of reach when the kernel needs it", { dilation: 3, padding: 1 }, "padding", -1, null],
  ["a kernel of size 1 keeps its first number", {}, "kernel", -1, { kernel: [[[1]]], step: 0 }],
  ["new cells of the kernel are 0", {}, "kernel", 1, { kernel: [[[1, 0, 0], [0, -1, 0], [0, 0, 0]]], step: 0 }],
];

for (const [name, given, control, by, expected] of controls) {
  test(name, () => assert.deepEqual(geometry.changed({ ...state, ...given }, control, by), expected));
}

test("numbers that a smaller kernel cut off come back with the larger one", () => {
  const small = { ...state, kernel: [[[7]]] };
  assert.deepEqual(geometry.changed(small, "kernel", 1, kernel).kernel, [[[7, 0], [0, -1]]]);
});

const inputs = [
  ["3", 3], [" -2 ", -2], ["−2", -2], ["0,5", 0.5], [".5", 0.5], ["1e9", null], ["", null], ["x", null],
  ["NaN", null], ["1000", null], ["-999", -999], ["1 2", null], ["Infinity", null],
];

for (const [written, value] of inputs) {
  test(`typed “${written}” is ${value}`, () => assert.equal(geometry.typed(written), value));
}

test("notes name what the picture marks, and nothing else", () => {
  assert.deepEqual(geometry.notes(state), []);
  const kinds = (change) => geometry.notes({ ...state, ...change }).map(([kind]) => kind);
  assert.deepEqual(kinds({ padding: 1, stride: 2 }), ["dropped", "padding"]);
  assert.deepEqual(kinds({ kernel: [[[0.5]]], stride: 2 }), ["skipped", "rounded"]);
});
