"""Things to touch: each widget is a Python class and, beside it, the script that draws it."""
