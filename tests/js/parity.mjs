// Reads cases from standard input, [{call, args}], and prints what core.mjs answers, as JSON.
// tests/core_cases.py makes the cases with PyTorch, tests/test_core_parity.py compares.

import { readFileSync } from "node:fs";

import * as core from "../../course_utils/widgets/core.mjs";

const isRecord = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** {shape, values} is a tensor, {values} a vector; all else stands for itself. */
function revive(value) {
  if (!isRecord(value)) return value;
  if (value.shape) return core.tensor(value.shape, value.values);
  if (value.values) return Float32Array.from(value.values);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, revive(part)]));
}

const answers = JSON.parse(readFileSync(0, "utf8")).map(({ call, args }) => {
  const { shape, data } = core[call](...args.map(revive));
  return { shape, values: Array.from(data) };
});
process.stdout.write(JSON.stringify(answers));
