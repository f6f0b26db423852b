"""Things to touch: each widget is a Python class and, beside it, the script that draws it."""

from course_utils.widgets.conv_stepper import ConvStepper
from course_utils.widgets.kernel_explorer import KernelExplorer

__all__ = ["ConvStepper", "KernelExplorer"]
