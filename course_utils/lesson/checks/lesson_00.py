"""The exercise of lesson 00: how much ink."""

import torch

from course_utils.lesson.exercise import exercise


def sheets(*shapes: tuple[int, int], seed: int = 0) -> list[tuple]:
    """Make random images in float64, of whole numbers from 0 to 255; a third of them is paper."""
    generator = torch.Generator().manual_seed(seed)
    made = [torch.randint(-128, 256, shape, generator=generator) for shape in shapes]
    return [(image.clamp(min=0).double(),) for image in made]


ONE_OF_FOUR = torch.tensor([[0.0, 9.0], [0.0, 0.0]], dtype=torch.float64)


@exercise(
    inputs=[(ONE_OF_FOUR,), (torch.full((2, 2), 255.0, dtype=torch.float64),),
            (torch.zeros(2, 3, dtype=torch.float64),), *sheets((3, 4), (5, 2), (28, 28), (9, 40))],
    mistakes={
        "that is how many pixels carry ink. Divide by how many there are: `image.numel()`.":
            lambda image: (image > 0).sum().item(),
        "that is the share of paper. Which pixels are larger than 0?":
            lambda image: (image == 0).double().mean().item(),
        "that is percent. A share goes from 0 to 1.":
            lambda image: 100 * (image > 0).double().mean().item(),
        "that is the mean of the grey levels. Ask each pixel first whether it is above 0.":
            lambda image: image.mean().item(),
        "that is how dark the image is, faint ink counting less. Here each pixel with ink counts "
        "the same: ask whether it is above 0.":
            lambda image: (image / 255).mean().item(),
        "it divides by the number of rows. The pixels are rows times columns: `image.numel()`.":
            lambda image: ((image > 0).sum() / len(image)).item(),
        "paper counts as ink: 0 is not above 0. Write `>`, not `>=`.":
            lambda image: (image >= 0).double().mean().item(),
    },
)  # fmt: skip
def inked_share(image):
    return (image > 0).double().mean().item()
