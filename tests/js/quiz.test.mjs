import assert from "node:assert/strict";
import { test } from "node:test";

import { parts, pick, summary, target } from "../../course_utils/lesson/quiz.mjs";

const choices = [{ right: false }, { right: true }];
const questions = [{ choices }, { choices }];

const lines = [
  ["before the first pick it invites", [[], []], "Pick what you think; every choice answers."],
  ["a wrong pick answers nothing yet", [[0], []], "0 of 2 answered, 0 at the first try."],
  ["a right one after a wrong one counts as answered", [[0, 1], []], "1 of 2 answered, 0 at the first try."],
  ["right at once is told", [[0, 1], [1]], "2 of 2 answered, 1 at the first try."],
  ["looking at the others afterwards changes nothing", [[1, 0], [1]], "2 of 2 answered, 2 at the first try."],
];
for (const [name, tried, expected] of lines) {
  test(name, () => assert.equal(summary(questions, tried), expected));
}

test("a pick is noted for its question, in order, and once", () => {
  const before = [[], [1]];
  assert.deepEqual(pick(before, 1, 0), [[], [1, 0]]);
  assert.deepEqual(pick(before, 1, 1), [[], [1]]);
  assert.deepEqual(before, [[], [1]]);
});

test("arrows walk around the choices, other keys do not", () => {
  assert.equal(target("ArrowDown", 0, 3), 1);
  assert.equal(target("ArrowDown", 2, 3), 0);
  assert.equal(target("ArrowUp", 0, 3), 2);
  assert.equal(target("Enter", 0, 3), null);
});

test("text falls into words and code", () => {
  assert.deepEqual(parts("is `a < b` so?"), [["is ", false], ["a < b", true], [" so?", false]]);
  assert.deepEqual(parts("`code`"), [["code", true]]);
  assert.deepEqual(parts("words"), [["words", false]]);
});
