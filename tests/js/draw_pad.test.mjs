import assert from "node:assert/strict";
import { test } from "node:test";

import { percent, verdict } from "../../course_utils/widgets/answer_bars.mjs";
import { MOST_POINTS, addPoints, onPad, seenPixels, shiftInWords } from "../../course_utils/widgets/drawing.mjs";
import { mosaic } from "../../course_utils/widgets/layer_maps.mjs";

const SEVEN = [[[0.2, 0.2], [0.8, 0.2], [0.4, 0.9]]];
const inked = (options) => {
  const { data } = seenPixels({ strokes: [], image: null, asMnist: false, shift: [0, 0], ...options });
  return [...data.keys()].filter((at) => data[at] > 0).map((at) => [at % 28, Math.floor(at / 28)]);
};
const span = (places, axis) => [Math.min(...places.map((at) => at[axis])), Math.max(...places.map((at) => at[axis]))];

test("as drawn, the ink is where the pen was", () => {
  const places = inked({ strokes: [[[0.25, 0.5], [0.75, 0.5]]] });
  assert.deepEqual([span(places, 0), span(places, 1)], [[5, 22], [12, 15]]);
});

test("as MNIST, size and place on the pad do not matter", () => {
  const small = SEVEN.map((stroke) => stroke.map(([x, y]) => [x / 4, y / 4]));
  assert.deepEqual(inked({ strokes: SEVEN, asMnist: true }), inked({ strokes: small, asMnist: true }));
  assert.notDeepEqual(inked({ strokes: SEVEN }), inked({ strokes: small }));
});

test("a shift moves all ink, and what leaves the grid does not come in on the other side", () => {
  const before = inked({ strokes: SEVEN });
  const after = inked({ strokes: SEVEN, shift: [2, -3] });
  assert.deepEqual(after, before.map(([x, y]) => [x + 2, y - 3]));
  const far = inked({ strokes: SEVEN, shift: [12, 0] });
  assert.deepEqual(far, before.map(([x, y]) => [x + 12, y]).filter(([x]) => x < 28));
});

test("an empty pad has no ink, and every pixel is a whole number from 0 to 255", () => {
  assert.deepEqual(inked({ asMnist: true }), []);
  const { shape, data } = seenPixels({ strokes: SEVEN, image: null, asMnist: true, shift: [0, 0] });
  assert.deepEqual(shape, [1, 28, 28]);
  assert.ok(data.every((value) => Number.isInteger(value) && value >= 0 && value <= 255));
});

test("points beside the pad are brought to its edge", () => {
  assert.deepEqual(onPad([-0.2, 1.5]), [0, 1]);
  assert.deepEqual(onPad([0.123456, 0.5]), [0.1235, 0.5]);
});

test("strokes grow without changing those before", () => {
  const first = addPoints([], [[0.1, 0.1]], true);
  const second = addPoints(first, [[0.2, 0.2], [0.2, 0.2], [0.3, 0.3]]);
  const third = addPoints(second, [[0.3, 0.3]], true);
  assert.deepEqual(first, [[[0.1, 0.1]]]);
  assert.deepEqual(second, [[[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]]]); // one point is not drawn twice
  assert.deepEqual(third, [second[0], [[0.3, 0.3]]]);
  assert.equal(addPoints(second, [[0.3, 0.3]]), second); // nothing new: nothing to paint
});

test("a full pad takes no more points", () => {
  const many = Array.from({ length: MOST_POINTS + 50 }, (_, index) => [(index % 100) / 100, 0.5]);
  const full = addPoints([], many, true);
  assert.equal(full[0].length, MOST_POINTS);
  assert.equal(addPoints(full, [[0.9, 0.1]]), full);
  assert.equal(addPoints(full, [[0.9, 0.1]], true), full);
});

test("a shift in words", () => {
  assert.equal(shiftInWords([0, 0]), "not moved");
  assert.equal(shiftInWords([3, -2]), "3 right, 2 up");
  assert.equal(shiftInWords([-1, 0]), "1 left");
  assert.equal(shiftInWords([0, 4]), "4 down");
});

test("no share reads as certain, and none of a hundredth as something", () => {
  assert.deepEqual([0, 0.004, 0.005, 0.5, 0.994, 0.995, 1, NaN].map(percent), ["", "", "1 %", "50 %", "99 %", "> 99 %", "> 99 %", ""]);
});

test("the answers in one sentence", () => {
  assert.equal(verdict([]), "");
  assert.equal(verdict([["CNN", 7]]), "It says seven.");
  assert.equal(verdict([["MLP", 7], ["CNN", 7]]), "Both say seven.");
  assert.equal(verdict([["A", 0], ["B", 0], ["C", 0]]), "All three say zero.");
  assert.equal(verdict([["MLP", 3], ["CNN", 7]]), "They disagree: MLP says three, CNN says seven.");
});

test("the maps of a layer lie in rows, the last one filled up with zeros", () => {
  const maps = { shape: [5, 1, 2], data: Float32Array.from({ length: 10 }, (_, index) => index + 1) };
  const { size, data, across, down } = mosaic(maps);
  assert.deepEqual([size, across, down], [[2, 8], 4, 2]);
  assert.deepEqual([...data], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 0, 0, 0, 0, 0]);
});

test("ten answers lie in one row, and a map of its own stays itself", () => {
  assert.deepEqual(mosaic({ shape: [10], data: new Float32Array(10) }).size, [1, 10]);
  assert.deepEqual(mosaic({ shape: [1, 3, 4], data: new Float32Array(12) }).size, [3, 4]);
  assert.deepEqual(mosaic({ shape: [128], data: new Float32Array(128) }).size, [8, 16]);
});
