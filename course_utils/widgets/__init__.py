"""Things to touch: each widget is a Python class and, beside it, the script that draws it."""

from course_utils.widgets.batch_norm_explorer import BatchNormExplorer
from course_utils.widgets.conv_stepper import ConvStepper
from course_utils.widgets.draw_pad import DrawPad
from course_utils.widgets.feature_maps import FeatureMaps
from course_utils.widgets.kernel_explorer import KernelExplorer
from course_utils.widgets.pooling_explorer import PoolingExplorer
from course_utils.widgets.pulse import Pulse

__all__ = [
    "BatchNormExplorer",
    "ConvStepper",
    "DrawPad",
    "FeatureMaps",
    "KernelExplorer",
    "PoolingExplorer",
    "Pulse",
]
