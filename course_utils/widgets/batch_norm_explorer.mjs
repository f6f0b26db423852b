// Batch normalisation of real activations, batch after batch: the view. batch_norm.mjs does the sums.

import {
  EPS, channelOf, forward, fourSteps, isUndone, keeping, nearest, plain, recorded, refusal, rounded,
  scale, statistics, undoing,
} from "./batch_norm.mjs";
import { drawChart, drawHistogram, plot, ownDigits } from "./batch_norm_plots.mjs";
import { decodeTensor, element, openView, setText, widgetRoot } from "./dom.mjs";
import { box, button, label, spans } from "./number_grid.mjs";

const TRAITS = ["channel", "batch_size", "training", "momentum", "gamma", "beta", "running_mean", "running_var", "step", "_order"];
const TICK = 400; // milliseconds between batches while playing
const MOST_TICKS = 100; // by then the running statistics have settled
const SLIDERS = { // from Python the learner may ask for more of gamma and beta
  batch_size: ["batch size", 1, 64, 1], momentum: ["momentum", 0, 1, 0.01],
  gamma: ["γ (gamma)", -3, 3, 0.05], beta: ["β (beta)", -3, 3, 0.05],
};
const ROWS = { batch: "this batch", running: "running", all: "all images" };
const COLUMNS = { mean: "mean", variance: "variance (÷ n)", unbiased: "variance (÷ n − 1)" };

// ---------------------------------------------------------------- the parts of the view

function slider(view, name) {
  const [words, min, max, step] = SLIDERS[name];
  const input = label(element("input", "cbh-stepper-slider"), words);
  Object.assign(input, { type: "range", min, max, step });
  input.dataset.trait = name;
  view.sliders[name] = { input, value: element("output", "cbh-stepper-value") };
  const made = element("label", "cbh-norm-control");
  made.append(element("span", "", words), input, view.sliders[name].value);
  return made;
}

function choice(view, trait, name, options) {
  const group = `cbh-norm-${Math.random().toString(36).slice(2)}`; // radio buttons belong together by name
  view.choices[trait] = options.map(([value, words]) => {
    const input = element("input", "", "", { type: "radio", name: group });
    input.dataset.choice = JSON.stringify([trait, value]);
    return [value, input, element("span", "", words)];
  });
  const labels = view.choices[trait].map(([, ...parts]) => {
    const made = element("label");
    made.append(...parts);
    return made;
  });
  return label(box("control cbh-norm-choice", element("span", "", name), ...labels), name, "radiogroup");
}

function statisticsTable(view) {
  const table = element("table", "cbh-norm-table");
  const heading = table.insertRow();
  const th = (text, scope) => element("th", "", text, { scope });
  heading.append(element("td"), ...Object.values(COLUMNS).map((text) => th(text, "col")));
  for (const [row, words] of Object.entries(ROWS)) {
    const line = table.insertRow();
    line.append(th(words, "row"));
    view.cells[row] = Object.fromEntries(Object.keys(COLUMNS).map((column) => [column, line.insertCell()]));
  }
  return table;
}

function layOut(view) {
  Object.assign(view, { sliders: {}, choices: {}, cells: {} });
  view.before = plot("cbh-norm-of-in", "everyone", "bars", "spread", "mark");
  view.after = plot("cbh-norm-of-out", "bars", "spread", "mark");
  view.pointer = element("div", "cbh-norm-pointer", "", { role: "slider", tabindex: "0", "aria-label": "one activation of the batch" });
  view.before.area.append(view.pointer);
  view.charts = {
    mean: plot("cbh-norm-chart", "all", "batches", "running"),
    variance: plot("cbh-norm-chart", "all", "batches", "running"),
  };
  view.play = button("Play", "play");
  view.undo = button("Undo: γ = √(σ² + ε), β = μ", "undo");
  for (const name of ["steps", "updates"]) view[name] = element("div", "cbh-norm-formulas");
  const legend = element("p", "cbh-norm-legend", "dots: batches; line: running; dashes: all images; shaded: used for x̂");
  view.count = element("span", "cbh-stepper-count");
  view.note = element("p", "cbh-norm-note", "", { role: "status" });
  view.code = element("code");
  view.live = element("p", "cbh-stepper-live", "", { role: "status" });
  const channels = view.activations.shape[1];
  const options = Array.from({ length: channels }, (_, c) => [c, String(c)]);
  const controls = box("controls",
    choice(view, "channel", "channel", options), slider(view, "batch_size"),
    choice(view, "training", "mode", [[true, "train"], [false, "eval"]]), slider(view, "momentum"));
  const transport = box("transport", button("Next batch", "next"), view.play, button("Start again", "reset"), view.count);
  const left = element("div", "cbh-norm-side");
  left.append(view.before.whole, view.after.whole, box("controls", slider(view, "gamma"), slider(view, "beta"), view.undo), view.note);
  const right = element("div", "cbh-norm-side");
  right.append(view.charts.mean.whole, view.charts.variance.whole, statisticsTable(view), legend);
  const [both, sums] = [element("div", "cbh-norm-sides"), element("div", "cbh-norm-sides cbh-norm-sums")];
  both.append(left, right);
  sums.append(view.steps, view.updates);
  view.body = box("body", controls, transport, both, sums, view.code, view.live);
  view.root.append(view.body);
}

// ---------------------------------------------------------------- painting

/** The values of each channel over all images, in rising order, with their statistics. */
function everyChannel(activations) {
  return Array.from({ length: activations.shape[1] }, (_, channel) => {
    const values = channelOf(activations, channel);
    return { values, ...statistics(values) };
  });
}

const read = (model) => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));

function paint(view) {
  const state = read(view.model);
  const result = forward(view.activations, state);
  Object.assign(view, { state, result, all: view.every[state.channel] });
  view.at = Math.round(view.rank * (result.before.length - 1));
  view.history = recorded(view.history, {
    step: state.step, batches: result.batches,
    mean: state.running_mean, variance: state.running_var,
  });
  paintControls(view, state);
  paintHistograms(view, state, result);
  paintCharts(view, state);
  paintTable(view, state, result);
  paintSteps(view, state, result);
  view.root.dataset.ready = "true";
}

function paintControls(view, state) {
  for (const [name, { input, value }] of Object.entries(view.sliders)) {
    const held = Array.isArray(state[name]) ? state[name][state.channel] : state[name];
    const text = plain(held);
    if (name === "gamma" || name === "beta") {
      const reach = Math.max(3, Math.ceil(Math.abs(held)));
      Object.assign(input, { min: -reach, max: reach });
    }
    input.value = held;
    input.setAttribute("aria-valuetext", text);
    setText(value, text);
  }
  for (const [trait, options] of Object.entries(view.choices)) {
    for (const [value, input] of options) input.checked = value === state[trait];
  }
  const { step, batch_size: size, _order: { length } } = state;
  const [first, last] = [step * size, (step + 1) * size - 1].map((place) => (place % length) + 1);
  setText(view.count, `Batch ${step + 1}: ${size === 1 ? `image ${first}` : `images ${first} to ${last}`} of ${length}, shuffled`);
  setText(view.play, view.timer ? "Pause" : "Play");
  label(view.play, view.play.textContent);
  const layer = `nn.BatchNorm2d(${state.gamma.length}, momentum=${plain(state.momentum)})`;
  setText(view.code, `${layer}.${state.training ? "train" : "eval"}()`);
}

/** Both on one scale; it holds what all images would give, so that it stays from batch to batch. */
function paintHistograms(view, state, { before, after }) {
  const [gamma, beta] = [state.gamma[state.channel], state.beta[state.channel]];
  const spread = Math.sqrt(view.all.variance + EPS);
  const ends = [view.all.low, view.all.high].map((value) => (gamma * (value - view.all.mean)) / spread + beta);
  const made = after ? [after[0], after.at(-1)] : [];
  const axis = (view.axis = scale([view.all.low, view.all.high, ...(after ? ends : []), ...made]));
  drawHistogram(view.before, "before", before, axis, view.at, view.all.values);
  drawHistogram(view.after, "after", after, axis, view.at);
  const chosen = `${ownDigits(before)(before[view.at])} becomes ${after ? ownDigits(after)(after[view.at]) : "nothing"}`;
  const values = { valuemin: before[0], valuemax: before.at(-1), valuenow: before[view.at], valuetext: chosen };
  Object.entries(values).forEach(([name, value]) => view.pointer.setAttribute(`aria-${name}`, value));
}

/** Running mean and variance from batch to batch, on their way to those of all images. */
function paintCharts(view, { channel }) {
  const [first, last] = [view.history[0].step, view.history.at(-1).step];
  const across = { low: first, high: Math.max(last, first + 20) };
  for (const [name, of] of [["mean", "mean"], ["variance", "unbiased"]]) {
    const chart = view.charts[name];
    const running = view.history.map((entry) => [entry.step, entry[name][channel]]);
    const batches = view.history.map(({ step, batches: each }) => [step, each[channel][of]]).filter(([, value]) => Number.isFinite(value));
    const axis = scale([...running, ...batches].map(([, value]) => value).concat(view.all[of]), 3);
    drawChart(chart, { running, batches, all: view.all[of] }, across, axis);
    const now = `running ${name} ${rounded(running.at(-1)[1])}`;
    chart.title.replaceChildren(element("b", "", now), `, all images ${rounded(view.all[of])}`);
    label(chart.picture, `${now} after ${last} batches; all images have ${rounded(view.all[of])}`);
  }
}

function paintTable(view, { training }, { batch, running }) {
  const rows = { batch, running: { mean: running.mean, unbiased: running.variance }, all: view.all };
  const used = training ? [view.cells.batch.mean, view.cells.batch.variance] : [view.cells.running.mean, view.cells.running.unbiased];
  for (const [row, cells] of Object.entries(view.cells)) {
    for (const [column, cell] of Object.entries(cells)) {
      setText(cell, column in rows[row] ? rounded(rows[row][column]) : "");
      cell.classList.toggle("cbh-norm-used", used.includes(cell));
    }
  }
}

/** The four steps with the numbers of the chosen activation, and what the layer keeps. */
function paintSteps(view, state, result) {
  const { batch, running, refused } = result;
  const x = rounded(result.before[view.at], 4);
  formulas(view.steps, [["For x = "], [x, "in"], [" (point at the blue bars, or use arrow keys there)"]], fourSteps(state, result, view.at));
  const kept = keeping(state, result);
  formulas(view.updates, [[kept.length ? "Running statistics, once this batch has passed" : "This batch leaves the running statistics as they are"]], kept);
  const refuses = `PyTorch refuses: one value has no spread to divide by. ${refusal(state.gamma.length)}`;
  setText(view.note, refused ? refuses : isUndone(result) ? "After equals before." : "");
  view.undo.setAttribute("aria-disabled", refused);
  const spoken = [["mean", batch.mean], ["variance", batch.variance], ["running mean", running.mean], ["running variance", running.variance]];
  const words = spoken.map(([name, value]) => `${name} ${rounded(value)}`).join(", ");
  if (!view.timer) setText(view.live, `Batch ${state.step + 1}, ${state.training ? "train" : "eval"} mode: ${words}`);
}

function formulas(place, title, rows) {
  const head = element("p", "cbh-norm-head");
  head.append(...spans(title));
  const lines = rows.map(([name, ...pieces]) => {
    const [made, formula] = [element("p"), element("span")];
    formula.append(...spans(pieces));
    made.append(element("b", "", name), formula);
    return made;
  });
  place.replaceChildren(head, ...lines);
}

// ---------------------------------------------------------------- what the learner does

/** Change traits and paint; Python hears of it when it can. */
function set(view, change) {
  for (const [name, value] of Object.entries(change)) view.model.set(name, value);
  view.frame.ask();
  view.python.save();
}

/** A list with another value for the channel that is shown. */
function forChannel(view, name, value) {
  const channel = view.model.get("channel");
  return { [name]: view.model.get(name).map((old, c) => (c === channel ? value : old)) };
}

/** The batch has passed, and the next one comes. What was painted last may be a frame old. */
function nextBatch(view) {
  const state = read(view.model);
  set(view, { step: state.step + 1, ...forward(view.activations, state).next });
}

const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

function play(view) {
  if (view.timer) return pause(view);
  if (calm()) return nextBatch(view);
  view.left = MOST_TICKS;
  tick(view);
}

function tick(view) {
  if (view.left-- === 0 || calm()) return pause(view);
  view.timer = setTimeout(() => tick(view), TICK);
  nextBatch(view);
}

function pause(view) {
  clearTimeout(view.timer);
  view.timer = 0;
  view.frame.ask();
}

const ACTIONS = {
  play,
  next: (view) => (pause(view), nextBatch(view)),
  reset(view) {
    const all = (value) => view.model.get("gamma").map(() => value);
    pause(view);
    set(view, { step: 0, gamma: all(1), beta: all(0), running_mean: all(0), running_var: all(1) });
  },
  undo(view) {
    const { used, refused } = forward(view.activations, read(view.model));
    if (refused) return;
    const { gamma, beta } = undoing(used);
    set(view, { ...forChannel(view, "gamma", gamma), ...forChannel(view, "beta", beta) });
  },
};

const MOVES = { ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1 };

function choose(view, rank) {
  view.rank = Math.max(0, Math.min(1, rank));
  view.frame.ask();
}

function listen(view) {
  const { root, on } = view;
  on(root, "click", ({ target }) => ACTIONS[target.closest("button")?.dataset.action]?.(view));
  on(root, "input", ({ target }) => {
    const { trait, choice } = target.dataset;
    const [name, value] = choice ? JSON.parse(choice) : [trait, target.valueAsNumber];
    set(view, name in { gamma: 0, beta: 0 } ? forChannel(view, name, value) : { [name]: value });
  });
  on(view.pointer, "keydown", (event) => {
    const by = MOVES[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const least = Math.sign(by) / (view.result.before.length - 1);
    choose(view, view.rank + (Math.abs(by) > Math.abs(least) ? by : least));
  });
  for (const type of ["pointermove", "pointerdown"]) {
    on(view.pointer, type, (event) => {
      const area = view.pointer.getBoundingClientRect();
      const value = view.axis.low + ((event.clientX - area.left) / area.width) * (view.axis.high - view.axis.low);
      choose(view, nearest(view.result.before, value) / Math.max(1, view.result.before.length - 1));
    });
  }
}

function start(view) {
  layOut(view);
  listen(view);
}

function render({ model, el }) {
  const root = label(widgetRoot("cbh-stepper cbh-norm"), "Batch normalisation, batch by batch", "group");
  const activations = decodeTensor(model.get("activations"));
  const view = { model, root, activations, every: everyChannel(activations), history: [], rank: 0.8, timer: 0 };
  return openView(view, { el, traits: TRAITS, start, paint });
}

export default { render };
