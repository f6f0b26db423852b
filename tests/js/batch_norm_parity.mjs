// Reads runs from standard input, [{activations, passes: [state]}], and prints what batch_norm.mjs
// makes of each pass; the running statistics go from one pass to the next.
// tests/test_batch_norm_explorer.py makes the runs with PyTorch and compares.

import { readFileSync } from "node:fs";

import { forward, undoing } from "../../course_utils/widgets/batch_norm.mjs";
import { tensor } from "../../course_utils/widgets/core.mjs";

const answers = JSON.parse(readFileSync(0, "utf8")).map(({ activations: { shape, values }, running, passes }) => {
  let kept = running;
  return passes.map((state) => {
    const { before, after, next, used } = forward(tensor(shape, values), { ...state, ...kept });
    kept = next;
    return { before: [...before], after: [...after], ...next, undoing: undoing(used) };
  });
});
process.stdout.write(JSON.stringify(answers));
