"""A network and the way it is trained: what takes part in a race.

The loop is the plain one of lesson 06, with what published recipes differ in: how the images are
scaled, fed and laid out in memory, the loss, the learning rate. Our own go through `train.fit`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from course_utils import data, models, train
from course_utils.train.evaluate import in_mode


def plain(images: Tensor) -> Tensor:
    """Scale grey levels to 0 to 1: (N, 28, 28) uint8 -> (N, 1, 28, 28) float32."""
    return (images / 255).unsqueeze(1)


class ScaledOneByOne(Dataset):
    """Images scaled when they are asked for, one at a time, without torchvision."""

    def __init__(self, digits: data.Digits, scale: Callable[[Tensor], Tensor]):
        self.images, self.labels, self.scale = digits.train_images, digits.train_labels, scale

    def __len__(self):
        return len(self.images)

    def __getitem__(self, at: int) -> tuple[Tensor, int]:
        return self.scale(self.images[at : at + 1])[0], int(self.labels[at])


def from_loader(digits: data.Digits, scale, batch_size: int) -> DataLoader:
    """Shuffle in each epoch, fetch image after image: a plain data set in PyTorch's way."""
    return DataLoader(ScaledOneByOne(digits, scale), batch_size=batch_size, shuffle=True)


class OneByOne(ScaledOneByOne):
    """Images as torchvision's MNIST hands them over: one at a time, by way of a PIL image."""

    def __init__(self, digits: data.Digits, scale: Callable[[Tensor], Tensor]):
        from torchvision import transforms  # costs a second, and the lessons do not need it

        super().__init__(digits, scale)
        steps = [transforms.ToTensor()]  # divides by 255
        if scale is data.normalize:
            steps.append(transforms.Normalize((data.MEAN,), (data.STD,)))
        self.transform = transforms.Compose(steps)

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


class InOrder(FromMemory):
    """Scale all images once, and in each epoch take them in the order of their file."""

    def __iter__(self):
        batches = (tensor.split(self.batch_size) for tensor in (self.images, self.labels))
        yield from zip(*batches, strict=True)


@dataclass(frozen=True)
class Entrant:
    """A network and the way it is trained.

    What `feed(digits, scale, batch_size)` returns has a length and gives the batches of an epoch.
    `layout` is the order in which the numbers of a batch lie in memory.
    """

    network: Callable[[], nn.Sequential]
    epochs: int
    batch_size: int
    title: str = ""
    author: str = ""
    feed: Callable = from_loader
    layout: torch.memory_format = torch.contiguous_format
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
            model.to(memory_format=self.layout)
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


@dataclass(frozen=True)
class Ours(Entrant):
    """One of this course's own recipes: `train.fit` trains it, and reads `recipe` alone.

    The other settings describe it in a table.
    """

    recipe: train.Recipe = train.RECIPES["course"]

    @classmethod
    def named(cls, name: str) -> "Ours":
        """Describe one of `train.RECIPES`, with the network that it is made for."""
        recipe = train.RECIPES[name]
        return cls(
            recipe=recipe,
            title=f"Convolution by Hand, recipe {name!r}",
            author="this course",
            network=models.OF_RECIPE[name],
            epochs=recipe.epochs,
            batch_size=recipe.batch_size,
            feed=FromMemory,
            learning_rate=recipe.learning_rate,
            one_cycle=recipe.schedule == "one-cycle",
        )

    def train(self, model, digits, *, seed=0, on_step=lambda done: None) -> list[float]:
        """Train `model` in place, and return the loss of each step."""
        on_step(0.0)
        return train.fit(
            model,
            digits,
            recipe=self.recipe,
            seed=seed,
            device="cpu",
            on_step=lambda history: on_step(len(history.loss) / history.total_steps),
            progress=False,
        ).loss
