"""How a training run goes: its curves, live or afterwards."""

import time

from IPython.display import display

from course_utils.show.picture import BLUE, FAINT, GREEN, Picture, name_logs, new_figure

SECONDS_BETWEEN_PICTURES = 0.4


def curves(history, *, title: str = "") -> Picture:
    """Show the loss and the accuracy of each step, with a running mean over 20 steps drawn dark.

    `history` is what `train.fit` returns, or anything else with `loss`, `accuracy`, `total_steps`.
    """
    figure, [[left, right]] = new_figure(8, 2.6, columns=2)
    _draw(left, history.loss, BLUE)
    left.set(title=f"{title} loss".strip(), xlabel="step", yscale="log")
    name_logs(left)
    _draw(right, [100 * share for share in history.accuracy], GREEN)
    right.set(title=f"{title} accuracy of the batch, %".strip(), xlabel="step", ylim=(0, 102))
    for axis in (left, right):
        axis.set_xlim(0, max(history.total_steps, 2))
        axis.grid(axis="y", color=FAINT, alpha=0.2)
    return Picture(figure, _describe(history))


class LiveCurves:
    """Curves that grow while `train.fit` works: fit(model, digits, on_step=LiveCurves())."""

    def __init__(self):
        self._handle = None
        self._drawn_at = 0.0

    def __call__(self, history) -> None:
        is_last = len(history.loss) == history.total_steps
        if not is_last and time.monotonic() - self._drawn_at < SECONDS_BETWEEN_PICTURES:
            return
        if self._handle is None:
            self._handle = display(curves(history), display_id=True)
        else:
            self._handle.update(curves(history))
        self._drawn_at = time.monotonic()


def _draw(axis, values: list[float], colour: str) -> None:
    steps = range(1, len(values) + 1)
    axis.plot(steps, values, color=colour, alpha=0.3, linewidth=1)
    axis.plot(steps, running_mean(values, 20), color=colour)


def running_mean(values: list[float], width: int) -> list[float]:
    """Replace each value by the mean of itself and up to `width` - 1 values before it."""
    windows = (values[max(0, end - width) : end] for end in range(1, len(values) + 1))
    return [sum(window) / len(window) for window in windows]


def _describe(history) -> str:
    if not history.loss:
        return "Curves of a training run that has not begun."
    loss, accuracy = running_mean(history.loss, 20), running_mean(history.accuracy, 20)
    return (
        f"Curves of {len(history.loss):,} training steps: the loss goes from {loss[0]:.2f} to"
        f" {loss[-1]:.3f}, the accuracy from {100 * accuracy[0]:.0f} to {100 * accuracy[-1]:.0f} %."
    )
