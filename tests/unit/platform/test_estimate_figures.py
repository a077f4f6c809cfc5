from pathlib import Path

import numpy as np
from matplotlib.text import Text

from pacnum_api.platform.estimate_figures import (
    Effects,
    Estimates,
    draw_estimates,
    draw_forest,
    draw_matrix,
    draw_panels,
)
from pacnum_api.platform.figures import Frame, Plot, Series

FRAME = Frame("title", "x", "y")
X, Y = np.array([-1.0, 0.0, 1.0]), np.array([-0.8, 0.1, 1.2])


def svg_of(plot: Plot, folder: Path) -> str:
    svg, png = plot.write(folder, name="plot")
    assert png.read_bytes().startswith(b"\x89PNG")
    return svg.read_text(encoding="utf-8")


def test_estimates_stand_against_themselves_or_a_limit(tmp_path: Path) -> None:
    one = Estimates("some", x=X, y=Y, y_error=0.1 * np.ones(3), x_error=0.5 * np.ones(3))
    other = Estimates("others", x=X, y=Y + 1.0)
    said = svg_of(draw_estimates(FRAME, [one, other]), tmp_path)
    assert all(f">{word}<" in said for word in ("title", "some", "others", "equal"))
    said = svg_of(draw_estimates(FRAME, [one], limit=0.5), tmp_path)
    assert ">limit<" in said
    assert ">equal<" not in said


def test_a_forest_names_its_effects_from_the_top(tmp_path: Path) -> None:
    effects = Effects("group", ["first", "second"], np.array([0.5, -1.7]), np.array([0.2, 0.3]))
    plot = draw_forest(FRAME, effects, limits=(1.0, 1.5))
    places = {label.get_text(): at for at, label in _ticks(plot)}
    assert places["first"] > places["second"]
    assert ">second<" in svg_of(plot, tmp_path)


def _ticks(plot: Plot) -> list[tuple[float, Text]]:
    axes = plot.figure.axes[0]
    return list(zip(axes.get_yticks().tolist(), axes.get_yticklabels(), strict=True))


def test_cells_that_are_no_numbers_stay_empty(tmp_path: Path) -> None:
    values = np.array([[1.0, 0.25, np.nan], [0.25, 1.0, -0.7], [np.nan, -0.7, 1.0]])
    plot = draw_matrix(FRAME, values, names=["a", "b", "c"])
    assert [text.get_text() for text in plot.figure.axes[0].texts] == [
        "100", "25", "25", "100", "-70", "-70", "100",
    ]  # fmt: skip
    assert ">c<" in svg_of(plot, tmp_path)


def test_panels_share_their_scales_and_one_legend(tmp_path: Path) -> None:
    lines = [Series("before", X, Y), Series("after", X, Y + 1.0)]
    plot = draw_panels(FRAME, [(f"panel {place}", lines) for place in range(7)])
    shown = [axes for axes in plot.figure.axes if axes.get_visible()]
    assert len(shown) == 7
    assert len({axes.get_ylim() for axes in shown}) == 1
    said = svg_of(plot, tmp_path)
    assert said.count(">before<") == said.count(">after<") == 1
    assert ">panel 6<" in said
