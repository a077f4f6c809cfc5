"""Plots are looked at by people; here: that files are written, say what they show, and repeat."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pacnum_api.platform.figures import (
    COLOURS,
    Frame,
    Plot,
    Reference,
    Series,
    draw_bars,
    draw_heat_map,
    draw_histogram,
    draw_lines,
    draw_scatter,
)

FRAME = Frame("A title", "ability (theta)", "share of agents", is_share_x=True, is_share_y=True)
X = np.linspace(-2.0, 2.0, 9)
LONG = Series("long", np.linspace(-2.0, 2.0, 60), np.linspace(0.0, 1.0, 60))


def lines() -> Plot:
    banded = Series("banded", X, X * X, X * X - 0.1, X * X + 0.1)
    gap = Series("with a gap", X, np.where(X > 0.0, X, np.nan))
    frame = Frame("A title", "ability (theta)", "share of agents", (-3.0, 3.0), (0.0, 4.0))
    references = [Reference(0.9, "promised", tolerance=0.02), Reference(0.5, "plain")]
    return draw_lines(frame, [banded, gap, LONG], references=references)


def bars() -> Plot:
    groups = [("one", np.array([1.0, 2.0])), ("other", np.array([2.0, 1.0]))]
    return draw_bars(FRAME, ["first name", "second name"], groups=groups)


def long_names() -> Plot:
    names = [f"a rather long name {place}" for place in range(8)]
    return draw_bars(FRAME, names, groups=[("only", np.ones(8))])


def histogram() -> Plot:
    groups = [("one", X), ("other", X / 2.0)]
    return draw_histogram(FRAME, groups, edges=np.linspace(-2.0, 2.0, 5), expected=0.25)


def one_histogram() -> Plot:
    return draw_histogram(FRAME, [("one", X)], edges=np.arange(3.0), expected=float("nan"))


def scatter() -> Plot:
    return draw_scatter(FRAME, x=X, y=X + 0.1, at_most=5)


def heat_map() -> Plot:
    shares = np.array([[0.9, 0.1], [np.nan, 0.001]])
    return draw_heat_map(FRAME, shares, rows=["low", "high"], columns=["left", "right"])


ALL = [lines, bars, long_names, histogram, one_histogram, scatter, heat_map]


@pytest.mark.parametrize("draw", ALL)
def test_the_same_numbers_give_the_same_files(draw: Callable[[], Plot], tmp_path: Path) -> None:
    svg, png = draw().write(tmp_path, name="first")
    again = draw().write(tmp_path, name="again")
    assert (svg.name, png.name) == ("first.svg", "first.png")
    assert svg.read_bytes() == again[0].read_bytes()
    assert png.read_bytes() == again[1].read_bytes()
    assert png.read_bytes().startswith(b"\x89PNG")
    text = svg.read_text("utf-8")
    # Text stays text, so that it can be searched and read aloud.
    for words in ("A title", "ability (theta)", "share of agents"):
        assert f">{words}</text>" in text
    assert "<dc:date>" not in text


def test_every_line_has_its_name_and_its_dashes(tmp_path: Path) -> None:
    svg, _ = lines().write(tmp_path, name="lines")
    text = svg.read_text("utf-8")
    for name in ("banded", "with a gap", "long", "promised", "plain"):
        assert f">{name}</text>" in text
    assert COLOURS[0].lower() in text
    assert text.count("stroke-dasharray") >= 3


def test_cells_are_written_in_percent_unless_they_are_next_to_nothing(tmp_path: Path) -> None:
    svg, _ = heat_map().write(tmp_path, name="cells")
    text = svg.read_text("utf-8")
    assert ">90</text>" in text
    assert ">10</text>" in text
    assert ">0</text>" not in text


def test_a_single_line_needs_no_legend(tmp_path: Path) -> None:
    svg, _ = draw_lines(FRAME, [LONG]).write(tmp_path, name="single")
    assert ">long</text>" not in svg.read_text("utf-8")


def test_no_points_are_a_plot_too(tmp_path: Path) -> None:
    svg, _ = draw_scatter(FRAME, x=np.zeros(0), y=np.zeros(0)).write(tmp_path, name="empty")
    assert svg.exists()
