// What batch norm makes of one batch, as nn.BatchNorm2d does it, and the sums behind its pictures.
// A state has the names of the traits in batch_norm_explorer.py. No DOM in here.

import { batchNorm2d, moments, tensor } from "./core.mjs";

export const EPS = 1e-5;

/** The numbers of one channel in these images, or in all of them, in rising order. */
export function channelOf({ shape: [count, channels, height, width], data }, channel, images = [...Array(count).keys()]) {
  const plane = height * width;
  const values = new Float32Array(images.length * plane);
  images.forEach((image, i) => {
    const from = (image * channels + channel) * plane;
    values.set(data.subarray(from, from + plane), i * plane);
  });
  return values.sort();
}

/** Which images the batch of a state has: the next ones of the shuffled order, which begins anew. */
export function imagesOf({ step, batch_size: size, _order: order }) {
  return Array.from({ length: size }, (_, i) => order[(step * size + i) % order.length]);
}

/** Mean, variance, and the variance divided by count - 1: not a number where there is one value. */
export function statistics(values) {
  const [mean, variance] = moments(values);
  const count = values.length;
  const [low, high] = [values[0], values[count - 1]]; // they come in rising order
  return { count, mean, variance, unbiased: (variance * count) / (count - 1), low, high };
}

/** What a state comes to: the shown channel before and after, and the running statistics then. */
export function forward(activations, state) {
  const { channel, training, momentum } = state;
  const images = imagesOf(state);
  const values = state.gamma.map((_, c) => channelOf(activations, c, images));
  const [before, batches] = [values[channel], values.map(statistics)];
  const running = { mean: state.running_mean[channel], variance: state.running_var[channel] };
  const used = training ? batches[channel] : running;
  const refused = training && before.length === 1;
  const next = (old, name) =>
    training && !refused ? old.map((value, c) => (1 - momentum) * value + momentum * batches[c][name]) : old;
  return {
    before, used, refused, running, batches, batch: batches[channel],
    after: refused ? null : normalise(before, used, state.gamma[channel], state.beta[channel]),
    next: { running_mean: next(state.running_mean, "mean"), running_var: next(state.running_var, "unbiased") },
  };
}

export function normalise(values, { mean, variance }, gamma, beta) {
  const given = { mean: [mean], variance: [variance], gamma: [gamma], beta: [beta], eps: EPS };
  return batchNorm2d(tensor([1, 1, values.length], values), given).data;
}

/** Gamma and beta that bring back what came in. */
export function undoing({ mean, variance }) {
  return { gamma: Math.sqrt(variance + EPS), beta: mean };
}

/** True where after equals before, up to the rounding of float32. */
export function isUndone({ before, after }) {
  const largest = Math.max(Math.abs(before[0]), Math.abs(before.at(-1)));
  return after !== null && after.every((value, i) => Math.abs(value - before[i]) <= 1e-5 * largest);
}

/** The words of PyTorch. */
export function refusal(channels) {
  return `ValueError: Expected more than 1 value per channel when training, got input size torch.Size([1, ${channels}, 1, 1])`;
}

// ---------------------------------------------------------------- formulas

const bracketed = (text) => (text.startsWith("\u2212") ? `(${text})` : text);

/** The formulas for one activation: rows of a name, and pieces of text with what they belong to. */
export function fourSteps({ training, channel, gamma, beta }, { before, after, used, batch }, at) {
  const normal = (value) => (value - used.mean) / Math.sqrt(used.variance + EPS);
  const size = (values) => Math.max(...values.map(Math.abs));
  const [x, mean] = [before[at], used.mean].map((value) => rounded(value, 4, size([before[at], used.mean])));
  const hat = after ? rounded(normal(before[at]), 4, size([before[0], before.at(-1)].map(normal))) : "?";
  const out = after ? rounded(after[at], 4, size([after[0], after.at(-1)])) : "?";
  const variance = rounded(used.variance, 4);
  const all = batch.count === 1 ? "the only value" : `average of the ${batch.count.toLocaleString("en")} values`;
  const [from, squared] = training ? [all, "average of (x − μ)²"] : ["running mean", "running variance"];
  const weights = [gamma, beta].map((values) => [bracketed(plain(values[channel])), "kernel"]);
  return [
    ["1 mean", [`μ = ${from} = `], [mean, "in"]],
    ["2 variance", [`σ² = ${squared} = `], [variance, "in"]],
    ["3 normalise", ["x̂ = (x − μ) / √(σ² + ε) = ("], [x, "in"], [" − "], [bracketed(mean), "in"],
      [") / √("], [variance, "in"], [` + ${EPS.toFixed(5)}) = ${hat}`]],
    ["4 scale, shift", ["y = γ · x̂ + β = "], weights[0], [` · ${bracketed(hat)} + `], weights[1], [" = "], [out, "out"]],
  ];
}

/** How the running statistics of the shown channel change; nothing where they stay. */
export function keeping({ training, momentum, channel }, { refused, running, batch, next }) {
  if (!training || refused) return [];
  const row = (name, old, value, then) => [
    name, [`(1 − ${plain(momentum)}) · ${bracketed(rounded(old))} + ${plain(momentum)} · `],
    [bracketed(rounded(value)), "in"], [` = ${rounded(then)}`],
  ];
  return [
    row("mean", running.mean, batch.mean, next.running_mean[channel]),
    row("variance", running.variance, batch.unbiased, next.running_var[channel]),
  ];
}

/** A record of what was shown, one entry a step; a step back starts it anew. */
export function recorded(history, entry, most = 100) {
  const last = history.at(-1)?.step ?? Infinity;
  if (entry.step < last) return [entry];
  return [...history.filter(({ step }) => step < entry.step), entry].slice(-most);
}

// ---------------------------------------------------------------- scales

/** A range that begins and ends at a tick, and its ticks: few, at round numbers. */
export function scale(values, most = 6) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = high > low ? high - low : Math.abs(low) || 1;
  const power = 10 ** Math.floor(Math.log10(room / most));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => room / size <= most);
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step)];
  const end = last > first ? last : first + 1;
  const ticks = Array.from({ length: end - first + 1 }, (_, i) => (first + i) * step);
  return { low: first * step, high: end * step, step, ticks };
}

/** Where a value lies on a scale, from 0 to 100. */
export function percent({ low, high }, value) {
  return (100 * (value - low)) / (high - low);
}

/** The share of the values in each of `bins` parts of a scale. */
export function histogram(values, { low, high }, bins) {
  const shares = new Array(bins).fill(0);
  for (const value of values) {
    const bin = Math.floor((bins * (value - low)) / (high - low));
    shares[Math.max(0, Math.min(bins - 1, bin))] += 1 / values.length;
  }
  return shares;
}

/** Which of the values lies nearest. */
export function nearest(values, value) {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if (Math.abs(values[i] - value) < Math.abs(values[best] - value)) best = i;
  }
  return best;
}

/** A number with `digits` digits, or as many after the point as one of size `like` would have. */
export function rounded(value, digits = 3, like = value) {
  if (!Number.isFinite(value)) return "\u2013";
  const size = Math.abs(like || value);
  if (size === 0) return "0";
  const power = Math.floor(Math.log10(size));
  if (power < 5 && power >= -4) return minus(value.toFixed(Math.max(0, digits - 1 - power)).replace(/^-([0.]*)$/, "$1"));
  if (value === 0) return "0";
  const more = Math.floor(Math.log10(Math.abs(value))) - power;
  return minus(value.toExponential(Math.max(0, digits - 1 + more)));
}

/** With four digits at most, and no zeros at the end. */
export const plain = (value) => rounded(value, 4).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");

const minus = (text) => text.replaceAll("-", "\u2212");
