import assert from "node:assert/strict";
import { test } from "node:test";

import {
  bars, carried, fieldWords, fitted, mapFrame, mapPicture, moved, picture, totalWords, unitAt, unitFrame,
  unitOnMap, unitWords, valueAt,
} from "../../course_utils/widgets/feature_geometry.mjs";

const counted = (...shape) => ({ shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, at) => at) });
const MAPS = counted(5, 4, 6); // beside each other: 4 in the first row, 1 in the second
const text = (pairs) => pairs.map(([part]) => part).join("");

test("a unit is found at its place in the numbers", () => {
  assert.equal(valueAt(MAPS, [2, 3, 5]), 2 * 24 + 3 * 6 + 5);
  assert.equal(valueAt(counted(7), [6]), 6);
});

test("a unit that is not there becomes the one in the middle", () => {
  assert.deepEqual(fitted([5, 4, 6], [4, 3, 5]), [4, 3, 5]);
  for (const wrong of [[5, 0, 0], [0, 4, 0], [3], []]) assert.deepEqual(fitted([5, 4, 6], wrong), [0, 2, 3]);
  assert.deepEqual(fitted([10], [1, 2, 3]), [0]);
});

test("another layer is entered at the same place of the image, a vector at its largest number", () => {
  assert.deepEqual(carried({ shape: [8, 14, 14] }, [12, 27, 13], [16, 28, 28]), [7, 13, 6]);
  assert.deepEqual(carried({ shape: [8, 28, 28] }, [2, 6, 0], [16, 14, 14]), [2, 13, 1]);
  assert.deepEqual(carried({ shape: [3], data: Float32Array.of(-9, 4, 2) }, [0, 1, 1], [1, 2, 2]), [1]);
  assert.deepEqual(carried({ shape: [2, 4, 4] }, [5], [10]), [0, 2, 2]);
});

test("the keys move a unit and stop at every edge", () => {
  const shape = [5, 4, 6];
  const ways = { ArrowUp: [2, 0, 2], ArrowDown: [2, 2, 2], ArrowLeft: [2, 1, 1], ArrowRight: [2, 1, 3], PageUp: [1, 1, 2], PageDown: [3, 1, 2], Home: [2, 1, 0], End: [2, 1, 5] };
  for (const [key, place] of Object.entries(ways)) assert.deepEqual(moved(shape, [2, 1, 2], key), place, key);
  for (const key of Object.keys(ways)) {
    for (const corner of [[0, 0, 0], [4, 3, 5]]) moved(shape, corner, key).forEach((at, axis) => assert.ok(at >= 0 && at < shape[axis]));
  }
  assert.deepEqual(moved([128], [5], "PageDown"), [15]);
  assert.deepEqual([moved([10], [9], "ArrowRight"), moved([10], [3], "Home"), moved([10], [3], "End")], [[9], [0], [9]]);
  assert.equal(moved(shape, [0, 0, 0], "a"), null);
});

test("every unit is found again in the middle of its own frame", () => {
  for (let at = 0; at < MAPS.data.length; at++) {
    const unit = [Math.floor(at / 24), Math.floor(at / 6) % 4, at % 6];
    const [left, top, width, height] = unitFrame(MAPS.shape, unit);
    assert.deepEqual(unitOnMap(MAPS, unit, left + width / 2, top + height / 2), unit);
    const around = mapFrame(MAPS, unit);
    const [x, y] = [around[0] + (left + width / 2) * around[2], around[1] + (top + height / 2) * around[3]];
    assert.deepEqual(unitAt(MAPS, x, y), unit);
    assert.equal(mapPicture(MAPS, unit).data[unit[1] * 6 + unit[2]], valueAt(MAPS, unit));
  }
  assert.equal(unitAt(MAPS, 0.9, 0.9), null); // where no map is
  assert.deepEqual(unitAt(counted(10), 0.55, 0.1), [5]);
  assert.deepEqual(unitAt(counted(10), 1.5, 0), [9]); // a pointer that left the picture
});

test("bars stand on a line at zero, as long as their numbers", () => {
  const { size: [high, wide], data } = bars({ shape: [3], data: Float32Array.of(2, -1, 0) });
  const column = (index) => Array.from({ length: high }, (_, row) => data[row * wide + Math.floor((index + 0.4) * wide / 3)]);
  assert.equal(column(0).filter((value) => value === 2).length, (2 * high) / 3);
  assert.equal(column(1).filter((value) => value === -1).length, high / 3);
  assert.ok(column(2).every((value) => value === 0));
  assert.equal(column(0).lastIndexOf(2) + 1, column(1).indexOf(-1));
  assert.ok(bars({ shape: [2], data: new Float32Array(2) }).data.every((value) => value === 0));
  assert.equal(picture(counted(128)).size[1] % 128, 0);
});

test("what a unit sees, in words", () => {
  assert.equal(fieldWords({ rows: [3, 4, 5], columns: [7] }, [28, 28]), "It sees rows 3 to 5, column 7 of the image: 3 \u00d7 1 pixels.");
  assert.equal(fieldWords({ rows: [0, 1], columns: [0, 1] }, [2, 2]), "It sees the whole image.");
  assert.match(fieldWords({ rows: [], columns: [1] }, [2, 2]), /nothing of the image/);
  assert.equal(unitWords([16, 4, 4], [3, 1, 2]), "map 3, row 1, column 2");
  assert.equal(unitWords([1, 28, 28], [0, 1, 2]), "row 1, column 2");
  assert.equal(unitWords([10], [7]), "unit 7");
});

test("a sum in one line names what is listed, the rest, and the bias", () => {
  const groups = [{ at: [4, 0, 0], sum: 2 }, { at: [1, 0, 0], sum: -1 }];
  const line = (sum) => text(totalWords(sum));
  assert.equal(line({ groups, isGrid: true, rest: { count: 1, sum: 0.5 }, bias: -0.25, sum: 1.25 }),
    "map 4: 2 + map 1: (\u22121) + the other 1 map: 0.5 + bias: (\u22120.25) = 1.25");
  assert.equal(line({ groups, isGrid: false, rest: { count: 9, sum: 3 }, bias: null, sum: 4 }), "these: 1 + the other 9: 3 = 4");
  assert.equal(line({ groups: groups.slice(0, 1), isGrid: true, rest: { count: 0, sum: 0 }, bias: null, sum: 2 }), "products: 2 = 2");
});
