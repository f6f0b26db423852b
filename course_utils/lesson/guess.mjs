// A question with its choices; what the reader picks goes to Python as `chosen`.

import { element, widgetRoot } from "../widgets/dom.mjs";

let groups = 0; // radio buttons belong together by name, and each view needs a name of its own

/** What stands under the choices; the outcome waits for whoever has not chosen yet. */
export function status(choices, chosen, outcome) {
  if (chosen < 0) return outcome ? "Choose before you read on." : "Choose before you run on.";
  return `You guessed ${choices[chosen]}. ${outcome || "Now run on."}`;
}

function render({ model, el }) {
  const group = `cbh-guess-${groups++}`;
  const root = widgetRoot("cbh-guess", "fieldset");
  root.append(element("legend", "cbh-question", model.get("question")));

  const inputs = model.get("choices").map((choice, index) => {
    const label = element("label", "cbh-choice");
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: group, value: String(index) });
    input.addEventListener("change", () => {
      model.set("chosen", index);
      model.save_changes();
    });
    label.append(input, element("span", "", choice));
    root.append(label);
    return input;
  });
  const line = element("p", "cbh-status");
  line.setAttribute("role", "status");
  root.append(line);

  const paint = () => {
    const [chosen, outcome] = [model.get("chosen"), model.get("outcome")];
    inputs.forEach((input, index) => {
      input.checked = index === chosen;
      input.disabled = outcome !== "" && chosen >= 0; // who ran past it may still guess
    });
    line.textContent = status(model.get("choices"), chosen, outcome);
    root.dataset.ready = "true";
  };
  model.on("change:chosen change:outcome", paint);
  paint();
  el.append(root);
  return () => model.off("change:chosen change:outcome", paint);
}

export default { render };
