"""Networks that network.mjs and PyTorch ask about the same digits."""

import torch
from torch import Tensor, nn

from course_utils import data, handwriting, models
from course_utils.widgets import network
from course_utils.widgets.arrays import encode
from tests.node_kit import ask_node


def page_answers(images: Tensor, *networks: nn.Sequential) -> list[Tensor]:
    """What the page computes, for each network the last layer's numbers: (N, numbers)."""
    packed = [network.pack(each) for each in networks]
    question = {"networks": packed, "images": encode(images)}
    return [torch.tensor(each) for each in ask_node("draw_pad_parity.mjs", question)["answers"]]


@torch.no_grad()
def evaluated(model: nn.Sequential, images: Tensor) -> Tensor:
    return model.eval()(images).flatten(1)


def mlp() -> nn.Sequential:
    layers = [nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 10)]
    return nn.Sequential(*layers)


def digits(count: int = 1000) -> Tensor:
    """Drawn digits, normalised."""
    return data.normalize(handwriting.draw(count, seed=5, style="mild").images)


def taught(model: nn.Sequential, images: Tensor) -> nn.Sequential:
    """Train a few steps, which give the batch norms their statistics."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    labels = torch.arange(len(images)) % 10
    for batch in range(0, len(images), 100):
        loss = nn.functional.cross_entropy(model(images[batch:][:100]), labels[batch:][:100])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def answered() -> dict[str, tuple[Tensor, Tensor]]:
    """What PyTorch and what the page answers to 1,000 digits, (1000, 10) each."""
    torch.manual_seed(0)
    images = digits()
    networks = {"the course's CNN": models.course_cnn(), "an MLP": mlp()}
    answers = page_answers(images, *(taught(model, images) for model in networks.values()))
    return {
        name: (evaluated(model, images), got)
        for (name, model), got in zip(networks.items(), answers, strict=True)
    }


def compared() -> dict[str, list[tuple[Tensor, Tensor]]]:
    """Each digit is one case."""
    return {
        f"answers of {name}": list(zip(*both, strict=True)) for name, both in answered().items()
    }
