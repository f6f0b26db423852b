// Reads {networks: [{layers, image, units: [[layer, unit], ...]}]} from standard input and prints, as
// JSON, for each unit: the pixels that it sees, the parts of its sum, and the words for it.
// tests/test_feature_maps.py asks.

import { readFileSync } from "node:fs";

import { decodeTensor } from "../../course_utils/widgets/dom.mjs";
import {
  affine, fieldWords, numberWords, pooledWindow, receptiveField, shapeBehind, totalWords, valueAt, weighted,
} from "../../course_utils/widgets/feature_geometry.mjs";
import { run, unpackLayers } from "../../course_utils/widgets/network.mjs";

const text = (pairs) => pairs.map(([part]) => part).join("");

function explained({ layers, inputs, outputs }, [index, unit]) {
  const [layer, input, output] = [layers[index], inputs[index], outputs[index]];
  const field = receptiveField(layers, inputs, index, unit);
  const answer = { field, value: valueAt(output, unit), sees: fieldWords(field, inputs[0].shape.slice(1)), behind: shapeBehind(layers, inputs, index) };
  if (layer.kind === "Conv2d" || layer.kind === "Linear") {
    const sum = weighted(layer, input, unit);
    return { ...answer, sum, words: text(totalWords(sum)) };
  }
  if (/Pool/.test(layer.kind)) answer.pooled = pooledWindow(layer, input, unit);
  if (layer.kind === "BatchNorm2d") answer.affine = affine(layer, unit[0]);
  return { ...answer, words: numberWords(layer, input, output, unit).map(text).join(" ") };
}

const { networks } = JSON.parse(readFileSync(0, "utf8"));
const answers = networks.map(({ layers: packed, image, units }) => {
  const [layers, x] = [unpackLayers(packed), decodeTensor(image)];
  const outputs = run(layers, x);
  return units.map((unit) => explained({ layers, inputs: [x, ...outputs], outputs }, unit));
});
process.stdout.write(JSON.stringify(answers));
