"""Plots as files: few kinds, the same look, the same bytes for the same numbers.

A thin layer over matplotlib (its object interface alone: no global state, no screen). Colours are
those of Okabe & Ito (2008), which stay apart for colour-blind readers; lines differ in their dashes
too, so that a plot survives a black and white printer. SVG files carry no date and no random ids.
Importing this module costs a good part of a second: commands do it when they draw.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

FloatArray = npt.NDArray[np.float64]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)), (0, (8, 2)))
_GREY = "#666666"
_SIZE, _SQUARE = (7.0, 4.4), (5.4, 5.8)
_DOTS_PER_INCH = 150


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a plot. Axis labels name the unit; ranges are found when None.

    ``is_share_x`` and ``is_share_y``: numbers from 0 to 1, written in percent.
    """

    title: str
    x_label: str
    y_label: str
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    is_share_x: bool = False
    is_share_y: bool = False


@dataclass(frozen=True, eq=False)
class Series:
    """A line: points (n,) each, and the band between ``low`` and ``high`` where they are given.

    Points that are not numbers leave a gap.
    """

    label: str
    x: FloatArray
    y: FloatArray
    low: FloatArray | None = None
    high: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A level to compare with, drawn across the plot; ``tolerance`` to either side is shaded."""

    value: float
    label: str
    tolerance: float = 0.0


@dataclass(frozen=True, eq=False)
class Plot:
    """A drawn plot; ``write`` makes files of it."""

    figure: Figure

    def write(self, folder: Path, *, name: str) -> tuple[Path, Path]:
        """Write ``name.svg`` and ``name.png`` into a folder that exists; return the two paths."""
        svg, png = folder / f"{name}.svg", folder / f"{name}.png"
        with _look():
            self.figure.savefig(svg, metadata={"Date": None, "Creator": None})
            self.figure.savefig(png, dpi=_DOTS_PER_INCH, metadata={"Software": None})
        return svg, png


def draw_lines(
    frame: Frame, series: Sequence[Series], *, references: Sequence[Reference] = ()
) -> Plot:
    """Draw lines with their bands, and levels to compare with."""
    with _look():
        figure, axes = _framed(frame)
        for place, one in enumerate(series):
            colour = COLOURS[place % len(COLOURS)]
            dash = _DASHES[place % len(_DASHES)]
            marker = "o" if len(one.x) <= 30 else None
            axes.plot(
                one.x, one.y, color=colour, linestyle=dash, marker=marker, ms=3.5, label=one.label
            )
            if one.low is not None and one.high is not None:
                axes.fill_between(one.x, one.low, one.high, color=colour, alpha=0.12, lw=0)
        for reference in references:
            _refer(axes, reference)
        _legend(axes, len(series) + len(references))
    return Plot(figure)


def draw_bars(
    frame: Frame, names: Sequence[str], *, groups: Sequence[tuple[str, FloatArray]]
) -> Plot:
    """Draw bars for each name, beside each other where there are several groups."""
    with _look():
        figure, axes = _framed(frame)
        width = 0.8 / max(len(groups), 1)
        middle = np.arange(len(names))
        for place, (label, heights) in enumerate(groups):
            shift = (place - (len(groups) - 1) / 2.0) * width
            axes.bar(
                middle + shift, heights, width * 0.92, color=COLOURS[place % len(COLOURS)],
                label=label,
            )  # fmt: skip
        is_long = max((len(name) for name in names), default=0) * len(names) > 70
        axes.set_xticks(middle, names, rotation=45 if is_long else 0, ha="right" if is_long else
                        "center")  # fmt: skip
        axes.grid(visible=False, axis="x")
        _legend(axes, len(groups))
    return Plot(figure)


def draw_histogram(
    frame: Frame, groups: Sequence[tuple[str, FloatArray]], *, edges: FloatArray, expected: float
) -> Plot:
    """Draw the share of the values of each group that falls between each edge and the next.

    ``expected``: the share that each part would have if all was well, as a dashed line; NaN for
    none.
    """
    with _look():
        figure, axes = _framed(frame)
        for place, (label, values) in enumerate(groups):
            counts, _ = np.histogram(values, bins=edges)
            shares = counts / max(len(values), 1)
            axes.stairs(
                shares, edges, color=COLOURS[place % len(COLOURS)], lw=1.6, label=label,
                fill=len(groups) == 1, alpha=0.75 if len(groups) == 1 else 1.0,
                linestyle=_DASHES[place % len(_DASHES)] if len(groups) > 1 else "-",
            )  # fmt: skip
        if not np.isnan(expected):
            _refer(axes, Reference(expected, "expected"))
        _legend(axes, len(groups) + int(not np.isnan(expected)))
    return Plot(figure)


def draw_scatter(frame: Frame, *, x: FloatArray, y: FloatArray, at_most: int = 4000) -> Plot:
    """Draw points and the line on which both are equal; only the first ``at_most`` of them."""
    with _look():
        figure, axes = _framed(frame)
        axes.scatter(
            x[:at_most], y[:at_most], s=6, color=COLOURS[0], alpha=0.25, linewidths=0,
            rasterized=True,
        )  # fmt: skip
        figure.set_size_inches(*_SQUARE)
        both = np.concatenate((x, y)) if len(x) else np.zeros(1)
        ends = (float(np.nanmin(both)), float(np.nanmax(both)))
        axes.plot(ends, ends, color=_GREY, lw=1.0, ls="--", label="estimate = truth")
        axes.set_aspect("equal", adjustable="box")
        _legend(axes, 2)
    return Plot(figure)


def draw_heat_map(
    frame: Frame, shares: FloatArray, *, rows: Sequence[str], columns: Sequence[str]
) -> Plot:
    """Draw a matrix of shares from 0 to 1, (rows, columns), the first row at the bottom.

    Each cell is written in percent; NaN cells stay empty.
    """
    with _look():
        figure, axes = _framed(frame)
        axes.imshow(shares, origin="lower", cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
        axes.set_xticks(np.arange(len(columns)), columns)
        axes.set_yticks(np.arange(len(rows)), rows)
        axes.grid(visible=False)
        for row, column in np.argwhere(shares >= 0.005).tolist():
            share = float(shares[row, column])
            axes.text(
                column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=8,
                color="white" if share > 0.6 else "black",
            )  # fmt: skip
    return Plot(figure)


def _look() -> AbstractContextManager[None]:
    return rc_context(
        {
            "svg.hashsalt": "pacnum",
            "svg.fonttype": "none",  # text stays text: it can be searched and read aloud
            "font.family": "sans-serif",
            "font.sans-serif": ["DejaVu Sans"],
            "font.size": 10.0,
            "axes.titlesize": 11.0,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "grid.color": "#DDDDDD",
            "grid.linewidth": 0.6,
            "legend.frameon": False,
        }
    )


def _framed(frame: Frame) -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(frame.title)
    axes.set_xlabel(frame.x_label)
    axes.set_ylabel(frame.y_label)
    axes.grid(visible=True)
    if frame.x_range is not None:
        axes.set_xlim(*frame.x_range)
    if frame.y_range is not None:
        axes.set_ylim(*frame.y_range)
    if frame.is_share_x:
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    if frame.is_share_y:
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    return figure, axes


def _refer(axes: Axes, reference: Reference) -> None:
    if reference.tolerance > 0.0:
        low, high = reference.value - reference.tolerance, reference.value + reference.tolerance
        axes.axhspan(low, high, color=_GREY, alpha=0.12, lw=0)
    axes.axhline(reference.value, color=_GREY, lw=1.0, ls="--", label=reference.label)


def _legend(axes: Axes, entries: int) -> None:
    if entries > 1:
        # Below the plot: inside, it would lie upon the lines sooner or later.
        axes.figure.legend(loc="outside lower center", ncols=min(entries, 4), fontsize=9)
