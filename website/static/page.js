// What every page does: guesses before answers, keys to what scrolls, folds that open, paper.
"use strict";

(() => {
  const scrollable = document.querySelectorAll(".table-wrapper, .cell_output, [data-widget], pre");

  /** Whatever can be moved sideways can be reached by keys. */
  function reach() {
    for (const part of scrollable) {
      if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
      else part.removeAttribute("tabindex");
    }
  }

  /** An experiment, whose code says what came out, is hidden until one has guessed, or waived it. */
  function veil(guess) {
    const experiment = nextExperiment(guess.closest(".cell"));
    if (!experiment || experiment.hidden) return;
    const waive = document.createElement("button");
    Object.assign(waive, { type: "button", className: "veil", textContent: "Guess first, or show the experiment" });
    const lift = () => {
      experiment.hidden = false;
      waive.remove();
      window.dispatchEvent(new Event("resize")); // what was hidden may be wide
    };
    waive.addEventListener("click", lift);
    guess.addEventListener("change", lift);
    experiment.before(waive);
    experiment.hidden = true;
  }

  function nextExperiment(cell) {
    let next = cell.nextElementSibling;
    while (next && !next.matches(".cell:has(> .cell_output)")) next = next.nextElementSibling;
    return next;
  }

  /** A link into what is folded opens it. */
  function openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const fold = target?.closest("details") ?? target?.querySelector(":scope > details.further");
    if (!fold) return;
    fold.open = true;
    target.scrollIntoView();
  }

  document.querySelectorAll('[data-widget="Guess"]').forEach(veil);
  window.addEventListener("load", () => (reach(), openTarget()));
  window.addEventListener("resize", reach);
  window.addEventListener("hashchange", openTarget);
  document.addEventListener("toggle", reach, { capture: true });
  window.addEventListener("beforeprint", () => {
    for (const waive of document.querySelectorAll(".veil")) waive.click();
    for (const fold of document.querySelectorAll("details.further")) fold.open = true;
  });
})();
