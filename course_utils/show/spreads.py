"""Where the numbers of each channel lie: mean and spread, side by side on one scale."""

from torch import Tensor

from course_utils.show.grids import ROLES
from course_utils.show.picture import FAINT, Picture, as_array, new_figure


def spreads(*values: Tensor, titles: list[str], roles: list[str]) -> Picture:
    """Show each channel as a point at its mean with a bar of one spread to either side.

    All panels share their scale, so that they can be compared.

    Shape: each (N, C, ...). roles are "in" and "out".
    Raises ValueError for another role, or where titles or roles are missing.
    """
    if not len(values) == len(titles) == len(roles) or not set(roles) <= set(ROLES):
        raise ValueError(
            f"need a title and a role ({', '.join(ROLES)}) for each, got {len(values)} tensors,"
            f" titles {titles} and roles {roles}"
        )
    figure, [axes] = new_figure(3.6 * len(values), 2.4, columns=len(values), sharey=True)
    words = []
    for axis, x, title, role in zip(axes, values, titles, roles, strict=True):
        channels = x.transpose(0, 1).flatten(1)  # (C, all numbers of a channel)
        mean, spread = as_array(channels.mean(1)), as_array(channels.std(1, correction=0))
        axis.axhline(0, color=FAINT, linewidth=0.8)
        axis.errorbar(range(len(mean)), mean, spread, fmt="o", color=ROLES[role], markersize=5,
                      markerfacecolor="white", elinewidth=3)  # fmt: skip
        axis.set_title(title, color=ROLES[role])
        axis.set(xlabel="channel", xticks=range(0, len(mean), max(1, len(mean) // 8)))
        words.append(f"{title}: means from {mean.min():.2f} to {mean.max():.2f}, spreads from"
                     f" {spread.min():.2f} to {spread.max():.2f}")  # fmt: skip
    axes[0].set_ylabel("mean ± spread")
    return Picture(figure, f"Mean and spread of {len(mean)} channels. {'; '.join(words)}.")
