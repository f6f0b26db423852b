"""How to train: the settings of a run, apart from the network."""

from dataclasses import dataclass

from course_utils import inputs


@dataclass(frozen=True)
class Recipe:
    """The settings of a training run, apart from the network.

    `batch_size` is for each process: two processes make a step of twice as many images.
    `schedule` is "constant", or "one-cycle": the learning rate climbs to `learning_rate`, then
    falls to almost zero (Smith and Topin, "Super-Convergence", 2018). `label_smoothing` takes this
    share of the target from the true class and spreads it over all (Szegedy and others,
    "Rethinking the Inception Architecture", 2015): the network is not driven to be ever surer.
    `distortion` is how strongly `augment.distort` changes the images at the beginning; it falls
    evenly to nothing, so that the last steps learn from images as they are.
    """

    epochs: int = 1
    batch_size: int = 128
    learning_rate: float = 0.01
    schedule: str = "one-cycle"
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    distortion: float = 0.0

    def __post_init__(self):
        inputs.whole_number(self.epochs, "epochs", 1)
        inputs.whole_number(self.batch_size, "batch_size", 2)
        for name in ("learning_rate", "weight_decay", "label_smoothing", "distortion"):
            inputs.check_number(getattr(self, name), name)
        if self.learning_rate == 0:
            raise ValueError("learning_rate must be above 0, got 0")
        if self.label_smoothing >= 1:
            raise ValueError(
                f"label_smoothing must be from 0 to below 1, got {self.label_smoothing}"
            )
        if self.schedule not in ("constant", "one-cycle"):
            raise ValueError(f"schedule must be 'constant' or 'one-cycle', got {self.schedule!r}")


RECIPES = {
    "plain": Recipe(learning_rate=0.001, schedule="constant"),
    "course": Recipe(label_smoothing=0.05),
    "fast": Recipe(learning_rate=0.03, label_smoothing=0.05),
    "best": Recipe(epochs=10, learning_rate=0.02, label_smoothing=0.05, distortion=1.0),
}
