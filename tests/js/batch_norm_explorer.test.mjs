import assert from "node:assert/strict";
import { test } from "node:test";

import {
  channelOf, forward, fourSteps, histogram, imagesOf, isUndone, keeping, nearest, percent, recorded,
  refusal, rounded, scale, statistics, undoing,
} from "../../course_utils/widgets/batch_norm.mjs";
import { tensor } from "../../course_utils/widgets/core.mjs";

const SIX = tensor([3, 2, 1, 1], [5, 0, 3, 0, 4, 9]); // three images of two channels, one pixel each
const STATE = {
  channel: 0, batch_size: 2, training: true, momentum: 0.25, gamma: [1, 1], beta: [0, 0],
  running_mean: [0, 0], running_var: [1, 1], step: 0, _order: [2, 0, 1],
};

test("batches follow the shuffled order, round and round", () => {
  const batches = [0, 1, 2, 3].map((step) => imagesOf({ ...STATE, step }));
  assert.deepEqual(batches, [[2, 0], [1, 2], [0, 1], [2, 0]]);
});

test("a channel's values come in rising order", () => {
  assert.deepEqual([...channelOf(SIX, 0)], [3, 4, 5]);
  assert.deepEqual([...channelOf(SIX, 1, [2, 0])], [0, 9]);
});

test("running statistics move towards the batch's, with the variance divided by n - 1", () => {
  const { next } = forward(SIX, STATE); // channel 0 has 4 and 5, channel 1 has 9 and 0
  assert.deepEqual(next, { running_mean: [1.125, 1.125], running_var: [0.875, 10.875] });
});

test("in eval mode the running statistics are used, and stay", () => {
  const { used, next, after } = forward(SIX, { ...STATE, training: false, running_mean: [4, 0], running_var: [4, 1] });
  assert.deepEqual(used, { mean: 4, variance: 4 });
  assert.deepEqual(next, { running_mean: [4, 0], running_var: [4, 1] });
  assert.ok(Math.abs(after[1] - 0.5) < 1e-5);
});

test("one value per channel is refused in train mode only, and changes nothing", () => {
  const single = { ...STATE, batch_size: 1 };
  const { refused, after, next } = forward(SIX, single);
  assert.deepEqual([refused, after, next], [true, null, { running_mean: [0, 0], running_var: [1, 1] }]);
  assert.equal(forward(SIX, { ...single, training: false }).refused, false);
  assert.match(refusal(2), /Expected more than 1 value per channel when training, got input size torch.Size\(\[1, 2, 1, 1\]\)$/);
});

test("gamma and beta can undo the normalisation", () => {
  const result = forward(SIX, STATE);
  assert.ok(!isUndone(result));
  const { gamma, beta } = undoing(result.used);
  assert.ok(isUndone(forward(SIX, { ...STATE, gamma: [gamma, 1], beta: [beta, 0] })));
});

test("a record has one entry a step, and a step back starts it anew", () => {
  const steps = (history) => history.map(({ step, name }) => step + (name ?? ""));
  let history = recorded([], { step: 0 });
  for (const step of [1, 2, 5]) history = recorded(history, { step });
  assert.deepEqual(steps(history), ["0", "1", "2", "5"]);
  assert.deepEqual(steps(recorded(history, { step: 5, name: "b" })), ["0", "1", "2", "5b"]);
  assert.deepEqual(steps(recorded(history, { step: 4 })), ["4"]);
  assert.deepEqual(steps(recorded(history, { step: 6 }, 2)), ["5", "6"]);
});

const scales = [[[0.12, 0.88], 0, 1], [[-3.2, 1.1], -4, 2], [[0, 0], 0, 0.2], [[5, 5], 5, 6], [[-2e-6, 3e-6], -2e-6, 3e-6], [[0, 1], 0, 1]];
for (const [values, low, high] of scales) {
  test(`the scale of ${values} goes from ${low} to ${high}`, () => {
    const made = scale(values);
    assert.ok(Math.abs(made.low - low) < 1e-9 && Math.abs(made.high - high) < 1e-9, `${made.low} to ${made.high}`);
    assert.ok(made.ticks.length >= 2 && made.ticks.length <= 8);
    assert.deepEqual([made.low, made.high].map((end) => Math.round(percent(made, end))), [0, 100]);
  });
}

test("shares of a histogram add up to 1, and ends fall inside", () => {
  const shares = histogram([0, 0.4, 0.6, 1, 1], { low: 0, high: 1 }, 2);
  assert.deepEqual(shares.map((share) => Math.round(10 * share)), [4, 6]);
});

test("the nearest value is found in falling order too", () => {
  assert.equal(nearest([1, 2, 4], 3.2), 2);
  assert.equal(nearest([4, 2, 1], 0), 2);
});

const written = [[0.5132, 3, undefined, "0.513"], [-0.04, 3, 1, "\u22120.04"], [-1e-9, 3, 1, "0.00"], [12345.6, 3, undefined, "12346"],
  [1.5e-7, 3, undefined, "1.50e\u22127"], [0, 3, undefined, "0"], [0, 3, 1e-6, "0"], [NaN, 3, undefined, "\u2013"],
  [1.5e-6, 1, 5e-7, "1.5e\u22126"], [-2e5, 1, 1e5, "\u22122e+5"], [12345, 1, 1e5, "1e+4"], [1, 4, undefined, "1.000"]];
for (const [value, digits, like, text] of written) {
  test(`${value} beside ${like} is written ${text}`, () => assert.equal(rounded(value, digits, like), text));
}

test("a single value has no variance to divide by n - 1", () => {
  assert.deepEqual(statistics([3]), { count: 1, mean: 3, variance: 0, unbiased: NaN, low: 3, high: 3 });
});

const text = (rows) => rows.map(([, ...pieces]) => pieces.map(([piece]) => piece).join(""));

test("the four steps are written with the numbers of one activation", () => {
  const state = { ...STATE, gamma: [-2, 1], beta: [0.25, 0] };
  assert.deepEqual(text(fourSteps(state, forward(SIX, state), 0)), [
    "μ = average of the 2 values = 4.500", "σ² = average of (x − μ)² = 0.2500",
    "x̂ = (x − μ) / √(σ² + ε) = (4.000 − 4.500) / √(0.2500 + 0.00001) = \u22121.0000",
    "y = γ · x̂ + β = (\u22122) · (\u22121.0000) + 0.25 = 2.250",
  ]);
});

test("tiny activations are written with digits that tell them apart", () => {
  const tiny = tensor([3, 1, 1, 1], [5e-6, 3e-6, 4e-6]);
  const state = { ...STATE, gamma: [1], beta: [0], running_mean: [0], running_var: [1], batch_size: 3 };
  assert.match(text(fourSteps(state, forward(tiny, state), 2))[2], /= \(5.000e\u22126 \u2212 4.000e\u22126\) \/ .* = 0.0003162$/);
});

test("how running statistics change is written for train mode alone", () => {
  assert.deepEqual(text(keeping(STATE, forward(SIX, STATE))), [
    "(1 − 0.25) · 0 + 0.25 · 4.50 = 1.13", "(1 − 0.25) · 1.00 + 0.25 · 0.500 = 0.875",
  ]);
  for (const other of [{ training: false }, { batch_size: 1 }]) {
    assert.deepEqual(keeping({ ...STATE, ...other }, forward(SIX, { ...STATE, ...other })), []);
  }
});
