// Presenting a page: one section at a time, in large type. A button begins, Escape ends.
"use strict";

(() => {
  const article = document.querySelector("article");
  const slides = article ? findSlides() : [];
  if (slides.length < 2) return;

  const root = document.documentElement;
  const bar = makeBar();
  let at = 0;

  document.querySelector(".content-icon-container").prepend(
    button("Present", () => begin(), { class: "present-button", title: "One section at a time" }),
  );
  document.body.append(bar.box);
  window.addEventListener("beforeprint", end); // paper gets the whole page
  document.addEventListener("fullscreenchange", () => document.fullscreenElement || end());
  document.addEventListener("keydown", onKey, { capture: true }); // before a widget takes PageDown

  /** A slide for each heading: what belongs to it, without what belongs to those below it. */
  function findSlides() {
    return [...article.querySelectorAll("section")].map((section) => ({
      title: section.querySelector("h1, h2, h3").firstChild.textContent,
      parts: partsOf(section).filter((part) => part.textContent.trim() || part.querySelector("img")),
    }));
  }

  function partsOf(parent) {
    return [...parent.children].flatMap((child) => {
      if (child.matches("section")) return [];
      return child.matches("details.further") ? partsOf(child) : [child];
    });
  }

  function begin() {
    openAll();
    root.dataset.presenting = "";
    const passed = slides.filter(({ parts }) => parts[0].getBoundingClientRect().top < 120);
    show(Math.max(0, passed.length - 1));
    root.requestFullscreen?.().catch(() => {}); // where a browser refuses, the page stays as it is
  }

  function end() {
    if (!("presenting" in root.dataset)) return;
    delete root.dataset.presenting;
    for (const { parts } of slides) for (const part of parts) part.removeAttribute("data-hidden");
    if (document.fullscreenElement) document.exitFullscreen();
    slides[at].parts[0].scrollIntoView();
  }

  function show(number) {
    at = Math.min(Math.max(number, 0), slides.length - 1);
    slides.forEach(({ parts }, each) => parts.forEach((part) => part.toggleAttribute("data-hidden", each !== at)));
    bar.place.textContent = `${at + 1} of ${slides.length}: ${slides[at].title}`;
    bar.back.disabled = at === 0;
    bar.next.disabled = at === slides.length - 1;
    window.scrollTo({ top: 0, behavior: "instant" });
    window.dispatchEvent(new Event("resize")); // what was hidden may paint now
  }

  /** A long section is read to its end before the next one comes. */
  function turn(step) {
    const before = window.scrollY;
    window.scrollBy({ top: 0.8 * step * window.innerHeight, behavior: "instant" });
    if (window.scrollY === before) show(at + step);
  }

  const moves = {
    ArrowRight: () => show(at + 1),
    ArrowLeft: () => show(at - 1),
    PageDown: () => turn(1), // what a presenter's remote control sends
    PageUp: () => turn(-1),
    Home: () => show(0),
    End: () => show(slides.length - 1),
    Escape: end,
  };

  function onKey(event) {
    if (!("presenting" in root.dataset) || event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = event.target.closest("input, textarea, select, [data-widget]");
    if (!(event.key in moves) || (isTyping && !/^Page|^Escape/.test(event.key))) return;
    event.preventDefault();
    event.stopPropagation();
    moves[event.key]();
  }

  function makeBar() {
    const place = Object.assign(document.createElement("span"), { className: "present-place" });
    place.setAttribute("role", "status");
    const back = button("Back", () => show(at - 1));
    const next = button("Next", () => show(at + 1));
    const box = Object.assign(document.createElement("div"), { className: "present-bar" });
    box.append(place, back, next, button("End", end));
    return { box, place, back, next };
  }

  function button(text, act, attributes = {}) {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.addEventListener("click", act);
    return made;
  }

  function openAll() {
    for (const fold of article.querySelectorAll("details.further")) fold.open = true;
  }
})();
