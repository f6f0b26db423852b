"""What a page does with many views, many changes and strange texts: it stays awake and tidy."""

import pytest
import torch
from torch import nn

from course_utils.lesson import guess, quiz
from course_utils.widgets import (
    BatchNormExplorer,
    ConvStepper,
    DrawPad,
    FeatureMaps,
    KernelExplorer,
    PoolingExplorer,
    Pulse,
)
from course_utils.widgets.page import HERE, page_state
from tests.browser.lab_kit import stop_clock
from tests.test_widgets_text import BAD
from tests.test_widgets_text import WIDGETS as WITH_HOSTILE_TEXT

pytestmark = pytest.mark.browser
IMAGES = torch.arange(2 * 784).reshape(2, 28, 28).remainder(251).byte()
NETWORK = nn.Sequential(nn.Conv2d(1, 2, 3, stride=9), nn.Flatten(), nn.Linear(18, 10))
QUESTION = "## {}?\n- [x] Yes\n  It is.\n- [ ] No\n  It is not."
QUIZ = f"{QUESTION.format('One')}\n{QUESTION.format('Two')}"

# how to make it, what the learner does in turns, and a trait with two values that Python sets
WIDGETS = {
    "KernelExplorer": (
        lambda: KernelExplorer(image=torch.eye(9)),
        ["button 'Sobel x'", "button 'Sobel y'"],
        ("kernel", [[[1, 0]], [[0, 2, 0]]]),
    ),
    "ConvStepper": (
        ConvStepper,
        ["[data-action='step 1']", "[data-action='step -1']"],
        ("stride", [1, 2]),
    ),
    "PoolingExplorer": (
        PoolingExplorer,
        ["[data-action='shift 1 0']", "[data-action='shift -1 0']"],
        ("mode", ["max", "average"]),
    ),
    "BatchNormExplorer": (
        lambda: BatchNormExplorer(torch.arange(512.0).sin().reshape(64, 2, 2, 2)),
        ["[data-action='next']", "[data-action='next']"],
        ("gamma", [[1.0, 1.0], [3.0, 2.0]]),
    ),
    "FeatureMaps": (
        lambda: FeatureMaps(NETWORK, IMAGES),
        ["key ArrowRight 0", "key ArrowLeft 0"],
        ("image", [0, 1]),
    ),
    "DrawPad": (
        lambda: DrawPad(NETWORK, image=IMAGES[0]),
        ["key ArrowRight 1", "key ArrowLeft 1"],
        ("shift", [[0, 0], [3, -2]]),
    ),
    "Guess": (
        lambda: guess("Yes?", ["yes", "no"]),
        ["input[value='0']", "input[value='1']"],
        ("chosen", [0, 1]),
    ),
    "Quiz": (
        lambda: quiz(QUIZ),
        [".cbh-quiz-choice", ".cbh-quiz-again"],
        ("tried", [[[0], []], [[1], [1]]]),
    ),
    "Pulse": (Pulse, [], ("answered", [5, 1])),
}
PLAY = dict.fromkeys(["ConvStepper", "BatchNormExplorer"], ["button 'Play'"])
# those that paint once a frame, and tell Python ten times a second; the others have a few buttons
SLOWLY = [name for name in WIDGETS if name not in ("Guess", "Quiz", "Pulse")]
each_widget = pytest.mark.parametrize("name", WIDGETS)

# What is alive outside of the widgets: listeners of window and document, timers, frames, observers.
COUNT = """() => {
  window.CountPaints = MutationObserver;
  window.alive = new Map();
  let count = 0;
  const born = (what, key) => alive.set(key, what);
  const own = (target) => target === window || target === document || !(target instanceof Node);
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const keys = new Map();
  EventTarget.prototype.addEventListener = function (type, call, options) {
    const target = this ?? window;
    if (own(target) && !(target instanceof AbortSignal)) {
      const key = `listener ${count++}`;
      keys.set(call, key);
      born(type, key);
      options?.signal?.addEventListener("abort", () => alive.delete(key));
    }
    return addEventListener.call(target, type, call, options);
  };
  EventTarget.prototype.removeEventListener = function (type, call, options) {
    alive.delete(keys.get(call));
    return removeEventListener.call(this ?? window, type, call, options);
  };
  const timed = (start, stop, once) => {
    const [begin, end] = [window[start], window[stop]];
    window[start] = (call, ...rest) => {
      const id = begin.call(window, (...said) => {
        if (once) alive.delete(`${start} ${id}`);
        call(...said);
      }, ...rest);
      born(start, `${start} ${id}`);
      return id;
    };
    window[stop] = (id) => {
      alive.delete(`${start} ${id}`);
      end.call(window, id);
    };
  };
  timed("setTimeout", "clearTimeout", true);
  timed("setInterval", "clearInterval", false);
  timed("requestAnimationFrame", "cancelAnimationFrame", true);
  for (const kind of ["MutationObserver", "ResizeObserver", "IntersectionObserver"]) {
    window[kind] = class extends window[kind] {
      observe(...what) { born(kind, this); super.observe(...what); }
      disconnect() { alive.delete(this); super.disconnect(); }
    };
  }
}"""
# Views of one model, without Python: open(), act("[data-action=next]"), and shown(), what one sees.
OPEN = """async ([script, host, state]) => {
  const load = (text) => import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const [{ default: widget }, { pageModel }] = [await load(script), await load(host)];
  const model = pageModel(state);
  Object.assign(window, { model, saved: 0, heard: 0, paints: 0, views: [] });
  const { on, off } = model;
  model.on = (...what) => { heard += 1; on(...what); };
  model.off = (...what) => { heard -= 1; off(...what); };
  window.now = () => JSON.stringify(Object.keys(state).map(model.get));
  model.save_changes = () => { saved += 1; window.told = now(); };
  window.open = () => {
    const el = document.body.appendChild(document.createElement("div"));
    const paint = new CountPaints((marks) => { paints += marks.length; });
    paint.observe(el, { subtree: true, attributeFilter: ["data-ready"] });
    const close = widget.render({ model, el });
    views.push({ el, close: () => { close(); el.remove(); } });
    return views.length - 1;
  };
  window.act = (what, number = 0) => {
    const { el } = views[number];
    const [kind, ...words] = what.split(" ");
    if (kind === "key") {
      const stage = el.querySelectorAll("[role=application]")[Number(words[1])];
      stage.dispatchEvent(new KeyboardEvent("keydown", { key: words[0], bubbles: true }));
    } else if (kind === "button") {
      const name = what.slice(8, -1);
      [...el.querySelectorAll("button")].find((each) => each.textContent === name).click();
    } else el.querySelector(what).click();
  };
  window.shown = (number) => {
    const { el } = views[number];
    const all = (kind, read) => [...el.querySelectorAll(kind)].map(read);
    const marks = all("[aria-pressed]", (each) => each.getAttribute("aria-pressed"));
    const fields = all("input,select", (each) => [each.value, each.checked]);
    const text = el.cloneNode(true);
    // what a screen reader was told, and the batches that this view has seen, are each view's own
    const own = text.querySelectorAll(".cbh-hidden[role=status], .cbh-norm-chart");
    own.forEach((each) => each.remove());
    const canvases = all("canvas", (each) => each.toDataURL());
    return JSON.stringify([text.textContent, fields, canvases, marks]);
  };
  open();
}"""


@pytest.fixture
def open_views(page):
    """Open a view of a widget in an empty page; its clock is ours and begins at rest."""

    def open_it(widget):
        page.goto("about:blank")
        stop_clock(page)
        page.evaluate(COUNT)
        host = (HERE / "page.mjs").read_text(encoding="utf-8")
        page.evaluate(OPEN, [widget._esm, host, page_state(widget)])
        return page

    return open_it


def assert_all_see_the_same(page) -> None:
    """What a view shows is what one shows that is opened now, when all came to rest."""
    page.clock.run_for(3000)
    newest = page.evaluate("open()")
    page.clock.run_for(3000)
    for number in range(newest):
        assert page.evaluate(f"shown({number})") == page.evaluate(f"shown({newest})")


@each_widget
@pytest.mark.fault(
    "100 views of a widget opened, used and closed", "no listener and no timer stays"
)
def test_closed_views_leave_nothing_behind(open_views, name):
    make, actions, _ = WIDGETS[name]
    page = open_views(make())
    page.evaluate("views.pop().close()")
    for _ in range(100):
        page.evaluate(
            "actions => { open(); actions.forEach((what) => act(what)); views.pop().close(); }",
            actions + PLAY.get(name, []),
        )
    assert page.evaluate("[heard, [...alive.values()]]") == [0, []]
    assert page.evaluate("document.body.childElementCount") == 0


@each_widget
@pytest.mark.fault("1,000 changes by Python in a burst",
                   "the page paints once, the last one, and sends nothing back")  # fmt: skip
def test_python_changes_a_value_a_thousand_times(open_views, name):
    make, _, (trait, values) = WIDGETS[name]
    page = open_views(make())
    before = page.evaluate("[shown(0), saved]")
    page.evaluate("paints = 0")
    page.evaluate(
        "([trait, values]) => { for (let i = 0; i < 1000; i++) model.set(trait, values[i % 2]); }",
        [trait, values],
    )
    page.clock.run_for(3000)
    shown, saved = page.evaluate("[shown(0), saved]")
    assert shown != before[0]
    assert saved == before[1]
    assert page.evaluate("paints") <= (2 if name in SLOWLY else 1000)
    assert_all_see_the_same(page)


@pytest.mark.parametrize("name", SLOWLY)
@pytest.mark.fault(
    "1,000 changes by the learner within a second",
    "the page shows the last one; Python hears of it, and of ten others at most",
)
def test_a_learner_changes_a_value_a_thousand_times(open_views, name):
    make, actions, _ = WIDGETS[name]
    page = open_views(make())
    before = page.evaluate("saved")
    for _ in range(20):
        page.evaluate("actions => { for (let i = 0; i < 50; i++) act(actions[i % 2]); }", actions)
        page.clock.run_for(50)
    page.evaluate("([one, other]) => { act(one); act(other); }", actions)
    page.clock.run_for(200)
    assert 5 <= page.evaluate("saved") - before <= 13
    assert page.evaluate("told === now()")
    assert_all_see_the_same(page)


@each_widget
@pytest.mark.fault("two views of one widget, used in turns", "both show the same at any time")
def test_two_views_agree(open_views, name):
    make, actions, _ = WIDGETS[name]
    page = open_views(make())
    page.evaluate("open()")
    for number, what in enumerate(actions):
        before = page.evaluate("shown(0)")
        page.evaluate("([what, number]) => act(what, number)", [what, number])
        page.clock.run_for(3000)
        assert page.evaluate("shown(0)") == page.evaluate("shown(1)") != before
    assert_all_see_the_same(page)


@pytest.mark.parametrize("where", WITH_HOSTILE_TEXT)
@pytest.mark.fault("HTML as a name, question or choice, in a live widget", "it is shown as written")
def test_html_in_a_live_widget_stays_text(open_views, where):
    page = open_views(WITH_HOSTILE_TEXT[where]())
    page.on("dialog", lambda dialog: pytest.fail("the text was run"))
    page.clock.run_for(3000)
    for choice in page.locator("input[type=radio], .cbh-quiz-choice").all():
        choice.click()
    page.clock.run_for(3000)
    assert BAD.split("`")[0] in page.evaluate("document.body.textContent")
    assert page.locator("img, script, b:text-is('`')").count() == 0
