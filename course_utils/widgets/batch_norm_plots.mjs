// Histograms and charts of BatchNormExplorer: paths from 0 to 100 both ways, stretched by the page.

import { histogram, percent, rounded, statistics } from "./batch_norm.mjs";
import { element } from "./dom.mjs";

const BINS = 60;

function drawn(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  return made;
}

/** A title, a picture of named paths, and the numbers of its axis. */
export function plot(className, ...names) {
  const picture = drawn("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img" });
  const paths = Object.fromEntries(names.map((name) => [name, drawn("path", { class: `cbh-norm-${name}` })]));
  picture.append(...Object.values(paths));
  const [whole, title] = [element("div", `cbh-norm-plot ${className}`), element("p", "cbh-norm-title")];
  const [area, axis] = [element("div", "cbh-norm-area"), element("div", "cbh-norm-axis")];
  const flag = element("span", "cbh-norm-flag");
  area.append(picture, axis, flag);
  whole.append(title, area);
  const draw = (given) => Object.entries(given).forEach(([name, path]) => paths[name].setAttribute("d", path));
  return { whole, area, axis, flag, title, picture, draw };
}

/** How to write a value beside others, in rising or falling order: all with as many digits. */
export const ownDigits = (values) => (value) => rounded(value, 3, Math.max(Math.abs(values[0]), Math.abs(values.at(-1))));

/** A batch in blue or green bars, with its mean and spread, and all images as a line around it. */
export function drawHistogram({ draw, title, picture, axis, flag }, name, values, scale, chosen, everyone = null) {
  title.replaceChildren(element("b", "", name));
  flag.textContent = values === null ? "" : name === "before" ? "x" : "y";
  if (values === null) {
    picture.setAttribute("aria-label", `${name}: nothing`);
    return draw({ bars: "", spread: "", mark: "" });
  }
  const { mean, variance, count, low, high } = statistics(values);
  const spread = Math.sqrt(variance);
  const shares = histogram(values, scale, BINS);
  const tallest = Math.max(...shares);
  const [middle, left, right, at] = [mean, mean - spread, mean + spread, values[chosen]].map((x) => percent(scale, x).toFixed(2));
  draw({
    bars: bars(shares, tallest),
    spread: `M${middle} 0V100M${left} 8H${right}M${left} 3V13M${right} 3V13`,
    mark: `M${at} 31V100`,
    ...(everyone && { everyone: bars(histogram(everyone, scale, BINS), tallest) }),
  });
  flag.style.left = `${at}%`;
  const write = ownDigits(values);
  const words = `mean ${write(mean)}, spread ${write(spread)}`;
  title.append(` ${words}`);
  const ends = [Math.min(low, high), Math.max(low, high)].map(write);
  picture.setAttribute("aria-label", `${count} activations ${name} batch norm: ${words}, from ${ends.join(" to ")}`);
  drawAxis(axis, scale, "left", (tick) => percent(scale, tick));
}

/** The outline of bars that touch; the top is left to mean and spread. */
function bars(shares, tallest) {
  const tops = shares.map((share) => `V${(100 - 68 * Math.min(share / tallest, 1.4)).toFixed(2)}h${100 / BINS}`);
  return `M0 100${tops.join("")}V100`;
}

/** Numbers from step to step: a dot for each batch, a line for what runs along, dashes for all. */
export function drawChart({ draw, axis }, { running, batches, all }, across, scale) {
  const at = ([step, value]) => `${percent(across, step).toFixed(2)} ${(100 - percent(scale, value)).toFixed(2)}`;
  draw({
    running: `M${running.map(at).join("L")}h0`,
    batches: batches.map((point) => `M${at(point)}h0`).join(""),
    all: `M0 ${100 - percent(scale, all)}H100`,
  });
  drawAxis(axis, scale, "top", (tick) => 100 - percent(scale, tick));
}

function drawAxis(axis, { ticks, step }, side, percentOf) {
  const key = ticks.join();
  if (axis.dataset.ticks === key) return; // what stays costs no layout
  axis.dataset.ticks = key;
  axis.replaceChildren(...ticks.map((tick) => {
    const made = element("span", "", rounded(tick, 1, step));
    made.style[side] = `${percentOf(tick)}%`;
    return made;
  }));
}
