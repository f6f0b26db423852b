"""Published ways to train a CNN on MNIST, and the one of this course: what lesson 06 races.

Network, optimiser, batch size, epochs, scaling and the way in which images are fed are those that
were published, faults included; the code is ours.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from course_utils import data, models, train
from course_utils.train.evaluate import in_mode

RECORD = Path(__file__).with_name("race.json")


def plain(images: Tensor) -> Tensor:
    """Scale grey levels to 0 to 1: (N, 28, 28) uint8 -> (N, 1, 28, 28) float32."""
    return (images / 255).unsqueeze(1)


class OneByOne(Dataset):
    """Images as torchvision's MNIST hands them over: one at a time, by way of a PIL image."""

    def __init__(self, digits: data.Digits, scale: Callable[[Tensor], Tensor]):
        from torchvision import transforms  # costs a second, and the lessons do not need it

        self.images, self.labels = digits.train_images, digits.train_labels
        steps = [transforms.ToTensor()]  # divides by 255
        if scale is data.normalize:
            steps.append(transforms.Normalize((data.MEAN,), (data.STD,)))
        self.transform = transforms.Compose(steps)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, at: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.images[at].numpy())), int(self.labels[at])


def one_by_one(digits: data.Digits, scale, batch_size: int, *, workers: int = 0) -> DataLoader:
    """Shuffle in each epoch, fetch image after image, put a batch of them together.

    With `workers` other processes fetch while this one trains.
    """
    images = OneByOne(digits, scale)
    return DataLoader(images, batch_size=batch_size, shuffle=True, num_workers=workers)


class FromMemory:
    """Scale all images once, and in each epoch shuffle them and cut batches out of memory."""

    def __init__(self, digits: data.Digits, scale: Callable[[Tensor], Tensor], batch_size: int):
        self.images, self.labels = scale(digits.train_images), digits.train_labels
        self.batch_size = batch_size

    def __len__(self):
        return -(-len(self.images) // self.batch_size)  # a division that rounds up

    def __iter__(self):
        for batch in torch.randperm(len(self.images)).split(self.batch_size):
            yield self.images[batch], self.labels[batch]


@dataclass(frozen=True)
class Published:
    """A network and the way it is trained, as somebody published them.

    `feed(digits, scale, batch_size)` has a length and gives the batches of an epoch.
    """

    title: str
    author: str
    network: Callable[[], nn.Sequential]
    epochs: int
    batch_size: int
    feed: Callable = one_by_one
    scale: Callable[[Tensor], Tensor] = data.normalize
    loss: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy
    learning_rate: float = 0.001
    betas: tuple[float, float] = (0.9, 0.999)
    one_cycle: bool = False

    def train(
        self,
        model: nn.Module,
        digits: data.Digits,
        *,
        seed: int = 0,
        on_step: Callable[[float], None] = lambda done: None,
    ) -> list[float]:
        """Train `model` in place, and return the loss of each step.

        `on_step` is called with the share of the run that is done: with 0 when all is ready to
        begin, then after each step. The global seed stays as it was.
        """
        with in_mode(model, training=True), torch.random.fork_rng():
            torch.manual_seed(seed)
            batches, losses = self.feed(digits, self.scale, self.batch_size), []
            steps = self.epochs * len(batches)
            optimizer = torch.optim.Adam(model.parameters(), self.learning_rate, self.betas)
            schedule = self._schedule(optimizer, steps)
            on_step(0.0)
            for _ in range(self.epochs):
                for images, labels in batches:
                    optimizer.zero_grad()
                    loss = self.loss(model(images), labels)
                    loss.backward()
                    optimizer.step()
                    schedule.step()
                    losses.append(loss.item())
                    on_step(len(losses) / steps)
        return losses

    def _schedule(self, optimizer, steps: int):
        rates = torch.optim.lr_scheduler
        if self.one_cycle:
            return rates.OneCycleLR(optimizer, self.learning_rate, steps, cycle_momentum=False)
        return rates.LambdaLR(optimizer, lambda step: 1.0)

    @torch.no_grad()
    def evaluate(self, model: nn.Module, images: Tensor, labels: Tensor) -> float:
        """Count the images that the model reads correctly, from 0 to 1, scaled as in training."""
        with in_mode(model, training=False):
            answers = [model(self.scale(part)).argmax(dim=1) for part in images.split(250)]
        return (torch.cat(answers) == labels).sum().item() / len(labels)


class Ours(Published):
    """The recipe of this course: `train.fit` trains, and feeds from memory."""

    def train(self, model, digits, *, seed=0, on_step=lambda done: None) -> list[float]:
        """Train `model` in place, and return the loss of each step."""
        on_step(0.0)
        return train.fit(
            model,
            digits,
            recipe=train.RECIPES["course"],
            seed=seed,
            device="cpu",
            on_step=lambda history: on_step(len(history.loss) / history.total_steps),
            progress=False,
        ).loss


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


RECIPES = {
    "course": Ours(
        title="Convolution by Hand, lesson 6",
        author="this course",
        network=models.course_cnn,
        epochs=train.RECIPES["course"].epochs,
        batch_size=train.RECIPES["course"].batch_size,
        feed=FromMemory,
        learning_rate=train.RECIPES["course"].learning_rate,
        one_cycle=True,
    ),
    # published with scaled images in a file; nobody counts how long that takes, nor does on_step
    "quick": Published(
        title="Training a NN to 99% accuracy on MNIST in 0.76 seconds",
        author="Tuomas Oikarinen",
        network=quick,
        epochs=1,
        batch_size=256,
        feed=FromMemory,
        loss=F.nll_loss,
        learning_rate=0.01,
        betas=(0.7, 0.9),
        one_cycle=True,
    ),
    # Its text names a video by NeuralNine and a workshop of SSTIA as sources, and no author. It
    # prints a test loss that is divided twice (lesson 06); its training does not see that.
    "dropout": Published(
        title="Convolutional Neural Network (Why Perceptrons Aren't Enough)",
        author="not named",
        network=with_dropout,
        epochs=5,
        batch_size=100,
        feed=partial(one_by_one, workers=1),
        scale=plain,
    ),
    "slim": Published(
        title="Deep Learning - Convolutional Neural Network",
        author="Bhaskar S, PolarSPARC, 2025",
        network=slim,
        epochs=10,
        batch_size=64,
        scale=plain,
    ),
    "wide": Published(
        title="Deep Dive into Convolutional Neural Networks (CNNs)",
        author="not named",
        network=wide,
        epochs=4,
        batch_size=64,
        loss=F.nll_loss,
    ),
}


def recorded_race() -> dict:
    """Read what `python -m benchmarks.race` wrote down: its circumstances, table and runs."""
    return json.loads(RECORD.read_text(encoding="utf-8"))
