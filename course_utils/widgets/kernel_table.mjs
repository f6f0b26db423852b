// The kernel as cells to type into. Up and Down change a weight by 0.1 (with Shift by 1), and so
// does dragging a cell to the side.

import { css, element, inkOn, readable, signedColour } from "./dom.mjs";
import { parseWeight, withWeight } from "./kernel_goals.mjs";

const DRAG = 8; // pixels for a step
const SIZES = [1, 2, 3, 4, 5, 6, 7];

/** {box, size, show(kernel), listen(on, change)}. */
export function kernelTable() {
  const table = { kernel: [[0]], cells: [] };
  const grid = element("div", "cbh-kernel", "", { role: "group", "aria-label": "Weights" });
  const problem = element("p", "cbh-problem", "", { role: "alert" });
  const sum = element("p", "cbh-note");
  const box = element("div");
  box.append(grid, sum, problem);
  const size = element("select", "cbh-select");
  let connect = () => {};

  function show(kernel) {
    if (shapeOf(kernel) !== shapeOf(table.kernel) || table.cells.length === 0) {
      table.cells = kernel.map((row, i) => row.map((_, j) => weightCell(i, j)));
      grid.replaceChildren(...table.cells.flat());
      grid.style.setProperty("--columns", kernel[0].length);
      table.cells.forEach((row, i) => row.forEach((cell, j) => connect(cell, i, j)));
      showSizes(size, kernel);
    }
    table.kernel = kernel;
    const limit = Math.max(...kernel.flat().map(Math.abs));
    kernel.forEach((row, i) => row.forEach((weight, j) => showWeight(table.cells[i][j], weight, limit)));
    const total = kernel.flat().reduce((a, b) => a + b, 0);
    sum.textContent = `Sum of the weights: ${readable(total)}`;
    const wrong = table.cells.flat().filter((cell) => cell.getAttribute("aria-invalid") === "true");
    problem.textContent = wrong.length === 0 ? "" :
      `\u201c${wrong[0].value}\u201d is not used: a weight is a number such as 0.5, \u22121 or 1/9, up to 1000.`;
  }

  function listen(on, change) {
    const set = (i, j, weight) => {
      table.kernel = withWeight(table.kernel, i, j, weight); // the next key may come before the paint
      change(table.kernel);
    };
    connect = (cell, i, j) => {
      on(cell, "input", () => {
        const weight = parseWeight(cell.value);
        cell.setAttribute("aria-invalid", String(weight === null));
        if (weight === null) show(table.kernel);
        else set(i, j, weight);
      });
      on(cell, "blur", () => showWeight(cell, table.kernel[i]?.[j] ?? 0, null));
      on(cell, "keydown", (event) => {
        const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
        if (!direction) return;
        event.preventDefault();
        cell.setAttribute("aria-invalid", "false");
        set(i, j, stepped(table.kernel[i][j], direction * (event.shiftKey ? 10 : 1)));
      });
      dragToChange(on, cell, () => table.kernel[i][j], (weight) => set(i, j, weight));
    };
  }
  return { box, size, show, listen };
}

/** So many tenths more or less, without the dust of binary fractions. */
export function stepped(weight, tenths) {
  const next = Math.round((weight + tenths / 10) * 1e6) / 1e6;
  return Math.max(-1000, Math.min(1000, next));
}

const shapeOf = (kernel) => `${kernel.length} \u00d7 ${kernel[0].length}`;

function weightCell(row, column) {
  return element("input", "cbh-weight", "", {
    type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false",
    "aria-label": `Weight in row ${row}, column ${column}`, "aria-invalid": "false",
  });
}

/** While someone is typing "1." or "1/", their text stays. */
function showWeight(cell, weight, limit) {
  const typing = cell.getRootNode().activeElement === cell && limit !== null;
  const invalid = cell.getAttribute("aria-invalid") === "true";
  if (!invalid && !(typing && parseWeight(cell.value) === weight)) cell.value = readable(weight);
  cell.title = readable(weight, 7);
  if (limit === null) return;
  const colour = signedColour(0.8 * weight, limit, "kernel");
  Object.assign(cell.style, { backgroundColor: css(colour), color: inkOn(colour) });
}

function showSizes(select, kernel) {
  const square = kernel.length === kernel[0].length;
  const own = square ? [] : [element("option", "", shapeOf(kernel), { value: "" })];
  const squares = SIZES.map((n) => element("option", "", `${n} \u00d7 ${n}`, { value: String(n) }));
  select.replaceChildren(...own, ...squares);
  select.value = square ? String(kernel.length) : "";
}

function dragToChange(on, cell, weight, set) {
  let start = null;
  on(cell, "pointerdown", (event) => {
    if (cell.getRootNode().activeElement === cell) return; // a drag in a focused cell selects text
    start = { x: event.clientX, weight: weight(), moved: false };
    cell.setPointerCapture(event.pointerId);
  });
  on(cell, "pointermove", (event) => {
    if (!start) return;
    const steps = Math.trunc((event.clientX - start.x) / DRAG);
    start.moved ||= steps !== 0;
    if (start.moved) set(stepped(start.weight, steps));
  });
  for (const type of ["pointerup", "pointercancel"]) on(cell, type, () => (start = null));
}
