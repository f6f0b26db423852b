// Reads states of PoolingExplorer from standard input and prints what pooling_geometry.mjs makes of
// them. tests/test_pooling_explorer.py makes the states with PyTorch and compares.

import { readFileSync } from "node:fs";

import { covered, gradients, poolShape, poolWindow, pooled, shiftTest, shifted } from "../../course_utils/widgets/pooling_geometry.mjs";

const answers = JSON.parse(readFileSync(0, "utf8")).map((state) => {
  const image = shifted(state.image, state.shift);
  const { rows, columns, height, width } = poolShape(state);
  return {
    output: pooled(image, state),
    windows: Array.from({ length: rows * columns }, (_, index) => poolWindow(image, state, index)),
    gradients: gradients(image, state),
    rows: covered(height, state),
    columns: covered(width, state),
    shift: shiftTest(state),
  };
});
process.stdout.write(JSON.stringify(answers));
