"""SVG drawings: only static shapes and text get through.

A drawing is shown inside a test: it must run nothing, load nothing and link nowhere.
"""

import re
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, ParseError, fromstring

_NAMESPACE: Final = "{http://www.w3.org/2000/svg}"
_ELEMENTS: Final = frozenset(
    {
        *("svg", "g", "title", "desc", "defs", "use", "symbol", "marker", "pattern", "clipPath"),
        *("rect", "circle", "ellipse", "line", "polyline", "polygon", "path", "text", "tspan"),
        *("linearGradient", "radialGradient", "stop"),
    }
)
_OPENING: Final = re.compile(r"<svg\b[^>]*>")
_FONTS: Final = frozenset({"sans-serif", "serif", "monospace"})
_REFERENCE: Final = re.compile(r"url\s*\(\s*['\"]?\s*(?!#)", re.IGNORECASE)
_FORBIDDEN_STYLE: Final = re.compile(r"@import|expression\s*\(|javascript:|\\", re.IGNORECASE)


class DrawingRejected(ValueError):
    """The drawing is not SVG of static shapes and text with a viewBox."""


@dataclass(frozen=True, slots=True)
class ViewBox:
    """The drawing's own coordinates."""

    x: float
    y: float
    width: float
    height: float


def with_namespace(svg: str) -> str:
    """The drawing with SVG's namespace, which authors may leave out and browsers need."""
    opening = _OPENING.search(svg)
    if opening is None or "xmlns=" in opening[0]:
        return svg
    return svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)


def check_drawing(svg: str) -> ViewBox:
    """The viewBox of a drawing that is safe to show. Raises DrawingRejected."""
    root = _parsed(with_namespace(svg))
    if root.tag != _NAMESPACE + "svg":
        raise DrawingRejected('expected <svg viewBox="…">')
    for element in root.iter():
        name = element.tag.removeprefix(_NAMESPACE)
        if name not in _ELEMENTS or not element.tag.startswith(_NAMESPACE):
            raise DrawingRejected(f"<{name}> is not allowed: only static shapes and text")
        for attribute, value in element.attrib.items():
            _check_attribute(attribute, value)
    return _view_box(root.get("viewBox", ""))


def drawing_text(svg: str) -> str:
    """Everything written in a drawing, a line for each piece. Raises DrawingRejected."""
    return "\n".join(_parsed(with_namespace(svg)).itertext())


def _parsed(svg: str) -> Element:
    if "<!" in svg.replace("<!--", "") or "<?" in svg.strip().removeprefix("<?xml"):
        raise DrawingRejected("expected no DOCTYPE, entity, CDATA or processing instruction")
    try:
        return fromstring(svg)  # noqa: S314 - no document type, so no entity to blow up
    except (ParseError, ValueError) as error:  # ValueError: an encoding declared in a text
        raise DrawingRejected(f"not well-formed: {error}") from error


def _check_attribute(attribute: str, value: str) -> None:
    name = attribute.rpartition("}")[2].lower()
    if name.startswith("on"):
        raise DrawingRejected(f"{name}: no event handlers")
    if name in {"href", "src"} and not value.startswith("#"):
        raise DrawingRejected(f"{name}: only #references into the drawing")
    if _REFERENCE.search(value) or _FORBIDDEN_STYLE.search(value):
        raise DrawingRejected(f"{name}: no reference out of the drawing")
    if name == "font-family" and not {part.strip() for part in value.split(",")} <= _FONTS:
        raise DrawingRejected("font-family: only sans-serif, serif or monospace")


def _view_box(text: str) -> ViewBox:
    try:
        x, y, width, height = (float(part) for part in text.replace(",", " ").split())
    except ValueError as error:
        raise DrawingRejected('expected viewBox="x y width height"') from error
    if not (width > 0 and height > 0):
        raise DrawingRejected("expected a viewBox of some width and height")
    return ViewBox(x, y, width, height)
