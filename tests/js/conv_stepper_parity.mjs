// Reads states of ConvStepper from standard input and prints what conv_geometry.mjs makes of them.
// tests/conv_stepper_cases.py makes the states with PyTorch, tests/test_conv_stepper.py compares.

import { readFileSync } from "node:fs";

import { geometry, outputs, reach, windowSum } from "../../course_utils/widgets/conv_geometry.mjs";

const answers = JSON.parse(readFileSync(0, "utf8")).map((state) => {
  const shape = geometry(state);
  return {
    outputs: outputs(state),
    rows: reach(shape.height, shape.kernelHeight, state),
    columns: reach(shape.width, shape.kernelWidth, state),
    last: windowSum(state, shape.rows * shape.columns - 1),
  };
});
process.stdout.write(JSON.stringify(answers));
