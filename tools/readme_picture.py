"""Draw docs/readme.png: a 7, four learnt kernels, what each makes of the 7, and the answer.

What goes in is framed blue, the kernels orange, what comes out green.
"""

from pathlib import Path

import torch

from course_utils import data, models, train
from course_utils.show.picture import BLUE, GREEN, ORANGE, Picture, as_array, new_figure

TARGET = Path(__file__).resolve().parent.parent / "docs" / "readme.png"


def main() -> None:
    digits = data.load("drawn")
    torch.manual_seed(0)
    model = models.course_cnn()
    train.fit(model, digits)
    seven = digits.test_images[(digits.test_labels == 7).nonzero()[3]]  # (1, 28, 28)
    with torch.no_grad():
        maps = model[0](data.normalize(seven))[0]  # (16, 28, 28)
    shares = train.predict(model, seven).softmax(dim=1)[0]
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(draw(seven[0], model[0].weight.detach(), maps, shares).png())


def draw(digit, kernels, maps, shares) -> Picture:
    figure, axes = new_figure(9, 3.3, rows=4, columns=4, width_ratios=[4, 0.9, 1, 3.4])
    for row in axes[:, [0, 3]]:
        for axis in row:
            axis.remove()
    grid = axes[0, 0].get_gridspec()
    picture, bars = figure.add_subplot(grid[:, 0]), figure.add_subplot(grid[:, 3])
    picture.imshow(as_array(digit), cmap="gray_r")
    frame(picture, BLUE)
    picture.set_title("what goes in", color=BLUE)
    chosen = maps.flatten(1).std(dim=1).topk(4).indices  # those that say most about this digit
    for at, kernel in enumerate(chosen):
        strength = kernels[kernel].abs().max()
        axes[at, 1].imshow(
            as_array(kernels[kernel, 0]), cmap="RdBu_r", vmin=-strength, vmax=strength
        )
        frame(axes[at, 1], ORANGE)
        strength = maps[kernel].abs().max()
        axes[at, 2].imshow(as_array(maps[kernel]), cmap="RdBu_r", vmin=-strength, vmax=strength)
        frame(axes[at, 2], GREEN)
    axes[0, 1].set_title("kernels", color=ORANGE)
    axes[0, 2].set_title("maps", color=GREEN)
    bars.barh(
        range(10),
        as_array(shares),
        color=[GREEN if d == shares.argmax() else "#c8c8c8" for d in range(10)],
    )
    bars.invert_yaxis()
    bars.set(yticks=range(10), xticks=[], xlim=(0, 1))
    bars.tick_params(length=0)
    bars.spines[:].set_visible(False)
    bars.set_title("what comes out", color=GREEN)
    return Picture(figure, "")


def frame(axis, colour: str) -> None:
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set(visible=True, color=colour, linewidth=2)


if __name__ == "__main__":
    main()
