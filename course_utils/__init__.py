"""The code behind the course *Convolution by Hand*: data, networks, training, pictures, lessons.

Import the module that you need (`from course_utils import data`); nothing is loaded before.
"""

__version__ = "0.1.0"
