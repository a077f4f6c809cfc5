"""Plots of estimates with their errors, built on the plain ones of ``figures``."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pacnum_api.platform.figures import COLOURS, FloatArray, Frame, Plot, Series, draw_lines

_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_DASHES = ("-", "--", "-.", ":")
_GREY = "#666666"
_PANELS_ABREAST = 5


@dataclass(frozen=True, eq=False)
class Estimates:
    """Points (n,) with the standard errors of ``y`` and ``x`` where they are given."""

    label: str
    x: FloatArray
    y: FloatArray
    y_error: FloatArray | None = None
    x_error: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class Effects:
    """Named effects (n,) with standard errors, one below the other."""

    label: str
    names: Sequence[str]
    effect: FloatArray
    error: FloatArray


def draw_estimates(
    frame: Frame, groups: Sequence[Estimates], *, limit: float | None = None
) -> Plot:
    """Draw points with bars of one standard error to either side.

    With the line on which both are equal, or, where one is given, a ``limit`` of y.
    """
    plot, axes = _empty(frame)
    for place, one in enumerate(groups):
        axes.errorbar(
            one.x, one.y, xerr=one.x_error, yerr=one.y_error, fmt=_MARKERS[place % 7], ms=4,
            color=COLOURS[place % len(COLOURS)], ecolor=COLOURS[place % len(COLOURS)],
            elinewidth=0.6, alpha=0.75, lw=0, label=one.label,
        )  # fmt: skip
    if limit is not None:
        axes.axhline(limit, color=_GREY, lw=1.0, ls="--", label="limit")
    else:
        low = max(axes.get_xlim()[0], axes.get_ylim()[0])
        high = min(axes.get_xlim()[1], axes.get_ylim()[1])
        axes.plot((low, high), (low, high), color=_GREY, lw=1.0, ls="--", label="equal")
    _legend(plot, axes)
    return plot


def draw_forest(frame: Frame, effects: Effects, *, limits: Sequence[float]) -> Plot:
    """Draw effects with bars of two standard errors, the first on top; ``limits``: sizes to either
    side of 0 that mean something.
    """
    plot, axes = _empty(frame)
    plot.figure.set_size_inches(7.0, 1.4 + 0.2 * max(len(effects.names), 4))
    place = np.arange(len(effects.names))[::-1]
    axes.errorbar(
        effects.effect, place, xerr=2.0 * effects.error, fmt="o", ms=4, color=COLOURS[0],
        elinewidth=0.9, lw=0,
    )  # fmt: skip
    axes.axvline(0.0, color=_GREY, lw=1.0)
    for limit in limits:
        for side in (-limit, limit):
            axes.axvline(side, color=COLOURS[1], lw=0.8, ls="--")
    axes.set_yticks(place, effects.names, fontsize=8)
    axes.set_ylim(-1.0, len(effects.names))
    return plot


def draw_matrix(frame: Frame, values: FloatArray, *, names: Sequence[str]) -> Plot:
    """Draw a symmetric matrix of numbers from -1 to 1, (K, K), the first row on top; each cell is
    written in hundredths, cells that are not numbers stay empty.
    """
    plot, axes = _empty(frame)
    side = 2.0 + 0.34 * max(len(names), 8)
    plot.figure.set_size_inches(side, side)
    axes.imshow(values, cmap="RdBu_r", vmin=-1.0, vmax=1.0)
    axes.set_xticks(np.arange(len(names)), names, rotation=90, fontsize=8)
    axes.set_yticks(np.arange(len(names)), names, fontsize=8)
    axes.grid(visible=False)
    for row, column in np.argwhere(np.isfinite(values)).tolist():
        value = float(values[row, column])
        axes.text(
            column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=7,
            color="white" if abs(value) > 0.6 else "black",
        )  # fmt: skip
    return plot


def draw_panels(frame: Frame, panels: Sequence[tuple[str, Sequence[Series]]]) -> Plot:
    """Draw small plots of lines side by side, on the same scales, each under its name; lines of the
    same place share look and label.
    """
    abreast = min(len(panels), _PANELS_ABREAST)
    down = ceil(len(panels) / abreast)
    figure = Figure(figsize=(1.2 + 1.9 * max(abreast, 2), 1.2 + 1.6 * down), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(down, abreast, sharex=True, sharey=True, squeeze=False)
    for axes, (name, lines) in zip(grid.flat, panels, strict=False):
        axes.set_title(name, fontsize=9)
        axes.grid(visible=True, color="#DDDDDD", lw=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        for place, one in enumerate(lines):
            axes.plot(
                one.x, one.y, color=COLOURS[place % len(COLOURS)], ls=_DASHES[place % 4], lw=1.3,
                label=one.label,
            )  # fmt: skip
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    figure.suptitle(frame.title, fontweight="bold", fontsize=11, x=0.01, ha="left")
    figure.supxlabel(frame.x_label, fontsize=10)
    figure.supylabel(frame.y_label, fontsize=10)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower right",
        ncols=len(labels),
        fontsize=9,
        frameon=False,
    )
    return Plot(figure)


def _empty(frame: Frame) -> tuple[Plot, Axes]:
    plot = draw_lines(frame, ())
    return plot, plot.figure.axes[0]


def _legend(plot: Plot, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if len(labels) > 1:
        plot.figure.legend(
            handles,
            labels,
            loc="outside lower center",
            ncols=min(len(labels), 4),
            fontsize=9,
            frameon=False,
        )
