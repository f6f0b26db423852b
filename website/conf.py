"""What Sphinx is told. It builds from the pages that `python -m website` has prepared."""

from latex2mathml import converter

project = "Convolution by Hand"
author = "the authors of Convolution by Hand"
extensions = ["myst_nb", "sphinx.ext.githubpages"]
exclude_patterns = ["notebooks/download"]  # the learner's notebooks, to be fetched from the pages
suppress_warnings = ["toc.not_included"]  # the single reports hang on their list

nb_execution_mode = "off"  # the lessons were run before
nb_merge_streams = True
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = project
html_static_path = ["static"]
html_css_files = ["course_widgets.css", "site.css", "inline.css"]
html_js_files = [
    (name, {"defer": "defer"}) for name in ("course_widgets.js", "page.js", "present.js")
]
html_copy_source = False
html_show_search_summary = False  # it would fetch pages, which a browser refuses from disk
html_show_copyright = False
html_math_renderer = "mathml"
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#155a96", "color-brand-content": "#155a96"},
    "dark_css_variables": {"color-brand-primary": "#6cb4f0", "color-brand-content": "#6cb4f0"},
}


def in_line(writer, node) -> None:
    writer.body.append(converter.convert(node.astext()))


def in_block(writer, node) -> None:
    writer.body.append(f"<div>{converter.convert(node.astext(), display='block')}</div>")


def skip(writer, node) -> None:
    """The node is written when it is entered; nothing is left to do at its end."""


def setup(app) -> None:
    """Write formulas as MathML, which browsers show by themselves, without a script."""
    app.add_html_math_renderer("mathml", (in_line, skip), (in_block, skip))
