// Typing numbers into the fields of a view: a number is taken, anything else is refused with a reason.

import { LARGEST, typed } from "./conv_geometry.mjs";

/**
 * Look after the fields (number_grid.mjs makes them) of a view with a `root` and a place for words, `refused`.
 *
 * held(input) is the text of the number that holds, take(input, value) changes it, next(input, down, right) is the
 * field beside it, if there is one. `none(input)` says where an empty field means "none"; `near(input)` puts the words
 * where they belong.
 */
export function numberFields(view, { held, take, next, none = () => false, near = () => {} }) {
  const restore = (input) => (input.value = held(input));
  const refuse = (input, text) => {
    settle();
    input.setAttribute("aria-invalid", "true");
    near(input);
    view.refused.textContent = text;
  };
  const settle = () => {
    for (const marked of view.root.querySelectorAll("[aria-invalid]")) marked.removeAttribute("aria-invalid");
    if (view.refused.textContent) view.refused.textContent = "";
  };
  const commit = (input) => {
    const written = input.value;
    const isNone = none(input) && written.trim() === "";
    const value = isNone ? null : typed(written);
    if (value !== null || isNone) take(input, value);
    restore(input);
    if (value !== null || isNone) return;
    refuse(input, `“${written}” is not a number from −${LARGEST} to ${LARGEST}. It stays ${input.value || "none"}.`);
  };
  return { restore, settle, commit, onKey: (input, key) => keyInField({ restore, settle, commit, next }, input, key) };
}

export const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** True when the key meant something in a field. */
function keyInField(fields, input, key) {
  if (key in ARROWS) return toNeighbour(fields.next(input, ...ARROWS[key]));
  if (key === "Enter") fields.commit(input);
  else if (key === "Escape") fields.settle(fields.restore(input));
  else return false;
  input.select();
  return true;
}

/** What was typed is committed, because its field loses the focus. */
function toNeighbour(field) {
  field?.focus();
  return true;
}

/** Commit at a change, and make the field in focus the one stop for Tab in its grid. */
export function listenToFields({ root, on, fields }) {
  const isField = (target) => target.matches(".cbh-stepper-field");
  on(root, "change", ({ target }) => isField(target) && fields.commit(target));
  on(root, "input", ({ target }) => {
    // going back to the old number changes nothing, so that no "change" would follow
    if (target.matches("[aria-invalid]") && typed(target.value) !== null) fields.settle();
  });
  on(root, "focusin", ({ target }) => {
    if (!isField(target) || !target.closest("table")) return;
    for (const input of target.closest("table").querySelectorAll("input")) input.tabIndex = -1;
    target.tabIndex = 0;
    target.select();
  });
}
