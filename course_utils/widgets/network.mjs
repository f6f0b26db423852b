// A trained network in the page: `run` gives what each layer of an nn.Sequential gives, in
// evaluation mode. network.py packs the layers. No DOM in here.

import { avgPool2d, batchNorm2d, conv2d, linear, maxPool2d, relu, softmax } from "./core.mjs";
import { decodeTensor } from "./dom.mjs";

const KINDS = {
  Conv2d: (x, { weight, bias }, options) => conv2d(x, weight, bias?.data, options),
  BatchNorm2d: (x, { mean, variance, gamma, beta }, { eps }) =>
    batchNorm2d(x, { mean: mean.data, variance: variance.data, gamma: gamma?.data, beta: beta?.data, eps }),
  ReLU: relu,
  MaxPool2d: (x, _, options) => maxPool2d(x, options),
  AvgPool2d: (x, _, options) => avgPool2d(x, options),
  AdaptiveAvgPool2d: (x) => avgPool2d(x, { kernelSize: x.shape.slice(1) }),
  Flatten: (x) => ({ shape: [x.data.length], data: x.data }),
  Linear: (x, { weight, bias }) => linear(x, weight, bias?.data),
  Softmax: softmax,
  Identity: (x) => x,
};

/** The layers as network.py packed them, with their weights as tensors. */
export function unpackLayers(packed) {
  return packed.map((layer) => {
    const arrays = Object.entries(layer.arrays).map(([name, values]) => [name, decodeTensor(values)]);
    return { ...layer, arrays: Object.fromEntries(arrays) };
  });
}

/** One image (C,H,W) through all layers: what each of them gives, in their order. */
export function run(layers, x) {
  let now = x;
  return layers.map(({ kind, arrays, options }) => (now = KINDS[kind](now, arrays, options)));
}
