// Questions with buttons for the choices; a choice that is picked says why it is right or wrong.

import { element, widgetRoot } from "../widgets/dom.mjs";

let views = 0; // ids must be unique on a page that shows the same quiz twice

/** [text, isCode] for each part of a text with `code` in it. */
export function parts(text) {
  return text.split(/`([^`]+)`/).map((part, at) => [part, at % 2 === 1]).filter(([part]) => part);
}

/** What was tried, with one more choice for one question; a second pick of it changes nothing. */
export function pick(tried, question, choice) {
  return tried.map((choices, at) =>
    at !== question || choices.includes(choice) ? choices : [...choices, choice],
  );
}

/** What stands below the questions. */
export function summary(questions, tried) {
  const right = questions.map(({ choices }) => choices.findIndex((choice) => choice.right));
  const found = right.filter((choice, at) => tried[at].includes(choice)).length;
  const atOnce = right.filter((choice, at) => tried[at][0] === choice).length;
  if (!tried.some((choices) => choices.length)) return "Pick what you think; every choice answers.";
  return `${found} of ${questions.length} answered, ${atOnce} at the first try.`;
}

/** Where the focus goes from choice `at` of `count` with this key; null where the key means nothing. */
export function target(key, at, count) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[key];
  return step ? (at + step + count) % count : null;
}

function render({ model, el }) {
  const root = widgetRoot("cbh-quiz");
  const id = `cbh-quiz-${views++}`;
  const questions = model.get("questions");
  const save = (tried) => {
    model.set("tried", tried);
    model.save_changes();
  };

  const painters = questions.map((question, number) => {
    const group = element("div", "cbh-quiz-group", "", { role: "group", "aria-labelledby": `${id}-${number}` });
    const title = element("p", "cbh-quiz-question", "", { id: `${id}-${number}` });
    title.append(`${number + 1}. `, ...withCode(question.text));
    group.append(title);
    const choices = question.choices.map((choice, at) => {
      const button = element("button", "cbh-quiz-choice", "", { type: "button" });
      const mark = element("span", "cbh-quiz-mark", "", { "aria-hidden": "true" });
      const label = element("span");
      label.append(...withCode(choice.text));
      button.append(mark, label);
      button.addEventListener("click", () => save(pick(model.get("tried"), number, at)));
      const feedback = element("p", "cbh-quiz-feedback", "", { "aria-live": "polite" });
      group.append(button, feedback);
      return { choice, button, mark, feedback };
    });
    const buttons = choices.map(({ button }) => button);
    group.addEventListener("keydown", (event) => {
      const next = target(event.key, buttons.indexOf(event.target), buttons.length);
      if (next === null) return;
      event.preventDefault(); // else the page scrolls
      buttons[next].focus();
    });
    root.append(group);
    return () => choices.forEach((parts, at) => paintChoice(parts, model.get("tried")[number].includes(at)));
  });

  const foot = element("div", "cbh-quiz-foot");
  const line = element("p", "cbh-status", "", { role: "status" });
  const again = element("button", "cbh-quiz-again", "Start again", { type: "button" });
  again.addEventListener("click", () => save(questions.map(() => [])));
  foot.append(line, again);
  root.append(foot);

  const paint = () => {
    painters.forEach((paintQuestion) => paintQuestion());
    line.textContent = summary(questions, model.get("tried"));
    again.disabled = model.get("tried").every((choices) => !choices.length);
    root.dataset.ready = "true";
  };
  model.on("change:tried", paint);
  paint();
  el.append(root);
  return () => model.off("change:tried", paint);
}

function paintChoice({ choice, button, mark, feedback }, isTried) {
  const result = isTried ? (choice.right ? "right" : "wrong") : "";
  if (button.dataset.result === result) return; // a screen reader hears only what is new
  button.dataset.result = result;
  button.setAttribute("aria-pressed", String(isTried));
  mark.textContent = { right: "✓", wrong: "✗" }[result] ?? "○";
  feedback.replaceChildren();
  if (!isTried) return;
  feedback.append(element("b", "", choice.right ? "Right. " : "No. "), ...withCode(choice.feedback));
}

function withCode(text) {
  return parts(text).map(([part, isCode]) => element(isCode ? "code" : "span", "", part));
}

export default { render };
