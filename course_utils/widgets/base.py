"""What all widgets share: the style sheet, and a still picture for pages without JavaScript."""

from pathlib import Path

import anywidget


class CourseWidget(anywidget.AnyWidget):
    """A widget of the course. Its script is `name.mjs`, beside the Python file."""

    _css = Path(__file__).with_name("course.css").read_text(encoding="utf-8")

    @staticmethod
    def module(path: Path) -> str:
        """Read a widget's script."""
        return path.read_text(encoding="utf-8")

    def still(self) -> str:
        """Describe the widget in HTML that needs no script: GitHub and print show this."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **options):
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None:  # no front end asked for widgets
            return None
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return data | {"text/plain": repr(self), "text/html": self.still()}, metadata
