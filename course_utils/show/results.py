"""What a network answers, and where it errs."""

from torch import Tensor

from course_utils.show.picture import GREEN, INK, ORANGE, Picture, as_array, new_figure


def probabilities(images: Tensor, shares: Tensor, truth: Tensor | None = None) -> Picture:
    """Show each image beside the ten probabilities that a network gives it.

    The largest bar is green where it is the `truth` (or where none is given), else orange.

    Shape: images (N, H, W), shares (N, 10), truth (N,).
    """
    figure, axes = new_figure(2.4 * len(images), 2.2, columns=2 * len(images),
                              width_ratios=[1, 1.1] * len(images))  # fmt: skip
    words = []
    for at, (image, share) in enumerate(zip(images, shares, strict=True)):
        picture, bars = axes[0, 2 * at], axes[0, 2 * at + 1]
        picture.imshow(as_array(image), cmap="gray_r")
        picture.set_axis_off()
        best = int(share.argmax())
        right = truth is None or best == int(truth[at])
        colours = [("#c8c8c8", GREEN if right else ORANGE)[digit == best] for digit in range(10)]
        bars.barh(range(10), as_array(share), color=colours)
        bars.set(xlim=(0, 1), xticks=[], yticks=range(10))
        bars.set_title(f"{best}: {100 * share[best]:.1f} %", size=14)
        bars.tick_params(labelsize=11, length=0)
        bars.invert_yaxis()
        words.append(f"{best} with {100 * share[best]:.1f} %")
    return Picture(figure, f"{len(images)} images with the network's answers: {', '.join(words)}")


def confusion(matrix: Tensor) -> Picture:
    """Show how often each digit (row) was read as each digit (column).

    The correct answers on the diagonal are left out of the colour scale: they would drown the rest.

    Shape: (10, 10) counts.
    """
    errors = matrix.clone().fill_diagonal_(0)
    size = len(matrix)
    figure, [[axis]] = new_figure(6.4, 5.8)
    axis.imshow(as_array(errors), cmap="Oranges", vmin=0, vmax=max(int(errors.max()), 1) * 1.4)
    for row in range(size):
        for column in range(size):
            count = int(matrix[row, column])
            colour = GREEN if row == column else INK
            axis.text(column, row, count or "·", ha="center", va="center", color=colour, size=12)
    axis.set(xticks=range(size), yticks=range(size))
    axis.set_xlabel("read as", size=13)
    axis.set_ylabel("is a", size=13)
    axis.spines[:].set_visible(False)
    axis.tick_params(labelsize=12, length=0)
    wrong, total = int(errors.sum()), int(matrix.sum())
    return Picture(figure, f"Confusion matrix: {total - wrong:,} of {total:,} read correctly.")
