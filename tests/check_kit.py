"""What the tests of the exercises share: answers, what they must be told, and mutants of them."""

import ast
import copy
import importlib.util
import inspect
import math
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType

import torch

ANSWERS = Path(__file__).with_name("answers")


def load(path: Path) -> dict:
    """Import a Python file and return its names."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)


def answers(kind: str) -> dict[str, FunctionType]:
    """All right (or wrong) answers of tests/answers by name; NAME__way answers check.NAME."""
    found = {}
    for path in sorted(ANSWERS.glob(f"*_{kind}.py")):
        found |= {name: value for name, value in load(path).items() if "__" in name.strip("_")}
    return found


def tables(name: str) -> dict:
    """Join the dictionaries of this name from all tests/answers/*_right.py."""
    joined = {}
    for path in sorted(ANSWERS.glob("*_right.py")):
        joined |= load(path).get(name, {})
    return joined


def random(*shapes) -> list[torch.Tensor]:
    """Random tensors, other ones for other shapes, the same ones each time."""
    generator = torch.Generator().manual_seed(math.prod(map(sum, shapes)))
    return [torch.randn(shape, dtype=torch.float64, generator=generator) for shape in shapes]


def gets(diagnosis):
    """Note which diagnosis the answer must get."""

    def mark(function):
        function.diagnosis = diagnosis
        return function

    return mark


def mutants(function: FunctionType) -> Iterator[tuple[str, FunctionType]]:
    """Change one thing in the source of `function`, each in turn; yield what, and the mutant."""
    tree = ast.parse(inspect.getsource(function))
    for at, node in enumerate(ast.walk(tree)):
        for change in changes(node):
            mutant = copy.deepcopy(tree)
            target = list(ast.walk(mutant))[at]
            change(target)
            text = ast.unparse(ast.fix_missing_locations(mutant))
            code = compile(text, "mutant", "exec")
            body = next(part for part in code.co_consts if isinstance(part, CodeType))
            yield text, FunctionType(body, function.__globals__)


SWAPS = {ast.Add: [ast.Sub, ast.Mult], ast.Sub: [ast.Add], ast.Mult: [ast.Add, ast.Div],
         ast.Pow: [ast.Mult]}  # fmt: skip
NAMES = {"i": "j", "j": "i", "kh": "kw", "kw": "kh", "H": "W", "W": "H", "a": "b", "b": "a",
         "o": "c", "c": "o", "rows": "columns", "columns": "rows",
         "in_channels": "out_channels", "out_channels": "in_channels"}  # fmt: skip


def changes(node: ast.AST) -> list:
    """All single changes for a node of the tree, as functions that make the change."""
    match node:
        case ast.BinOp():
            swaps = [lambda n, op=op: setattr(n, "op", op()) for op in SWAPS.get(type(node.op), [])]
            return [*swaps, lambda n: become(n, n.left), lambda n: become(n, n.right)]
        case ast.Constant(value=int() | float()):
            return [
                lambda n: setattr(n, "value", n.value + 1),
                lambda n: setattr(n, "value", n.value - 1),
            ]
        case ast.UnaryOp():
            return [lambda n: become(n, n.operand)]
        case ast.Call(func=ast.Attribute()):
            return [lambda n: become(n, n.func.value)]
        case ast.Tuple(elts=[_, _]):
            return [lambda n: n.elts.reverse()]
        case ast.Name(id=name, ctx=ast.Load()) if name in NAMES:
            return [lambda n: setattr(n, "id", NAMES[n.id])]
        case ast.AugAssign():
            return [lambda n: become(n, ast.Assign([n.target], n.value))]
        case ast.Return():
            return [lambda n: setattr(n, "value", None)]
    return []


def become(node: ast.AST, other: ast.AST) -> None:
    node.__class__ = other.__class__
    node.__dict__ = dict(other.__dict__)
