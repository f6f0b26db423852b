// The arithmetic of a convolutional network, as PyTorch does it. No DOM in here.
//
// A tensor is {shape, data}: data is a Float32Array, the last index runs fastest. Images are
// C,H,W, weights O,C,kh,kw. Sums are taken in double precision and stored in single.

/** A tensor of this shape, of zeros or over the given numbers. */
export function tensor(shape, data = null) {
  const size = shape.reduce((product, length) => product * length, 1);
  const held = data === null ? new Float32Array(size) : Float32Array.from(data);
  if (held.length !== size) {
    throw new Error(`shape ${shape} needs ${size} numbers, got ${held.length}`);
  }
  return { shape: [...shape], data: held };
}

/** As F.pad(x, (pw, pw, ph, ph), mode): a border of ph rows and pw columns on each side. */
export function pad(x, padding, mode = "zeros") {
  const [channels, height, width] = expectShape(x, 3, "x must be C,H,W");
  const [ph, pw] = pair(padding, "padding", 0);
  checkMode(mode, [height, width], [ph, pw]);
  const out = tensor([channels, height + 2 * ph, width + 2 * pw]);
  const [rows, columns] = [sources(height, ph, mode), sources(width, pw, mode)];
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (const row of rows) {
      const start = (c * height + row) * width;
      for (const column of columns) {
        out.data[at++] = row < 0 || column < 0 ? 0 : x.data[start + column];
      }
    }
  }
  return out;
}

/** For each index of the padded side, the index that its value comes from, or -1 for a zero. */
export function sources(length, padding, mode) {
  return Array.from({ length: length + 2 * padding }, (_, index) => {
    const i = index - padding;
    if (i >= 0 && i < length) return i;
    if (mode === "zeros") return -1;
    if (mode === "replicate") return i < 0 ? 0 : length - 1;
    return i < 0 ? -i : 2 * (length - 1) - i;
  });
}

function checkMode(mode, sizes, paddings) {
  if (!["zeros", "reflect", "replicate"].includes(mode)) {
    throw new Error(`paddingMode must be zeros, reflect or replicate, got ${mode}`);
  }
  paddings.forEach((padding, side) => {
    if (mode === "reflect" && padding >= sizes[side]) {
      throw new Error(
        `reflect needs a padding smaller than the image, got ${padding} for ${sizes[side]}; pad less`,
      );
    }
  });
}

/** How many places a window has: floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1. */
export function outputSize(size, kernel, stride = 1, padding = 0, dilation = 1) {
  return Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
}

/** As nn.Conv2d with these weights; the kernel is not flipped. */
export function conv2d(x, weight, bias = null, options = {}) {
  const [channels, height, width] = expectShape(x, 3, "x must be C,H,W");
  const [outputs, inputs, kh, kw] = expectShape(weight, 4, "weight must be O,C,kh,kw");
  if (inputs !== channels) {
    throw new Error(`weight must have ${channels} input channels as x has, got ${inputs}`);
  }
  expectLength(bias, outputs, "bias");
  const [sh, sw] = pair(options.stride ?? 1, "stride", 1);
  const [ph, pw] = pair(options.padding ?? 0, "padding", 0);
  const [dh, dw] = pair(options.dilation ?? 1, "dilation", 1);
  const rows = expectRoom(outputSize(height, kh, sh, ph, dh), "rows");
  const columns = expectRoom(outputSize(width, kw, sw, pw, dw), "columns");
  const padded = ph || pw ? pad(x, [ph, pw], options.paddingMode ?? "zeros") : x;
  const out = tensor([outputs, rows, columns]);
  const cross = outputs < 4 ? weightByWeight : windowByWindow; // each is the faster one for such
  cross(padded, weight, bias, out, [sh, sw], [dh, dw]);
  return out;
}

function weightByWeight(x, { shape: [outputs, channels, kh, kw], data }, bias, out, strides, [dh, dw]) {
  const sides = out.shape.slice(1);
  const plane = new Float64Array(sides[0] * sides[1]);
  for (let o = 0, at = 0; o < outputs; o++) {
    plane.fill(bias ? bias[o] : 0);
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < kh; i++) {
        for (let j = 0; j < kw; j++, at++) addScaled(plane, sides, x, [c, i * dh, j * dw], strides, data[at]);
      }
    }
    out.data.set(plane, o * plane.length);
  }
}

/** plane += scale * x, seen from the position [channel, row, column] on in steps of the stride. */
function addScaled(plane, [rows, columns], x, [channel, top, left], [sh, sw], scale) {
  const { data, shape: [, height, width] } = x;
  if (scale === 0) return; // an image has no infinities that 0 * x would have to pass on
  for (let r = 0; r < rows; r++) {
    let from = (channel * height + top + r * sh) * width + left;
    const end = (r + 1) * columns;
    for (let to = r * columns; to < end; to++, from += sw) plane[to] += scale * data[from];
  }
}

function windowByWindow(x, { shape: [, , kh, kw], data }, bias, out, [sh, sw], dilation) {
  const [, rows, columns] = out.shape;
  const offsets = windowOffsets(x.shape, [kh, kw], dilation);
  const window = new Float64Array(offsets.length);
  for (let row = 0, place = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, place++) {
      const start = row * sh * x.shape[2] + column * sw;
      for (let i = 0; i < window.length; i++) window[i] = x.data[start + offsets[i]];
      weigh(window, data, bias, out.data, place, rows * columns);
    }
  }
}

/** How far each number that a window reads lies from its first one, in the order of the weights. */
function windowOffsets([channels, height, width], [kh, kw], [dh, dw]) {
  return Int32Array.from({ length: channels * kh * kw }, (_, index) => {
    const [c, i, j] = [Math.floor(index / (kh * kw)), Math.floor(index / kw) % kh, index % kw];
    return (c * height + i * dh) * width + j * dw;
  });
}

/** One window under all kernels, four at a time: each number is read once for four products. */
function weigh(window, weights, bias, out, place, plane) {
  const size = window.length;
  const outputs = weights.length / size;
  let o = 0;
  for (; o + 3 < outputs; o += 4) {
    const [first, second, third, fourth] = [o * size, (o + 1) * size, (o + 2) * size, (o + 3) * size];
    let [a, b, c, d] = bias ? [bias[o], bias[o + 1], bias[o + 2], bias[o + 3]] : [0, 0, 0, 0];
    for (let i = 0; i < size; i++) {
      const value = window[i];
      a += weights[first + i] * value;
      b += weights[second + i] * value;
      c += weights[third + i] * value;
      d += weights[fourth + i] * value;
    }
    const to = o * plane + place;
    out[to] = a;
    out[to + plane] = b;
    out[to + 2 * plane] = c;
    out[to + 3 * plane] = d;
  }
  for (; o < outputs; o++) {
    let sum = bias ? bias[o] : 0;
    for (let i = 0; i < size; i++) sum += weights[o * size + i] * window[i];
    out[o * plane + place] = sum;
  }
}

/** As F.max_pool2d: the padding never wins. */
export function maxPool2d(x, options) {
  return pool(x, options, (values, [top, bottom], [left, right]) => {
    let best = -Infinity;
    for (let r = top; r < bottom; r++) {
      for (let c = left; c < right; c++) best = Math.max(best, values(r, c));
    }
    return best;
  });
}

/** As F.avg_pool2d: the padding's zeros are counted, what lies beyond the padding is not. */
export function avgPool2d(x, options) {
  return pool(x, options, (values, [top, bottom], [left, right], counted) => {
    let sum = 0;
    for (let r = top; r < bottom; r++) {
      for (let c = left; c < right; c++) sum += values(r, c);
    }
    return sum / counted;
  });
}

function pool(x, { kernelSize, stride = kernelSize, padding = 0, ceilMode = false }, reduce) {
  const [channels, height, width] = expectShape(x, 3, "x must be C,H,W");
  const kernel = pair(kernelSize, "kernelSize", 1);
  const [steps, pads] = [pair(stride, "stride", 1), pair(padding, "padding", 0)];
  kernel.forEach((size, side) => {
    if (2 * pads[side] > size) {
      throw new Error(`padding must be at most half the kernel size ${size}, got ${pads[side]}`);
    }
  });
  const windows = [height, width].map((size, side) =>
    poolWindows(size, kernel[side], steps[side], pads[side], ceilMode),
  );
  const out = tensor([channels, windows[0].length, windows[1].length]);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    const values = (row, column) => x.data[(c * height + row) * width + column];
    for (const down of windows[0]) {
      for (const across of windows[1]) {
        out.data[at++] = reduce(values, down.inside, across.inside, down.counted * across.counted);
      }
    }
  }
  return out;
}

/** Along one side: for each window the part [from, to) inside the image, and how much counts. */
export function poolWindows(size, kernel, stride, padding, ceilMode) {
  const places = (size + 2 * padding - kernel) / stride;
  let count = expectRoom((ceilMode ? Math.ceil(places) : Math.floor(places)) + 1, "windows");
  // with ceil mode the last window must still begin inside the image or its left padding
  if (ceilMode && (count - 1) * stride >= size + padding) count--;
  return Array.from({ length: count }, (_, index) => {
    const start = index * stride - padding;
    const end = Math.min(start + kernel, size + padding);
    return { inside: [Math.max(start, 0), Math.min(end, size)], counted: end - start };
  });
}

/** As F.batch_norm on one image. Without mean and variance they are taken from x itself. */
export function batchNorm2d(x, options = {}) {
  const [channels, height, width] = expectShape(x, 3, "x must be C,H,W");
  const { mean = null, variance = null, gamma = null, beta = null, eps = 1e-5 } = options;
  Object.entries({ mean, variance, gamma, beta }).forEach(([name, values]) =>
    expectLength(values, channels, name),
  );
  if ((mean === null) !== (variance === null)) {
    throw new Error("mean and variance belong together, got one of them; give both or neither");
  }
  const out = tensor(x.shape);
  const size = height * width;
  for (let c = 0; c < channels; c++) {
    const [m, v] = mean ? [mean[c], variance[c]] : moments(x.data, c * size, size);
    const scale = (gamma ? gamma[c] : 1) / Math.sqrt(v + eps);
    for (let i = c * size; i < (c + 1) * size; i++) {
      out.data[i] = (x.data[i] - m) * scale + (beta ? beta[c] : 0);
    }
  }
  return out;
}

/** Mean and (biased) variance of `size` numbers from `start` on. */
export function moments(data, start = 0, size = data.length) {
  let [sum, squares] = [0, 0];
  for (let i = start; i < start + size; i++) sum += data[i];
  const mean = sum / size;
  for (let i = start; i < start + size; i++) squares += (data[i] - mean) ** 2;
  return [mean, squares / size];
}

/** As F.linear: x (..., in), weight (out, in). */
export function linear(x, weight, bias = null) {
  const [outputs, inputs] = expectShape(weight, 2, "weight must be out,in");
  const last = x.shape[x.shape.length - 1];
  if (last !== inputs) {
    throw new Error(`x must end in ${inputs} features as weight does, got ${last}`);
  }
  expectLength(bias, outputs, "bias");
  const rows = x.data.length / inputs;
  const out = tensor([...x.shape.slice(0, -1), outputs]);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outputs; o++) {
      let sum = bias ? bias[o] : 0;
      for (let i = 0; i < inputs; i++) sum += x.data[r * inputs + i] * weight.data[o * inputs + i];
      out.data[r * outputs + o] = sum;
    }
  }
  return out;
}

export function relu(x) {
  return { shape: [...x.shape], data: x.data.map((value) => Math.max(value, 0)) };
}

/** Over the last index; the largest value is subtracted first, so that nothing overflows. */
export function softmax(x) {
  const size = x.shape[x.shape.length - 1];
  const out = tensor(x.shape);
  for (let start = 0; start < x.data.length; start += size) {
    const row = Float64Array.from(x.data.subarray(start, start + size));
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const powers = row.map((value) => Math.exp(value - largest));
    const sum = powers.reduce((a, b) => a + b, 0);
    out.data.set(powers.map((value) => value / sum), start);
  }
  return out;
}

/** A number for both sides, or [down, across]; whole, and not below the least. */
export function pair(value, name, least) {
  const both = Array.isArray(value) ? value : [value, value];
  if (both.length !== 2 || !both.every((number) => Number.isInteger(number) && number >= least)) {
    throw new Error(`${name} must be a whole number of at least ${least}, or two, got ${value}`);
  }
  return both;
}

function expectShape(x, dimensions, expected) {
  const shape = x?.shape;
  if (!Array.isArray(shape) || shape.length !== dimensions) {
    throw new Error(`${expected}, got shape ${shape}`);
  }
  if (shape.reduce((a, b) => a * b, 1) !== x.data.length || x.data.length === 0) {
    throw new Error(`shape ${shape} must fit its data and not be empty, got ${x.data.length} numbers`);
  }
  return shape;
}

function expectLength(values, length, name) {
  if (values !== null && values.length !== length) {
    throw new Error(`${name} must have ${length} numbers, one per channel, got ${values.length}`);
  }
}

function expectRoom(count, name) {
  if (count >= 1) return count;
  throw new Error(`the kernel must fit into the padded image, got ${count} ${name}; pad more`);
}

// From the pen to an image like MNIST's. Sizes in pixels.

export const PEN = { box: 20, frame: 28, centre: 14, width: 2.5, fine: 4 };

/**
 * Strokes, each a list of points [x, y], as MNIST would show them: (1, 28, 28), from 0 to 1.
 * The ink is fitted into 20 px, drawn anew with a pen of 2.5 px, and moved by whole pixels until
 * its centre of mass is at index 14. A dot stays a dot; no stroke at all gives an empty image.
 */
export function normalizeDrawing(strokes) {
  return centreOfMass(inkStrokes(fitStrokes(strokes.filter((stroke) => stroke.length > 0)), PEN.box));
}

/** Strokes in pixels of the frame, inked where they are: (1, 28, 28), from 0 to 1. */
export function inkDrawing(strokes) {
  return inkStrokes(strokes, PEN.frame);
}

/** Scale and move, so that the ink's longer side fills the box. */
function fitStrokes(strokes) {
  const points = strokes.flat();
  const sides = [0, 1].map((axis) => {
    let [low, high] = [Infinity, -Infinity];
    for (const point of points) {
      low = Math.min(low, point[axis]);
      high = Math.max(high, point[axis]);
    }
    return [low, high];
  });
  const longer = Math.max(...sides.map(([low, high]) => high - low));
  const scale = longer > 0 ? (PEN.box - PEN.width) / longer : 0;
  return strokes.map((stroke) =>
    stroke.map((point) =>
      sides.map(([low, high], axis) => (point[axis] - (low + high) / 2) * scale + PEN.box / 2),
    ),
  );
}

/** The share of each pixel that lies within half a pen's width of a stroke: (1, size, size). */
function inkStrokes(paths, size) {
  const side = size * PEN.fine;
  const inked = new Uint8Array(side * side);
  for (const path of paths) {
    path.forEach((point, index) => inkSegment(inked, side, path[Math.max(index - 1, 0)], point));
  }
  const out = tensor([1, size, size]);
  inked.forEach((ink, index) => {
    const [row, column] = [Math.floor(index / side), index % side];
    out.data[Math.floor(row / PEN.fine) * size + Math.floor(column / PEN.fine)] += ink / PEN.fine ** 2;
  });
  return out;
}

function inkSegment(inked, side, [x0, y0], [x1, y1]) {
  const radius = PEN.width / 2;
  const range = (a, b) => [
    Math.max(Math.floor((Math.min(a, b) - radius) * PEN.fine), 0),
    Math.min(Math.ceil((Math.max(a, b) + radius) * PEN.fine), side - 1),
  ];
  const [[left, right], [top, bottom]] = [range(x0, x1), range(y0, y1)];
  const [dx, dy] = [x1 - x0, y1 - y0];
  const squared = dx * dx + dy * dy;
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const [x, y] = [(column + 0.5) / PEN.fine, (row + 0.5) / PEN.fine];
      const along = squared > 0 ? ((x - x0) * dx + (y - y0) * dy) / squared : 0;
      const t = Math.min(Math.max(along, 0), 1);
      const [besideX, besideY] = [x - x0 - t * dx, y - y0 - t * dy];
      if (besideX * besideX + besideY * besideY <= radius * radius) inked[row * side + column] = 1;
    }
  }
}

/** Place a (1, n, n) image in the frame, its centre of mass at index 14; what leaves it is cut off. */
export function centreOfMass({ shape: [, size], data }) {
  let [mass, down, across] = [0, 0, 0];
  data.forEach((ink, index) => {
    mass += ink;
    down += ink * Math.floor(index / size);
    across += ink * (index % size);
  });
  const out = tensor([1, PEN.frame, PEN.frame]);
  if (mass === 0) return out;
  const [top, left] = [down, across].map((moment) => Math.round(PEN.centre - moment / mass));
  data.forEach((ink, index) => {
    const [row, column] = [top + Math.floor(index / size), left + (index % size)];
    if (Math.min(row, column) >= 0 && Math.max(row, column) < PEN.frame) {
      out.data[row * PEN.frame + column] = ink;
    }
  });
  return out;
}
