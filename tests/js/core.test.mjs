import assert from "node:assert/strict";
import { test } from "node:test";

import * as core from "../../course_utils/widgets/core.mjs";

const image = core.tensor([1, 5, 5]);
const kernel = core.tensor([1, 1, 3, 3]);

const refused = [
  ["an image without channels", () => core.conv2d(core.tensor([5, 5]), kernel), /x must be C,H,W, got shape 5,5/],
  ["a kernel without channels", () => core.conv2d(image, core.tensor([3, 3])), /O,C,kh,kw, got shape 3,3/],
  ["other channels", () => core.conv2d(image, core.tensor([1, 2, 3, 3])), /1 input channels as x has, got 2/],
  ["a bias of another length", () => core.conv2d(image, kernel, new Float32Array(2)), /bias must have 1 numbers.*got 2/],
  ["stride 0", () => core.conv2d(image, kernel, null, { stride: 0 }), /stride must be .* at least 1.*got 0/],
  ["half a stride", () => core.conv2d(image, kernel, null, { stride: 0.5 }), /stride must be a whole number/],
  ["negative padding", () => core.conv2d(image, kernel, null, { padding: -1 }), /padding .* got -1/],
  ["a mode of another name", () => core.pad(image, 1, "circular"), /zeros, reflect or replicate, got circular/],
  ["mirroring beyond the image", () => core.pad(image, 5, "reflect"), /smaller than the image, got 5 for 5; pad less/],
  ["a kernel larger than the image", () => core.conv2d(core.tensor([1, 2, 2]), kernel), /must fit.*pad more/],
  ["data that do not fit", () => core.tensor([2, 2], [1, 2, 3]), /needs 4 numbers, got 3/],
  ["an empty image", () => core.pad({ shape: [1, 0, 3], data: new Float32Array(0) }, 1), /not be empty/],
  ["padding more than half a pool", () => core.maxPool2d(image, { kernelSize: 2, padding: 2 }), /half the kernel size 2, got 2/],
  ["a mean without a variance", () => core.batchNorm2d(image, { mean: new Float32Array(1) }), /give both or neither/],
  ["features that do not fit", () => core.linear(core.tensor([3]), core.tensor([2, 4])), /4 features.*got 3/],
];

for (const [what, call, words] of refused) {
  test(`${what}: refused, with what, value and remedy`, () => assert.throws(call, words));
}

test("what is given is not changed", () => {
  const x = core.tensor([1, 2, 2], [-1, 2, -3, 4]);
  core.relu(x);
  core.conv2d(x, core.tensor([1, 1, 1, 1], [2]));
  assert.deepEqual([...x.data], [-1, 2, -3, 4]);
});

const ink = (drawn) => drawn.data.reduce((sum, value) => sum + value, 0);
const middle = ({ data }) => {
  const moment = (of) => data.reduce((sum, value, i) => sum + value * of(i), 0) / ink({ data });
  return [moment((i) => Math.floor(i / 28)), moment((i) => i % 28)];
};
const sides = ({ data }) => {
  const inked = [...data.keys()].filter((i) => data[i] > 0);
  const side = (of) => Math.max(...inked.map(of)) - Math.min(...inked.map(of)) + 1;
  return [side((i) => Math.floor(i / 28)), side((i) => i % 28)];
};

test("no stroke at all gives an empty image", () => {
  for (const strokes of [[], [[]]]) {
    const drawn = core.normalizeDrawing(strokes);
    assert.deepEqual(drawn.shape, [1, 28, 28]);
    assert.equal(ink(drawn), 0);
  }
});

test("a dot stays a dot as large as the pen, in the middle", () => {
  for (const strokes of [[[[300, 40]]], [[[5, 5], [5, 5]]]]) {
    const drawn = core.normalizeDrawing(strokes);
    assert.ok(Math.abs(ink(drawn) - Math.PI * 1.25 ** 2) < 0.4);
    assert.ok(middle(drawn).every((at) => Math.abs(at - 14) <= 0.5));
  }
});

test("a line fills 20 pixels one way and the pen's width the other", () => {
  assert.deepEqual(sides(core.normalizeDrawing([[[3, 100], [3, 900]]])), [20, 4]);
  assert.deepEqual(sides(core.normalizeDrawing([[[-5, 2], [7, 2]]])), [4, 20]);
});

test("a line is inked all along, however far apart its points are", () => {
  const ends = core.normalizeDrawing([[[3, 100], [3, 900]]]);
  const all = 17.5 * 2.5 + Math.PI * 1.25 ** 2; // the way of the pen, and half a dot at each end
  assert.ok(Math.abs(ink(ends) - all) < 0.5, `${ink(ends)}`);
});

test("a dot in the corner of the frame leaves its quarter, up to the last pixel", () => {
  for (const [corner, pixel] of [[0, 0], [28, 28 * 28 - 1]]) {
    const drawn = core.inkDrawing([[[corner, corner]]]);
    assert.ok(Math.abs(ink(drawn) - (Math.PI * 1.25 ** 2) / 4) < 0.1, `${ink(drawn)}`);
    assert.ok(drawn.data[pixel] > 0.9);
  }
});

test("size and place of the drawing do not matter", () => {
  const seven = [[[0, 0], [10, 0], [4, 18]]];
  const moved = seven.map((stroke) => stroke.map(([x, y]) => [8 * x + 300, 8 * y - 20]));
  assert.deepEqual(core.normalizeDrawing(seven), core.normalizeDrawing(moved));
});

test("the centre of mass comes to index 14, to half a pixel", () => {
  const strokes = [[[0, 0], [10, 0], [4, 18]], [[2, 9], [9, 9]]];
  assert.ok(middle(core.normalizeDrawing(strokes)).every((at) => Math.abs(at - 14) <= 0.5));
});
