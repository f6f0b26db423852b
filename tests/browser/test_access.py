"""Everybody can use the widgets: axe looks at each of them in JupyterLab, light and dark."""

import pytest

from tests.browser.lab_kit import run_cell, serious_problems

pytestmark = pytest.mark.browser

SHOWN = {
    "guess": "from course_utils.lesson import guess\nguess('How many?', [1, 2])",
    "quiz": "from course_utils.lesson import quiz\n"
            "quiz('## Is `1 < 2`?\\n- [ ] No\\n  Count.\\n- [x] Yes\\n  It is.')",
    "norm": "from course_utils.widgets import BatchNormExplorer\nBatchNormExplorer()",
    "stepper": "from course_utils.widgets import ConvStepper\n"
               "ConvStepper([[1] * 6] * 6, bias=1, padding=1, stride=2, dilation=2)",
    "pooling": "from course_utils.widgets import PoolingExplorer\nPoolingExplorer(kernel_size=3,"
               " padding=1, ceil_mode=True, show_gradient=True, shift=(1, 0))",
    "features": "import torch\nfrom course_utils import models\n"
                "from course_utils.widgets import FeatureMaps\nFeatureMaps(models.course_cnn(),"
                " torch.zeros(3, 28, 28, dtype=torch.uint8), [1, 2, 3], layer='8')",
    "explorer": "import torch\nfrom course_utils.widgets import KernelExplorer\n"
                "KernelExplorer(image=torch.rand(3, 40, 40), goal='less noise')",
}  # fmt: skip


@pytest.fixture
def shown(theme, page, write_notebook, open_notebook):
    """A notebook with every widget, high enough for all of them to be in sight."""
    page.set_viewport_size({"width": 1280, "height": 6000})
    open_notebook(write_notebook("access", list(SHOWN.values())))
    for number, name in enumerate(SHOWN):
        run_cell(page, number)
        page.wait_for_selector(f".cbh-{name}[data-ready]")
    assert (
        page.locator("body").get_attribute("data-jp-theme-light") == str(theme == "light").lower()
    )
    return page


def test_axe_finds_nothing_serious_in_jupyterlab(shown):
    shown.get_by_role("button", name="No", exact=True).click()
    shown.get_by_role("button", name="Yes", exact=True).click()
    shown.get_by_label("image, row 0, column 0", exact=True).fill("abc")
    shown.keyboard.press("Enter")
    shown.get_by_label("Weight in row 0, column 0").fill("abc")
    shown.get_by_text("“abc” is not").nth(1).wait_for()
    assert shown.locator(".cbh").count() == len(SHOWN)
    assert serious_problems(shown, ".cbh") == []
