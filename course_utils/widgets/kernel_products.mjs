// One output value written out: under each weight the pixel that it meets, and their product.

import { css, element, inkOn, readable, setText, signedColour } from "./dom.mjs";

const CHANNELS = ["red", "green", "blue"];

/** {box, show(windows, kernel, answer)}: windows has one list of rows of {value, outside} a channel. */
export function productTable() {
  const box = element("div", "cbh-products");
  const tables = element("div", "cbh-product-tables", "", {
    tabindex: "0", role: "group", "aria-label": "Each pixel times its weight",
  });
  const total = element("p", "cbh-total");
  box.append(tables, total);
  let [shape, made] = ["", []];

  function show(windows, kernel, answer) {
    const wanted = [windows.length, kernel.length, kernel[0].length].join();
    if (wanted !== shape) {
      made = windows.map((_, channel) => channelTable(kernel, windows.length > 1 ? CHANNELS[channel] : ""));
      tables.replaceChildren(...made.map(({ figure }) => figure));
      shape = wanted;
    }
    const limit = Math.max(...windows.flatMap((rows) => products(rows, kernel).flat().map(Math.abs)));
    const sums = windows.map((rows, channel) => showChannel(made[channel], rows, kernel, limit));
    total.replaceChildren(totalText(sums, answer), element("b", "cbh-answer", readable(answer)));
  }
  return { box, show };
}

/** "All products added up = ", or for three channels "red 0.2 + green 0.1 + blue 0.4 = ". */
export function totalText(sums, answer) {
  if (sums.length === 1) return "All products added up = ";
  const parts = sums.map((sum, i) => `${CHANNELS[i]} ${readable(sum)}`).join(" + ");
  const rounded = sums.reduce((total, sum) => total + Number(sum.toFixed(3)), 0);
  return `${parts} ${readable(rounded) === readable(answer) ? "=" : "\u2248"} `;
}

/** Three digits where two would leave nothing to read. */
function short(value) {
  return readable(value, Math.abs(value) < 0.095 ? 3 : 2);
}

function products(rows, kernel) {
  return rows.map((row, i) => row.map(({ value }, j) => value * kernel[i][j]));
}

function channelTable(kernel, name) {
  const figure = element("div", "cbh-product-channel");
  if (name) figure.append(element("p", "cbh-note", name));
  const grid = element("div", "cbh-product-grid");
  grid.style.setProperty("--columns", kernel[0].length);
  const cells = kernel.map((row) => row.map(() => {
    const cell = element("div", "cbh-product");
    const [pixel, weight, result] = ["cbh-pixel", "cbh-factor", "cbh-result"].map((c) => element("span", c));
    const factors = element("span", "cbh-factors");
    factors.append(pixel, " \u00d7 ", weight);
    cell.append(factors, result);
    grid.append(cell);
    return { cell, pixel, weight, result };
  }));
  figure.append(grid);
  return { figure, cells };
}

function showChannel({ cells }, rows, kernel, limit) {
  const values = products(rows, kernel);
  cells.forEach((line, i) => line.forEach(({ cell, pixel, weight, result }, j) => {
    setText(pixel, short(rows[i][j].value));
    setText(weight, short(kernel[i][j]));
    setText(result, short(values[i][j]));
    cell.classList.toggle("cbh-outside", rows[i][j].outside);
    const colour = signedColour(0.8 * values[i][j], limit);
    Object.assign(result.style, { backgroundColor: css(colour), color: inkOn(colour) });
  }));
  return values.flat().reduce((a, b) => a + b, 0);
}
