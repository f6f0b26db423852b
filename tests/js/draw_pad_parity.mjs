// Reads {networks, images, drawings} from standard input and prints, as JSON, what the page would
// compute: for each network the last layer's answers to each image (bytes in base64), and the
// pixels of each drawing. tests/network_cases.py and tests/test_draw_pad.py ask.

import { readFileSync } from "node:fs";

import { seenPixels } from "../../course_utils/widgets/drawing.mjs";
import { run, unpackLayers } from "../../course_utils/widgets/network.mjs";
import { decodeTensor } from "../../course_utils/widgets/dom.mjs";

const { networks = [], images, drawings = [] } = JSON.parse(readFileSync(0, "utf8"));

function answers({ layers }) {
  const { shape: [count, ...sides], data } = decodeTensor(images);
  const unpacked = unpackLayers(layers);
  const size = sides.reduce((product, side) => product * side, 1);
  return Array.from({ length: count }, (_, index) => {
    const x = { shape: sides, data: data.slice(index * size, (index + 1) * size) };
    return Array.from(run(unpacked, x).at(-1).data);
  });
}

const seen = drawings.map(({ image, ...rest }) =>
  Array.from(seenPixels({ ...rest, image: image && decodeTensor(image) }).data),
);
process.stdout.write(JSON.stringify({ answers: networks.map(answers), seen }));
