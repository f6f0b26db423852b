// A sign of life: the page calls, Python answers.

import { element, setText, widgetRoot } from "./dom.mjs";

function render({ model, el }) {
  const root = widgetRoot("cbh-pulse");
  const line = element("p", "", "", { role: "status" });
  root.append(line);
  const paint = () => {
    const heard = model.get("answered") > 0 && model.get("answered") === model.get("called");
    const waiting = "Widgets: this page shows them; Python has not answered yet. If it stays so, restart the kernel.";
    setText(line, heard ? "\u2713 Widgets are alive: the page has called, and Python has answered." : waiting);
    root.dataset.ready = "true";
  };
  model.on("change:answered", paint);
  paint();
  el.append(root);
  model.set("called", model.get("called") + 1);
  model.save_changes();
  return () => model.off("change:answered", paint);
}

export default { render };
