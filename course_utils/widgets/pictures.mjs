// A picture of the learner's own: chosen as a file or pasted, never sent anywhere but to Python.

import { element } from "./dom.mjs";

const MOST = 256; // pixels along the longer side; larger pictures are shrunk

/** {box, listen(on, root, use)}: use is called with the picture as a (3,H,W) tensor. */
export function pictureChooser() {
  const input = element("input", "cbh-file", "", { type: "file", accept: "image/*" });
  const label = element("label", "cbh-button cbh-choose");
  label.append(input, element("span", "", "Choose a picture\u2026"));
  const problem = element("p", "cbh-problem", "", { role: "alert" });
  const box = element("div", "cbh-pictures");
  box.append(label, element("span", "cbh-note", "or paste one"), problem);

  function listen(on, root, use) {
    const take = async (file) => {
      try {
        use(await readPicture(file));
        problem.textContent = "";
      } catch {
        problem.textContent = `${file.name || "This"} is no picture that the browser can read; PNG and JPEG are.`;
      }
    };
    on(input, "change", () => {
      if (input.files[0]) take(input.files[0]);
      input.value = ""; // the same file may be chosen again
    });
    on(root, "paste", (event) => {
      event.stopPropagation(); // else Jupyter attaches the picture to a cell
      const file = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
      if (!file) return;
      event.preventDefault();
      take(file);
    });
  }
  return { box, listen };
}

async function readPicture(file) {
  const bitmap = await createImageBitmap(file);
  const shrink = Math.min(1, MOST / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * shrink)));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff"; // behind what is transparent
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return fromPixels(context.getImageData(0, 0, width, height));
}

/** Red, green and blue one after the other, from 0 to 1. */
export function fromPixels({ data, width, height }) {
  const plane = width * height;
  const out = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++) {
    for (let channel = 0; channel < 3; channel++) out[channel * plane + i] = data[4 * i + channel] / 255;
  }
  return { shape: [3, height, width], data: out };
}
