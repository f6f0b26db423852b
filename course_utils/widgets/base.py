"""What all widgets share: one script out of several files, one style sheet, a still picture.

A widget is a Python class and, beside it, a script of the same name. The script imports what it
needs from `core.mjs` (arithmetic) and `dom.mjs` (the page); front ends take one script without
imports, so `join` puts the files one after the other.
"""

import inspect
import re
from pathlib import Path

import anywidget
import traitlets

from course_utils.widgets import page

HERE = Path(__file__).parent
IMPORT = re.compile(r'^import \{[\w\s,$]*\} from "(\.[^"]+\.mjs)";\n', re.MULTILINE)


def join(script: Path) -> str:
    """Return the script as one text, with the files that it imports before it, each once.

    Raises ValueError for an import other than `import { names } from "./file.mjs";`.
    """
    texts: dict[Path, str] = {}
    _collect(script.resolve(), texts)
    return "\n".join(texts.values())


def _collect(script: Path, texts: dict[Path, str]) -> None:
    text = script.read_text(encoding="utf-8")
    for name in IMPORT.findall(text):
        imported = (script.parent / name).resolve()
        if imported not in texts:
            _collect(imported, texts)
    texts[script] = IMPORT.sub("", text)
    renamed = re.search(r"^import \{[^}]*\bas\b[^}]*\}", text, re.MULTILINE)
    if other := renamed or re.search(r"^import\b.*", texts[script], re.MULTILINE):
        raise ValueError(
            f'{script.name} must import as in `import {{ pad }} from "./core.mjs";`, got {other[0]}'
        )


class CourseWidget(anywidget.AnyWidget):
    """A widget of the course.

    `script` names its script, which stands beside its Python file; a style sheet of the same name
    may stand there too, and follows the common one and those of other widgets named in `styles`.
    """

    script: str
    styles: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()  # traits that the page does not set, nor any that begins with _

    def __init_subclass__(cls, **options):
        if "script" in cls.__dict__:
            script = Path(inspect.getfile(cls)).with_name(cls.script)
            styles = [HERE / name for name in ("course.css", *cls.styles)]
            styles.append(script.with_suffix(".css"))
            cls._esm = join(script)
            cls._css = "\n".join(s.read_text(encoding="utf-8") for s in styles if s.exists())
        for trait in vars(cls).values():
            if isinstance(trait, traitlets.TraitType):
                # what the page sets is not sent back to it: the learner has moved on meanwhile,
                # and the echo of an older value would undo the newer one
                trait.tag(echo_update=False)
        super().__init_subclass__(**options)

    def set_state(self, sync_data):
        """Take what the page has changed: all of it, or nothing and a line in the log."""
        try:
            fixed = [name for name in sync_data if name.startswith("_") or name in self.fixed]
            super().set_state({name: sync_data[name] for name in sync_data if name not in fixed})
        except Exception as error:  # whatever a page sends, the kernel lives and the lesson goes on
            self.log.warning(f"{type(self).__name__} refused what the page sent: {error!s:.300}")

    def still(self) -> str:
        """Describe the widget in HTML that needs no script: GitHub and print show this."""
        raise NotImplementedError

    def saved_state(self) -> dict:
        """Give what a saved page carries of the widget's state; large ones leave something out."""
        return self.get_state()

    def to_html(self, path: str | Path, title: str = "Convolution by Hand") -> Path:
        """Save the widget as a page that works without Python and without a network."""
        path = Path(path)
        path.write_text(page.html(self, title=title), encoding="utf-8")
        return path

    def _repr_mimebundle_(self, **options):
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None:  # no front end asked for widgets
            return None
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return data | {"text/plain": repr(self), "text/html": self.still()}, metadata
