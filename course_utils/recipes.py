"""Published ways to train a CNN on MNIST, and those of this course: what lesson 06 races.

Network, optimiser, batch size, epochs, scaling and the way in which images are fed are those that
were published, faults included; the code is ours.
"""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from course_utils import models
from course_utils.entrants import Entrant, FromMemory, InOrder, Ours, one_by_one, plain

RECORD = Path(__file__).with_name("race.json")


def with_dropout() -> nn.Sequential:
    """Build the network that ends in a softmax; in training, cross-entropy takes another one."""
    return nn.Sequential(
        *(nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU()),  # (N, 10, 12, 12)
        *(nn.Conv2d(10, 20, 5), nn.Dropout2d(), nn.MaxPool2d(2), nn.ReLU()),  # (N, 20, 4, 4)
        *(nn.Flatten(), nn.Linear(320, 50), nn.ReLU(), nn.Dropout()),
        *(nn.Linear(50, 10), nn.Softmax(dim=1)),
    )


def slim() -> nn.Sequential:
    """Build two narrow convolutions and one linear layer."""
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),  # (N, 8, 14, 14)
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),  # (N, 16, 7, 7)
        *(nn.Flatten(), nn.Linear(784, 10)),
    )


def wide() -> nn.Sequential:
    """Build two wide convolutions and two linear layers; logarithms of shares come out."""
    return nn.Sequential(
        *(nn.Conv2d(1, 32, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()),  # (N, 32, 14, 14)
        *(nn.Conv2d(32, 64, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()),  # (N, 64, 7, 7)
        *(nn.Flatten(), nn.Linear(3136, 128), nn.ReLU()),
        *(nn.Linear(128, 10), nn.LogSoftmax(dim=1)),
    )


def quick() -> nn.Sequential:
    """Build the network of the quickest public recipe; logarithms of shares come out."""
    return nn.Sequential(
        *(nn.Conv2d(1, 24, 5), nn.MaxPool2d(2), nn.ReLU()),  # (N, 24, 12, 12)
        *(nn.Conv2d(24, 32, 3), nn.MaxPool2d(2), nn.ReLU()),  # (N, 32, 5, 5)
        *(nn.Flatten(), nn.Linear(800, 256), nn.ReLU()),
        *(nn.Linear(256, 10), nn.LogSoftmax(dim=1)),
    )


def usual() -> nn.Sequential:
    """Build `course_cnn` in the order that most people take: pooling last."""
    layers = []
    for inputs, outputs in [(1, 16), (16, 32), (32, 32)]:
        convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        layers += [convolution, nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(288, 10))


RECIPES = {
    "fast": Ours.named("fast"),
    "course": Ours.named("course"),
    "best": Ours.named("best"),
    # Made for a graphics card, where it took 0.76 s, and fastest on two cores of all that we ran.
    # Published with scaled images in a file; nobody counts how long that takes, nor does on_step.
    "quick": Entrant(
        title="Training a NN to 99% accuracy on MNIST in 0.76 seconds",
        author="Tuomas Oikarinen",
        network=quick,
        epochs=1,
        batch_size=256,
        feed=InOrder,
        loss=F.nll_loss,
        learning_rate=0.01,
        betas=(0.7, 0.9),
        one_cycle=True,
    ),
    # Its text names a video by NeuralNine and a workshop of SSTIA as sources, and no author. It
    # prints a test loss that is divided twice (lesson 06); its training does not see that.
    "dropout": Entrant(
        title="Convolutional Neural Network (Why Perceptrons Aren't Enough)",
        author="not named",
        network=with_dropout,
        epochs=5,
        batch_size=100,
        feed=partial(one_by_one, workers=1),
        scale=plain,
    ),
    "slim": Entrant(
        title="Deep Learning - Convolutional Neural Network",
        author="Bhaskar S, PolarSPARC, 2025",
        network=slim,
        epochs=10,
        batch_size=64,
        feed=one_by_one,
        scale=plain,
    ),
    "wide": Entrant(
        title="Deep Dive into Convolutional Neural Networks (CNNs)",
        author="not named",
        network=wide,
        epochs=4,
        batch_size=64,
        feed=one_by_one,
        loss=F.nll_loss,
    ),
}


def climb() -> dict[str, Entrant]:
    """From the network and the loop as people know them to the fast recipe, change by change."""
    rungs = {"as usual, from a DataLoader": Entrant(usual, epochs=1, batch_size=128)}

    def then(change: str, **settings):
        rungs[change] = replace(list(rungs.values())[-1], **settings)

    then("images from memory", feed=FromMemory)
    then("channels last", layout=torch.channels_last)
    then("pool before batch norm", network=models.course_cnn)
    then("one cycle, up to 0.01", learning_rate=0.01, one_cycle=True)
    then("the fast network", network=models.fast_cnn)
    then("one cycle, up to 0.03", learning_rate=0.03)
    return rungs | {"train.fit, with label smoothing": Ours.named("fast")}


def recorded_race() -> dict:
    """Read what `python -m benchmarks.race` wrote down: its circumstances, table and runs."""
    return json.loads(RECORD.read_text(encoding="utf-8"))
