// What several widgets need from the page: elements, colours, decoding, and talking to Python.

/** A new element: element("p", "cbh-note", "text", {role: "status"}). Text never becomes HTML. */
export function element(tag, className = "", text = "", attributes = {}) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  return made;
}

/** The root of a widget: JupyterLab and others leave the keys that are pressed in it alone. */
export function widgetRoot(className, tag = "div") {
  const root = element(tag, `cbh ${className}`);
  // Jupyter looks for its mark from the focused element upwards, and stops where a shortcut fits:
  // some fit the focused element itself. So the root has the mark, and what is in focus too.
  const mark = (target) => (target.dataset.lmSuppressShortcuts = "true");
  mark(root);
  root.addEventListener("focusin", (event) => mark(event.target));
  root.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && (event.shiftKey || event.ctrlKey)) runCell(root, event);
  });
  return root;
}

/** Shift+Enter belongs to the cell, wherever in it the learner clicked last: Jupyter gets it there. */
function runCell(root, event) {
  const cell = root.closest(".jp-Cell");
  if (!cell) return;
  const { key, code, keyCode, shiftKey, ctrlKey } = event;
  event.preventDefault();
  cell.focus();
  cell.dispatchEvent(new KeyboardEvent("keydown", { key, code, keyCode, shiftKey, ctrlKey, bubbles: true, cancelable: true }));
}

/** Listen until the view closes: listeners.on(target, "click", f), then listeners.removeAll(). */
export function listeners() {
  const controller = new AbortController();
  return {
    on: (target, type, listener, options = {}) =>
      target.addEventListener(type, listener, { ...options, signal: controller.signal }),
    removeAll: () => controller.abort(),
  };
}

/** Python hears of a change at once, and of further ones at most every 100 ms; the last one always. */
export function syncSlowly(model, interval = 100) {
  let [timer, waiting] = [null, false];
  const send = () => {
    waiting = false;
    model.save_changes();
    timer = setTimeout(() => {
      timer = null;
      if (waiting) send();
    }, interval);
  };
  return {
    save: () => (timer === null ? send() : (waiting = true)),
    close: () => {
      clearTimeout(timer);
      if (waiting) model.save_changes();
    },
  };
}

/** Paint at the next frame, however often it is asked for before. */
export function atNextFrame(paint) {
  let asked = 0;
  const ask = () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      paint();
    });
  };
  return { ask, cancel: () => cancelAnimationFrame(asked) };
}

/**
 * Open a view: {model, root, ...}. It gets `on` to listen with, `frame` to ask for a painting, and
 * `python` to save with; `start` lays it out and listens. It is painted now and whenever a trait
 * changes, after `adopt` took the change over. What comes back closes it, and leaves nothing behind.
 */
export function openView(view, { el, traits, start, paint, adopt = () => {}, save = () => view.model.save_changes() }) {
  const { on, removeAll } = listeners();
  Object.assign(view, { on, frame: atNextFrame(() => paint(view)), python: syncSlowly({ save_changes: save }) });
  const hear = () => {
    adopt(view);
    view.frame.ask();
  };
  const changes = traits.map((name) => `change:${name}`).join(" ");
  start(view);
  view.model.on(changes, hear);
  adopt(view);
  paint(view);
  el.append(view.root);
  return () => {
    view.model.off(changes, hear);
    clearTimeout(view.timer);
    view.frame.cancel();
    view.python.close();
    removeAll();
  };
}

/** Change a text only where it is another one: what stays costs no layout. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** {shape, data: base64 of float32} from Python -> a tensor. */
export function decodeTensor({ shape, data }) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  return { shape, data: new Float32Array(bytes.buffer) };
}

/** The way back. */
export function encodeTensor({ shape, data }) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let letters = "";
  for (let start = 0; start < bytes.length; start += 8192) {
    letters += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return { shape: [...shape], data: btoa(letters) };
}

/** A number as a reader wants it: 3 digits after the point at most, a real minus sign. */
export function readable(value, digits = 3) {
  const rounded = Number(value.toFixed(digits));
  return String(rounded === 0 ? 0 : rounded).replace("-", "\u2212");
}

// Signed values: purple below zero, white at zero, and above zero green (what comes out) or
// orange (the kernel). From ColorBrewer's PRGn and PuOr, safe for colour-blind eyes.
const SCALES = {
  out: { below: [118, 42, 131], above: [21, 110, 64] },
  kernel: { below: [118, 42, 131], above: [194, 86, 12] },
};

/** [r, g, b] for a value between -limit and limit. */
export function signedColour(value, limit, scale = "out") {
  const share = limit > 0 ? Math.min(Math.abs(value) / limit, 1) : 0;
  const end = value < 0 ? SCALES[scale].below : SCALES[scale].above;
  return end.map((part) => Math.round(255 + (part - 255) * share));
}

/** Black or white, whichever is easier to read on [r, g, b]. */
export function inkOn(colour) {
  const linear = colour.map((part) => (part / 255 <= 0.04 ? part / 3295 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return luminance > 0.179 ? "#000000" : "#ffffff"; // there both contrasts are equal (WCAG 2)
}

export function css([red, green, blue]) {
  return `rgb(${red}, ${green}, ${blue})`;
}

/** Paint one map (H,W values) in signed colours. */
export function paintSigned(canvas, size, data, limit, scale = "out") {
  const table = colourTable(scale);
  const step = limit > 0 ? 255 / limit : 0;
  paintPixels(canvas, size, (index) => {
    const place = 255.5 + data[index] * step; // never below 0, so that | 0 rounds down
    return table[place < 0 ? 0 : place > 510 ? 510 : place | 0];
  });
}

const tables = new Map();

/** The colours from -limit to limit in 511 steps, made once. */
function colourTable(scale) {
  if (!tables.has(scale)) {
    const colours = Array.from({ length: 511 }, (_, i) => packed(signedColour(i - 255, 255, scale)));
    tables.set(scale, Uint32Array.from(colours));
  }
  return tables.get(scale);
}

/** Paint an image (1 or 3 channels, from 0 to 1) in its own colours. */
export function paintImage(canvas, { shape: [channels, height, width], data }) {
  const plane = height * width;
  const [green, blue] = channels === 3 ? [plane, 2 * plane] : [0, 0];
  const byte = (index) => Math.round(255 * data[index]);
  paintPixels(canvas, [height, width], (i) => packed([byte(i), byte(i + green), byte(i + blue)]));
}

/** Paint one map in grey: black at 0 and below, white at `white` and above. */
export function paintGrey(canvas, size, data, white) {
  paintPixels(canvas, size, (index) => {
    const level = Math.max(0, Math.min(255, Math.round((255 * data[index]) / white)));
    return packed([level, level, level]);
  });
}

/** One pixel as canvases hold it: red in the lowest byte, and nothing shines through. */
function packed([red, green, blue]) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

function paintPixels(canvas, [height, width], colour) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = colour(i);
  canvas.getContext("2d").putImageData(image, 0, 0);
}
