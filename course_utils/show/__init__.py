"""Pictures for the lessons, one line each. Every picture carries its description in words."""

from course_utils.show.digits import digits
from course_utils.show.grids import grids, maps
from course_utils.show.journey import journey, save, tiles
from course_utils.show.lines import lines
from course_utils.show.numbers import table
from course_utils.show.picture import Picture
from course_utils.show.results import confusion, probabilities
from course_utils.show.shapes import trail
from course_utils.show.spreads import spreads
from course_utils.show.training import LiveCurves, curves

__all__ = [
    "LiveCurves",
    "Picture",
    "confusion",
    "curves",
    "digits",
    "grids",
    "journey",
    "lines",
    "maps",
    "probabilities",
    "save",
    "spreads",
    "table",
    "tiles",
    "trail",
]
