"""Hundreds of random cases for core.mjs, with what PyTorch says to each."""

import random
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.node_kit import ask_node


@dataclass
class Case:
    """One call of a function in core.mjs, and what PyTorch says to the same."""

    call: str
    args: list
    expected: Tensor


def conv2d(chance: random.Random) -> Case:
    groups = chance.randint(1, 4), chance.randint(1, 4)
    kernel = [chance.randint(1, 5), chance.randint(1, 5)]
    dilation = [chance.choice([1, 1, 2, 3]), chance.choice([1, 1, 2])]
    padding = [chance.randint(0, 3), chance.randint(0, 3)]
    stride = [chance.randint(1, 3), chance.randint(1, 3)]
    size = [d * (k - 1) + 1 + p + chance.randint(0, 8)
            for d, k, p in zip(dilation, kernel, padding, strict=True)]  # fmt: skip
    mode = chance.choice(["zeros", "reflect", "replicate"])
    x, weight = torch.randn(groups[0], *size), torch.randn(groups[1], groups[0], *kernel)
    bias = torch.randn(groups[1]) if chance.random() < 0.5 else None
    both = [padding[1], padding[1], padding[0], padding[0]]
    padded = F.pad(x[None], both, "constant" if mode == "zeros" else mode)
    expected = F.conv2d(padded, weight, bias, stride=stride, dilation=dilation)[0]
    options = {"stride": stride, "padding": padding, "dilation": dilation, "paddingMode": mode}
    return Case("conv2d", [x, weight, bias, options], expected)


def conv2d_with_plain_numbers(chance: random.Random) -> Case:
    x, weight = torch.randn(2, 9, 8), torch.randn(3, 2, 3, 3)
    options = {name: chance.randint(1, 2) for name in ("stride", "padding", "dilation")}
    return Case("conv2d", [x, weight, None, options], F.conv2d(x[None], weight, **options)[0])


def pool(call: str, function):
    def make(chance: random.Random) -> Case:
        kernel = [chance.randint(1, 5), chance.randint(1, 5)]
        padding = [chance.randint(0, size // 2) for size in kernel]
        size = [k + chance.randint(0, 9) for k in kernel]
        x = torch.randn(chance.randint(1, 4), *size)
        options = {"kernelSize": kernel, "padding": padding, "ceilMode": chance.random() < 0.5}
        if chance.random() < 0.8:
            options["stride"] = [chance.randint(1, 4), chance.randint(1, 4)]
        expected = function(x[None], kernel, options.get("stride"), padding,
                            ceil_mode=options["ceilMode"])[0]  # fmt: skip
        return Case(call, [x, options], expected)

    return make


def batch_norm(chance: random.Random) -> Case:
    channels = chance.randint(1, 4)
    x = 3 * torch.randn(channels, chance.randint(2, 7), chance.randint(2, 7)) + 1
    vector = {name: torch.randn(channels) if chance.random() < 0.7 else None
              for name in ("gamma", "beta")}  # fmt: skip
    given = chance.random() < 0.6
    mean, variance = (torch.randn(channels), torch.rand(channels) + 0.1) if given else (None, None)
    eps = chance.choice([1e-5, 1e-3])
    expected = F.batch_norm(x[None], mean, variance, vector["gamma"], vector["beta"],
                            training=not given, eps=eps)[0]  # fmt: skip
    options = {"mean": mean, "variance": variance, "eps": eps} | vector
    return Case("batchNorm2d", [x, options], expected)


def linear(chance: random.Random) -> Case:
    inputs, outputs = chance.randint(1, 60), chance.randint(1, 12)
    x = torch.randn(*[(), (3,), (2, 3)][chance.randint(0, 2)], inputs)
    weight = torch.randn(outputs, inputs)
    bias = torch.randn(outputs) if chance.random() < 0.5 else None
    return Case("linear", [x, weight, bias], F.linear(x, weight, bias))


def relu(chance: random.Random) -> Case:
    x = torch.randn(chance.randint(1, 4), 5, 6)
    return Case("relu", [x], F.relu(x))


def softmax(chance: random.Random) -> Case:
    x = chance.choice([1, 30, 300]) * torch.randn(chance.randint(1, 3), chance.randint(1, 12))
    return Case("softmax", [x], F.softmax(x, dim=-1))


MAKERS = {  # name -> how a case is made, and how many of them
    "conv2d": (conv2d, 200),
    "conv2d with plain numbers": (conv2d_with_plain_numbers, 10),
    "maxPool2d": (pool("maxPool2d", F.max_pool2d), 60),
    "avgPool2d": (pool("avgPool2d", F.avg_pool2d), 60),
    "batchNorm2d": (batch_norm, 40),
    "linear": (linear, 30),
    "relu": (relu, 10),
    "softmax": (softmax, 20),
}


def as_json(value):
    """A tensor with its shape; the vectors of a bias or of batch norm without."""
    if isinstance(value, Tensor):
        return {"shape": list(value.shape), "values": value.flatten().tolist()}
    if isinstance(value, dict):
        return {name: vector(part) for name, part in value.items()}
    return value


def vector(value):
    return {"values": value.tolist()} if isinstance(value, Tensor) else value


def arguments(case: Case) -> list:
    args = [as_json(arg) for arg in case.args]
    if case.call in ("conv2d", "linear"):
        args[2] = vector(case.args[2])
    return args


def answered() -> dict[str, list[tuple[Case, dict]]]:
    """All cases, the same each time, with the answers from core.mjs in one run."""
    torch.manual_seed(0)
    chance = random.Random(0)
    made = {name: [make(chance) for _ in range(count)] for name, (make, count) in MAKERS.items()}
    every = [case for group in made.values() for case in group]
    calls = [{"call": case.call, "args": arguments(case)} for case in every]
    answers = iter(ask_node("parity.mjs", calls))
    return {name: [(case, next(answers)) for case in group] for name, group in made.items()}


def compared() -> dict[str, list[tuple[Tensor, Tensor]]]:
    """For each function of core.mjs what PyTorch says, and what it says, in float64."""
    return {
        name: [(case.expected.double(), tensor(answer)) for case, answer in group]
        for name, group in answered().items()
    }


def tensor(answer: dict) -> Tensor:
    return torch.tensor(answer["values"], dtype=torch.float64).reshape(answer["shape"])
