"""The templates of the drawn digits: read strokes.json, check it, and turn points into curves.

A template is one way to write a digit. strokes.json itself says how one is written down, and
`python -m course_utils.handwriting --sheet templates.png` shows them all.
"""

import functools
import json
import math
import textwrap
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import pad

STROKES = Path(__file__).with_name("strokes.json")
SAMPLES = 96  # places along the path of one digit, all strokes together
CATMULL_ROM = torch.tensor([[0.0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2


@dataclass(frozen=True, eq=False)
class Template:
    """One way to write a digit, as read from the file: F keyframes of K points each.

    Shape: keyframes (F, K, 2), x and y in heights of the digit, y downwards; stroke (K,), the
    number of the stroke that a point belongs to; corner bool (K,), True also at a stroke's ends.
    """

    name: str
    digit: int
    weight: float
    noise: float
    slant: tuple[float, float]
    keyframes: Tensor
    stroke: Tensor
    corner: Tensor


@dataclass(frozen=True, eq=False)
class Templates:
    """T templates as one set of tensors; where a template is shorter, zeros fill it up."""

    digit: Tensor  # (T,)
    weight: Tensor  # (T,), how often it is drawn, among those of its digit
    noise: Tensor  # (T,), 1 for as much wobble as the style says
    slant: Tensor  # (T, 2), mean and spread; NaN where the style decides
    keyframes: Tensor  # (T, F, K, 2)
    has_keyframe: Tensor  # (T, F)
    is_end: Tensor  # (T, K), True where a stroke begins or ends
    matrix: Tensor  # (T, S, K): path = matrix @ points
    pen_up: Tensor  # (T, S), True where the pen is lifted before this sample


# ------------------------------------------------------------------------------ from the file


@functools.cache
def load_templates(path: str | Path = STROKES) -> tuple[Template, ...]:
    """Read a file of templates. Raises ValueError, which names the template, for a wrong one."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} must be JSON, but {error}") from error
    entries = content.get("templates") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise ValueError(f'{path} must hold {{"templates": [...]}} with at least one template')
    templates = tuple(_read_template(entry) for entry in entries)
    names = [template.name for template in templates]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"names must differ, but two templates are called {name!r}")
    return templates


def choose(wanted) -> tuple[Template, ...]:
    """Pick templates of the course by name; templates that were read from a file pass through."""
    known = {template.name: template for template in load_templates()}
    chosen = []
    for item in wanted:
        if not isinstance(item, Template) and item not in known:
            raise ValueError(f"unknown template {item!r}; strokes.json has the names")
        chosen.append(known.get(item, item))
    if not chosen:
        raise ValueError("templates must name at least one template, got none")
    return tuple(chosen)


def _read_template(entry: dict) -> Template:
    _check_entry(entry)
    name = entry["name"]
    keyframes = [_read_keyframe(text, name) for text in entry["keyframes"]]
    points, strokes, corners = zip(*keyframes, strict=True)
    if any(stroke != strokes[0] for stroke in strokes) or any(c != corners[0] for c in corners):
        raise ValueError(
            f"template {name!r}: all keyframes must have the same strokes, points and corners"
        )
    return Template(
        name=name,
        digit=entry["digit"],
        weight=float(entry["weight"]),
        noise=float(entry.get("noise", 1)),
        slant=tuple(entry.get("slant", (math.nan, math.nan))),
        keyframes=torch.tensor(points) / 100,
        stroke=torch.tensor(strokes[0]),
        corner=torch.tensor(corners[0]),
    )


def _check_entry(entry: dict) -> None:
    needed, optional = {"name", "digit", "weight", "keyframes"}, {"noise", "slant"}
    if not isinstance(entry, dict):
        raise ValueError(f"a template must be {{...}} with a name, got {entry!r}")
    name = entry.get("name")
    if missing := sorted(needed - entry.keys()):
        raise ValueError(f"template {name!r} must say its {' and '.join(missing)}")
    if unknown := sorted(entry.keys() - needed - optional):
        raise ValueError(f"template {name!r} says {unknown[0]!r}, which nothing reads")
    if entry["digit"] not in range(10):
        raise ValueError(f"template {name!r}: digit must be 0 to 9, got {entry['digit']!r}")
    if not isinstance(entry["weight"], int | float) or not entry["weight"] > 0:
        raise ValueError(f"template {name!r}: weight must be above 0, got {entry['weight']!r}")
    if len(entry.get("slant", (0, 0))) != 2:
        raise ValueError(f"template {name!r}: slant must be [mean, spread], got {entry['slant']}")
    if not entry["keyframes"]:
        raise ValueError(f"template {name!r} must have at least one keyframe")


def _read_keyframe(text: str, name: str) -> tuple[list, list, list]:
    """Read "x,y x,y* x,y | x,y x,y" into its points, and the stroke and corner of each."""
    points, strokes, corners = [], [], []
    for number, stroke in enumerate(text.split("|")):
        words = stroke.split()
        if len(words) < 2:
            raise ValueError(f"template {name!r}: a stroke must have two points, got {stroke!r}")
        for place, word in enumerate(words):
            try:
                x, y = word.rstrip("*").split(",")
                points.append((float(x), float(y)))
            except ValueError:
                raise ValueError(f"template {name!r}: a point must be x,y, got {word!r}") from None
            strokes.append(number)
            corners.append(word.endswith("*") or place in (0, len(words) - 1))
    return points, strokes, corners


# --------------------------------------------------------------------------- to one set of tensors


@functools.cache
def stack(templates: tuple[Template, ...]) -> Templates:
    """Put templates together, so that any number of digits is drawn without a loop over them."""
    most_frames = max(template.keyframes.shape[0] for template in templates)
    most_points = max(template.keyframes.shape[1] for template in templates)
    rows = []
    for template in templates:
        frames, points, _ = template.keyframes.shape
        more = (0, most_points - points)
        new_stroke = template.stroke.diff() != 0
        matrix, pen_up = spline(template)
        row = Templates(
            digit=torch.tensor(template.digit),
            weight=torch.tensor(template.weight),
            noise=torch.tensor(template.noise),
            slant=torch.tensor(template.slant),
            keyframes=pad(template.keyframes, (0, 0, *more, 0, most_frames - frames)),
            has_keyframe=torch.arange(most_frames) < frames,
            is_end=pad(
                pad(new_stroke, (1, 0), value=True) | pad(new_stroke, (0, 1), value=True), more
            ),
            matrix=pad(matrix, more),
            pen_up=pen_up,
        )
        rows.append(vars(row).values())
    return Templates(*(torch.stack(column) for column in zip(*rows, strict=True)))


def spline(template: Template) -> tuple[Tensor, Tensor]:
    """Work out the matrix that turns a template's points into its path, and where the pen is up.

    Between points 1 and 2, a Catmull-Rom spline is a cubic in u (from 0 to 1) whose coefficients
    are fixed sums of points 0 to 3. A path is therefore *linear* in its points, however curved
    it looks, and the same matrix serves every digit that is drawn from the template. At an end
    or a corner, point 1 stands in for its neighbour 0 (or 2 for 3): the curve may break there.

    Shape: (S, K) and bool (S,).
    """
    stroke, corner = template.stroke.tolist(), template.corner.tolist()
    pieces = torch.tensor(
        [
            (i if corner[i] else i - 1, i, i + 1, i + 1 if corner[i + 1] else i + 2)
            for i in range(len(stroke) - 1)
            if stroke[i] == stroke[i + 1]
        ]
    )
    # Samples lie evenly along the template; the small addition gives each piece at least one.
    step = template.keyframes[:, pieces[:, 2]] - template.keyframes[:, pieces[:, 1]]
    length = step.norm(dim=-1).mean(0) + 0.03
    end = length.cumsum(0)
    along = (torch.arange(SAMPLES) + 0.5) / SAMPLES * end[-1]
    piece = torch.searchsorted(end, along).clamp(max=len(end) - 1)
    u = 1 - (end[piece] - along) / length[piece]
    coefficients = torch.stack([torch.ones_like(u), u, u**2, u**3], 1) @ CATMULL_ROM  # (S, 4)
    matrix = torch.zeros(SAMPLES, len(stroke)).scatter_add_(1, pieces[piece], coefficients)
    stroke_of_sample = template.stroke[pieces[piece, 1]]
    return matrix, pad(stroke_of_sample.diff() != 0, (1, 0))


def save_sheet(path: str | Path, columns: int = 15) -> None:
    """Save a picture of all templates: their keyframes in grey, the mean of them in blue."""
    from matplotlib import pyplot
    from PIL import Image

    templates = load_templates()
    rows = math.ceil(len(templates) / columns)
    size = (0.95 * columns, 1.3 * rows)
    figure, axes = pyplot.subplots(rows, columns, figsize=size, squeeze=False, layout="tight")
    for axis in axes.flat:
        axis.set(xlim=(-0.2, 1.0), ylim=(1.1, -0.1), aspect="equal")
        axis.axis("off")
    for template, axis in zip(templates, axes.flat, strict=False):
        matrix, pen_up = spline(template)
        for points in [*template.keyframes, template.keyframes.mean(0)]:
            line = matrix @ points
            line[pen_up] = math.nan  # leaves a gap
            axis.plot(*line.T, color="0.8")
        axis.lines[-1].set_color("tab:blue")
        axis.set_title(textwrap.fill(template.name, 17), fontsize=7)
    figure.savefig(path, dpi=70)
    pyplot.close(figure)
    Image.open(path).quantize(16).save(path, optimize=True)  # few colours: a third of the size
