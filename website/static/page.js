// What every page does: keys reach what scrolls sideways, paper gets what is folded.
"use strict";

(() => {
  const scrollable = document.querySelectorAll(".table-wrapper, .cell_output, [data-widget], pre");
  const reach = () => {
    for (const part of scrollable) {
      if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
      else part.removeAttribute("tabindex");
    }
  };
  window.addEventListener("load", reach);
  window.addEventListener("resize", reach);

  window.addEventListener("beforeprint", () => {
    for (const fold of document.querySelectorAll("details.further")) fold.open = true;
  });
})();
