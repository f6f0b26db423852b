"""300 random states of ConvStepper, with what conv_geometry.mjs and PyTorch make of them."""

import random

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.node_kit import ask_node

OPTIONS = ("stride", "padding", "dilation")


def random_state(seed: int) -> dict:
    """Draw a state within the limits whose kernel fits."""
    chance = random.Random(seed)
    whole = torch.Generator().manual_seed(seed)
    while True:
        channels, (height, width) = chance.randint(1, 4), chance.choices(range(1, 13), k=2)
        kernel = chance.choices(range(1, 6), k=2)
        options = {"stride": chance.randint(1, 6), "padding": chance.randint(0, 4),
                   "dilation": chance.randint(1, 4)}  # fmt: skip
        reach = options["dilation"] * (max(kernel) - 1) + 1
        if reach <= min(height, width) + 2 * options["padding"]:
            break
    return options | {
        "image": torch.randint(-9, 10, (channels, height, width), generator=whole).tolist(),
        "kernel": torch.randint(-9, 10, (channels, *kernel), generator=whole).tolist(),
        "bias": chance.choice([None, 0, 2.5, -7]),
        "step": 0,
    }


def tensors(state: dict) -> tuple:
    image, kernel = (torch.tensor(state[name], dtype=torch.float64) for name in ("image", "kernel"))
    bias = None if state["bias"] is None else torch.tensor([state["bias"]], dtype=torch.float64)
    return image, kernel, bias


def answered() -> list[tuple[dict, dict]]:
    """The states, each with what the script makes of it."""
    states = [random_state(seed) for seed in range(300)]
    return list(zip(states, ask_node("conv_stepper_parity.mjs", states), strict=True))


def expected(state: dict) -> Tensor:
    image, kernel, bias = tensors(state)
    options = {name: state[name] for name in OPTIONS}
    return F.conv2d(image[None], kernel[None], bias, **options)[0, 0]


def output(answer: dict) -> Tensor:
    return torch.tensor(answer["outputs"], dtype=torch.float64)


def compared() -> dict[str, list[tuple[Tensor, Tensor]]]:
    return {
        "windows of ConvStepper": [
            (expected(state), output(answer)) for state, answer in answered()
        ]
    }
