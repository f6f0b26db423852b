// What each layer of a network gives for one image, as small pictures.

import { element, paintSigned, setText } from "./dom.mjs";

const UNSEEN = ["Flatten", "Identity"]; // layers that change no number

/** All maps of a layer beside each other: {size: [rows, columns] of pixels, data, across, down}. */
export function mosaic({ shape, data }) {
  const [maps, height, width] = shape.length === 3 ? shape : [data.length, 1, 1];
  const across = maps <= 10 && height * width === 1 ? maps : 2 ** Math.ceil(Math.log2(Math.sqrt(maps)));
  const down = Math.ceil(maps / across);
  const out = new Float32Array(across * down * height * width);
  let from = 0;
  for (let map = 0; map < maps; map++) {
    const [top, left] = [Math.floor(map / across) * height, (map % across) * width];
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        out[(top + row) * across * width + left + column] = data[from++];
      }
    }
  }
  return { size: [down * height, across * width], data: out, across, down };
}

/**
 * {box, parts(), build(network), paint(outputs)}: outputs are those of `run`, or null where there is
 * no image; parts are {index, frame, canvas} of the layers that are shown; `picture` is as `mosaic`.
 */
export function layerMaps(picture = mosaic) {
  const box = element("div", "cbh-pad-maps");
  let parts = [];
  return {
    box,
    parts: () => parts,
    build(network) {
      parts = (network?.layers ?? []).map(buildLayer).filter(({ kind }) => !UNSEEN.includes(kind));
      const title = element("p", "cbh-pad-title", network ? `Through the layers of ${network.name}` : "");
      const note = element("span", "cbh-pad-note", "white is 0, green above, purple below");
      title.append(note);
      box.replaceChildren(title, ...parts.map(({ figure }) => figure));
    },
    paint: (outputs) => parts.forEach((part) => paintLayer(part, outputs?.[part.index], picture)),
  };
}

function buildLayer({ kind, path }, index) {
  const [figure, frame, size] = [element("figure", "cbh-pad-layer"), element("div", "cbh-pad-mosaic"), element("span")];
  const canvas = element("canvas", "", "", { role: "img", "aria-label": `What layer ${path}, ${kind}, gives` });
  const caption = element("figcaption", "", `${path} ${kind} `);
  caption.append(size);
  frame.append(canvas);
  figure.append(frame, caption);
  return { index, kind, figure, frame, canvas, size };
}

function paintLayer({ canvas, frame, size }, output, picture) {
  if (!output) return canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  const { size: pixels, data, across, down } = picture(output);
  let most = 0;
  for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(data[i]));
  paintSigned(canvas, pixels, data, most);
  if (size.textContent) return; // the sizes stay what they are
  setText(size, output.shape.join(" \u00d7 "));
  Object.entries({ across, down }).forEach(([name, count]) => frame.style.setProperty(`--${name}`, count));
}
