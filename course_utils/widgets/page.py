"""A web page around widgets: one file that works from disk, without Python and without a network.

The page carries the strictest content policy that a script allows: nothing may be fetched, and
only the page's own script, known by its hash, may run.
"""

import base64
import hashlib
import html as markup
import json
import re
from pathlib import Path

HERE = Path(__file__).parent
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class)\b)", re.MULTILINE)
NOT_STATE = re.compile(r"_(esm|css|model|view|dom|anywidget)|layout|tabbable|tooltip")


def html(*widgets, title: str) -> str:
    """Return a page that shows the widgets one below the other."""
    script = f"\n{page_script({type(widget).__name__: widget._esm for widget in widgets})}\n"
    sheets = [(HERE / "page.css").read_text(encoding="utf-8"), *(widget._css for widget in widgets)]
    style = "\n".join(["", *dict.fromkeys(sheets), ""])
    policy = (
        f"default-src 'none'; script-src '{source_hash(script)}';"
        f" style-src '{source_hash(style)}';"
        " img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    body = "\n".join(map(place, widgets))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{markup.escape(title)}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{markup.escape(title)}</h1>
{body}
</main>
<script type="module">{script}</script>
</body>
</html>
"""


def place(widget) -> str:
    """Return the widget's place on a page: its still picture, and its state for the script."""
    state = json.dumps(page_state(widget)).replace("<", "\\u003c")
    return (
        f'<div data-widget="{type(widget).__name__}">\n{widget.still()}\n'
        f'<script type="application/json">{state}</script>\n</div>'
    )


def page_state(widget) -> dict:
    """Return what the widget's script may ask its model for."""
    state = sorted(widget.saved_state().items())
    return {name: value for name, value in state if not NOT_STATE.match(name)}


def page_script(modules: dict[str, str]) -> str:
    """Return one script for the modules of widgets, by class; each keeps its names to itself."""
    scopes = [f"const {name} = (() => {{\n{as_scope(text)}}})();" for name, text in modules.items()]
    host = EXPORT.sub("", (HERE / "page.mjs").read_text(encoding="utf-8"))
    return "\n".join([*scopes, host, f"startPage({{ {', '.join(modules)} }});"])


def as_scope(module: str) -> str:
    """Turn a module into the body of a function that returns what the module exports."""
    return EXPORT.sub("", module).replace("export default {", "return {")


def source_hash(text: str) -> str:
    """Name a script or a style as a content policy names it."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
