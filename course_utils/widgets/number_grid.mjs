// Parts of widgets that show their numbers in grids; conv_stepper.css says what they look like.

import { shown } from "./conv_geometry.mjs";
import { element } from "./dom.mjs";

export function box(className, ...children) {
  const made = element("div", className && `cbh-stepper-${className}`);
  made.append(...children);
  return made;
}

/** Pairs of text and what it belongs to (in, kernel, out) -> coloured pieces of a sentence. */
export const spans = (pairs) =>
  pairs.map(([text, kind]) => element("span", kind ? `cbh-stepper-${kind}` : "", String(text)));

export function label(node, text, role) {
  node.setAttribute("aria-label", text);
  if (role) node.setAttribute("role", role);
  return node;
}

export function button(text, action, name = text) {
  const made = label(element("button", "cbh-stepper-button", text), name);
  made.type = "button";
  made.dataset.action = action;
  return made;
}

/** A field for one number; `at` says where it belongs, as in "image 1 2". */
export function field(at, name) {
  const made = label(element("input", "cbh-stepper-field"), name);
  Object.assign(made, { type: "text", inputMode: "decimal", autocomplete: "off", tabIndex: -1 });
  made.dataset.at = at;
  return made;
}

/** A table with numbered lines; fill(td, row, column) says what a cell holds. */
export function grid(kind, name, height, width, fill, edge = 0) {
  const table = label(element("table", `cbh-stepper-grid cbh-stepper-of-${kind}`), name, "grid");
  const heading = (index, scope) => {
    const made = element("th", "", shown(index - edge));
    made.scope = scope;
    return made;
  };
  const columns = Array.from({ length: width }, (_, column) => column);
  table.insertRow().append(element("td", ""), ...columns.map((column) => heading(column, "col")));
  const cells = Array.from({ length: height }, (_, row) => {
    const line = table.insertRow();
    line.append(heading(row, "row"));
    return columns.map((column) => {
      const cell = line.insertCell();
      fill(cell, row, column);
      return cell;
    });
  });
  const scroll = box("scroll", table);
  return { cells, scroll, whole: box("plane", element("div", "cbh-stepper-title", name), scroll) };
}

/** Where a grid scrolls in its box, on a narrow screen: bring the cells into sight. */
export function reveal({ scroll }, first, last = first) {
  if (scroll.scrollWidth <= scroll.clientWidth) return;
  const end = last.offsetLeft + last.offsetWidth - scroll.clientWidth;
  scroll.scrollLeft = Math.min(Math.max(scroll.scrollLeft, end), first.offsetLeft);
}
