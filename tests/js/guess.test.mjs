import assert from "node:assert/strict";
import { test } from "node:test";

import { status } from "../../course_utils/lesson/guess.mjs";

const cases = [
  ["before a choice it asks for one", -1, "", "Choose before you run on."],
  ["after a choice it points to the experiment", 1, "", "You guessed 9. Now run on."],
  ["the outcome stands beside the guess", 1, "Measured: 4.", "You guessed 9. Measured: 4."],
  ["the outcome waits for whoever has not guessed", -1, "Measured: 4.", "Choose before you read on."],
];

for (const [name, chosen, outcome, expected] of cases) {
  test(name, () => assert.equal(status(["4", "9"], chosen, outcome), expected));
}
