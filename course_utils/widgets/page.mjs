// Gives life to the widgets of a saved page: no Python, no network, a model for each widget.

/** What a widget expects of its model, without a kernel behind it. */
export function pageModel(state) {
  const values = { ...state };
  const heard = new Map();
  const each = (names, act) => names.split(" ").forEach(act);
  return {
    get: (name) => values[name],
    set(name, value) {
      if (values[name] === value) return;
      values[name] = value;
      for (const call of [...(heard.get(`change:${name}`) ?? [])]) call();
    },
    on: (names, call) =>
      each(names, (name) => heard.set(name, (heard.get(name) ?? new Set()).add(call))),
    off: (names, call) => each(names, (name) => heard.get(name)?.delete(call)),
    save_changes() {},
  };
}

/** Start every widget on the page; `scripts` maps the name of a widget to its module. */
export function startPage(scripts) {
  followTheme();
  for (const place of document.querySelectorAll("[data-widget]")) {
    const state = JSON.parse(place.querySelector("script").textContent);
    place.replaceChildren(); // the still picture goes
    scripts[place.dataset.widget].render({ model: pageModel(state), el: place });
  }
}

/** A page has no Jupyter around it that says light or dark: it asks its reader, else the system. */
function followTheme() {
  const { dataset } = document.body;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    const isDark = { dark: true, light: false }[dataset.theme] ?? dark.matches;
    dataset.jpThemeLight = String(!isDark);
  };
  dark.addEventListener("change", follow);
  new MutationObserver(follow).observe(document.body, { attributeFilter: ["data-theme"] });
  window.addEventListener("beforeprint", () => (dataset.jpThemeLight = "true")); // paper is white
  window.addEventListener("afterprint", follow);
  follow();
}
