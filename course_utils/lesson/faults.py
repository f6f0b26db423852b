"""Diagnoses that fit every exercise: what is the matter, and what to do about it."""

import ast
import contextlib
import inspect
import textwrap
import traceback
from collections.abc import Callable
from dataclasses import replace

import torch

from course_utils.lesson.attempt import Attempt
from course_utils.lesson.limit import OutOfTime

LONGEST = 300  # characters of an error message; PyTorch's can fill a screen

REMEDIES = {  # type of the result -> what to do, where a tensor was expected
    "list": "Make a tensor of the list: `torch.tensor(your_list)`.",
    "tuple": "Return one tensor alone; is there a comma too many after `return`?",
    "ndarray": "Make a tensor of the array: `torch.from_numpy(your_array)`.",
    "generator": "Use `return` in place of `yield`.",
    "function": "A function came out that has not been called: are the parentheses missing?",
    "float": "Collect the numbers in a tensor and return that, after the loops have ended.",
    "int": "Collect the numbers in a tensor and return that, after the loops have ended.",
}
ERROR_REMEDIES = {  # part of PyTorch's message -> what it means here
    "must match the size of tensor": "Two tensors of different shapes met. A slice is "
        "`[first : end]`, and the end moves along with the first: `i : i + size`.",
    "step must be greater than zero": "A tensor is reversed by `flip`: `kernel.flip(0)`.",
    "The expanded size of the tensor (0)": "The slice is empty, as `[0:-0]` is. Let it end at "
        "its beginning plus the size: `padding : padding + H`.",
    "does not require grad": "The weight does not remember what is done with it: take "
        "`weight.clone().requires_grad_()`.",
    "could not infer output dtype": "Yes and no have no mean; `.float()` makes 1 and 0 of them.",
    "'bool' object has no attribute": "One yes or no came out, not one for each entry. (`max` "
        "along an axis gives two things, the numbers and their places; `argmax` the places.)",
}  # fmt: skip
NUMBER_REMEDIES = {
    "float": "Does it divide with `/`? `//` keeps a whole number whole.",
    "Tensor": "`.item()` takes the number out of a tensor.",
    "int64": "`int(...)` makes a Python number of it.",
    "float64": "`float(...)` makes a Python number of it.",
    "str": "Return the number itself, without quotation marks.",
}


def of_function(name: str, parameters: list[str], learner) -> str | None:
    """Say why `learner` cannot be called with these parameters, or None."""
    if not callable(learner):
        return (
            f"this check needs your function itself, and got {article(learner)}. Write "
            f"`check.{name}({name})`, with no parentheses and no inputs after the inner name."
        )
    try:
        signature = inspect.signature(learner)
        signature.bind(*parameters)
    except ValueError:  # some functions written in C do not tell
        return None
    except TypeError:
        wanted = ", ".join(parameters)
        return f"your function takes `{signature}`. This exercise calls it with `({wanted})`."
    return None


def is_untouched(learner: Callable, first: Attempt) -> bool:
    """Say whether the three dots of the exercise still stand where the answer belongs."""
    if first.error:
        last = traceback.extract_tb(first.error.__traceback__)[-1]
        return (last.line or "").startswith("raise NotImplementedError")
    if first.result is ...:
        return True
    return first.result is None and not first.printed and has_dots(learner)


def has_dots(learner: Callable) -> bool:
    """Look in the function's source for `...` as a line or a value, or for nothing but `pass`."""
    with contextlib.suppress(OSError, TypeError, SyntaxError):
        nodes = list(ast.walk(ast.parse(textwrap.dedent(inspect.getsource(learner)))))
        bodies = [node.body for node in nodes if isinstance(node, ast.FunctionDef)]
        lines = [node for node in nodes if isinstance(node, ast.Expr | ast.Assign)]
        return any(is_constant(line, ...) for line in lines) or any(map(is_empty, bodies))
    return False


def is_empty(body: list[ast.stmt]) -> bool:
    return all(isinstance(line, ast.Pass) or is_constant(line) for line in body)


def is_constant(line: ast.stmt, *values) -> bool:
    constant = getattr(line, "value", None)
    return isinstance(constant, ast.Constant) and (not values or constant.value in values)


def of_attempt(made: Attempt, expected, parameters: list[str], learner: Callable) -> str | None:
    """Say what went wrong before the numbers themselves are looked at, or None."""
    if made.error:
        return of_error(made.error, learner)
    if made.result is None and made.printed:
        return "your function prints its answer. Hand it back instead: `return ...`."
    if made.result is None:
        return "your function returns None. Does its last line begin with `return`?"
    if made.changed:
        name = parameters[made.changed[0]]
        if isinstance(made.inputs[made.changed[0]], torch.nn.Module):
            return (
                f"your hook still hangs on the `{name}`, which will call it for ever. Keep what "
                "`register_forward_hook` returns, and take the hook away: `handle.remove()`."
            )
        return (
            f"your function changed the `{name}` that it was given, and whoever calls it still "
            f"needs that. Work on a copy: `{name}.clone()`."
        )
    if isinstance(expected, tuple):
        return of_several(made.result, expected, parameters)
    if isinstance(expected, torch.Tensor):
        return of_tensor(made.result, expected, parameters)
    return of_number(made.result, expected)


def of_error(error: BaseException, learner: Callable) -> str:
    where = learners_line(error, learner)
    if isinstance(error, OutOfTime):
        return (
            f"your function had not ended when the time was up; it was in {where}. Does each "
            "`while` loop come closer to its end? Does each number have to be computed so often?"
        )
    message = str(error)
    if len(message) > LONGEST:
        message = message[:LONGEST] + " …"
    remedy = next((words for part, words in ERROR_REMEDIES.items() if part in message), "")
    stopped = f"your function stopped with {type(error).__name__}: {message}. It was in {where}."
    return f"{stopped} {remedy}".strip()


def learners_line(error: BaseException, learner: Callable) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    file = getattr(getattr(learner, "__code__", None), "co_filename", None)
    own = [frame for frame in frames if frame.filename == file] or frames
    return f"line {own[-1].lineno}, `{own[-1].line}`" if own[-1].line else f"line {own[-1].lineno}"


def of_number(result, expected) -> str | None:
    """Say what is wrong with a result that should be a single number, or None."""
    wanted = (int, float) if isinstance(expected, float) else (type(expected),)
    if type(result) in wanted:
        return None
    name = type(result).__name__
    whole = "" if isinstance(expected, float) else "whole "
    remedy = NUMBER_REMEDIES.get(name, "")
    return f"your function returns {article(result)}, not a {whole}number. {remedy}".strip()


def of_several(result, expected: tuple, parameters: list[str]) -> str | None:
    """Say what is wrong with a result that should be a tuple of tensors, or None."""
    count = len(expected)
    if not isinstance(result, tuple) or len(result) != count:
        got = article(result) + (f" of {len(result)}" if isinstance(result, tuple) else "")
        return (
            f"your function returns {got}; {count} tensors are wanted. Separate them by a comma: "
            "`return one, other`."
        )
    faults = (of_tensor(part, one, parameters) for part, one in zip(result, expected, strict=True))
    return next((fault for fault in faults if fault), None)


def of_tensor(result, expected: torch.Tensor, parameters: list[str]) -> str | None:
    if not isinstance(result, torch.Tensor):
        remedy = REMEDIES.get(type(result).__name__, "")
        if expected.ndim == 0 and isinstance(result, int | float):
            remedy = "Leave out `.item()` or `float()`: the tensor itself is wanted."
        if isinstance(result, list) and any(getattr(part, "ndim", 0) for part in result):
            remedy = "Stack the tensors of the list: `torch.stack(your_list)`."
        return f"your function returns {article(result)}, not a tensor. {remedy}".strip()
    # a kernel that the learner writes down may well consist of whole numbers, and so do counts
    no_room = result.dtype not in (torch.float32, torch.float64)
    if parameters and expected.is_floating_point() and no_room:
        return (
            f"the numbers came out as {kind(result)}, which has no room for what comes after the "
            f"decimal point. `{parameters[0]}.new_zeros(...)` makes zeros of the kind that went in."
        )
    if not result.isfinite().all():
        return (
            "some numbers are not finite (nan or inf). `torch.empty` holds whatever was in memory: "
            "start with zeros. Is there a division by zero?"
        )
    return None


def remark(made: Attempt, expected) -> str:
    """Mention what does not make an answer wrong, but is good to know."""
    if isinstance(expected, tuple):
        made, expected = replace(made, result=made.result[0]), expected[0]
    tensors = any(isinstance(value, torch.Tensor) for value in made.inputs)
    tensors = tensors and isinstance(made.result, torch.Tensor)
    if not tensors or made.result.dtype == expected.dtype:
        return ""
    return (
        f" One remark, no fault: {kind(expected)} went in and {kind(made.result)} comes out, which"
        " keeps fewer digits. `new_zeros`, asked of what went in, makes zeros that keep as many."
    )


def kind(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def article(value) -> str:
    name = type(value).__name__
    known = {"NoneType": "None", "ndarray": "a NumPy array"}
    return known.get(name) or (f"an {name}" if name[0] in "aeiou" else f"a {name}")
