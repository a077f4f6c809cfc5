"""What makes one item whole: every fault at once, each with a pointer into the authored item."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from pacnum_api.domains.items.policy.check_tasks import task_faults
from pacnum_api.domains.items.policy.expressions import is_template
from pacnum_api.domains.items.policy.file_drawings import DrawingRejected, ViewBox, check_drawing
from pacnum_api.domains.items.policy.trials import SEEDS_FOR_TEMPLATES, trial_faults
from pacnum_api.domains.items.types import (
    EmailFile,
    FileDefinition,
    Hotspot,
    Item,
    LocalisedText,
    PdfFile,
    Region,
    SvgFile,
    TableFile,
)
from pacnum_api.kernel.errors import FieldFault

_SUFFIXES: Final[dict[type, tuple[str, ...]]] = {
    EmailFile: (".eml",),
    PdfFile: (".pdf",),
    SvgFile: (".svg",),
}
_TEXT_SUFFIXES: Final = (".txt", ".log", ".md", ".ini", ".conf")


def item_faults(item: Item, *, seeds: int = SEEDS_FOR_TEMPLATES) -> list[FieldFault]:
    """Everything wrong with one item; it is tried out with seeds only when its parts fit.

    ``seeds``: variants of a template to try; 0 to try nothing out. Trying out is most of the work:
    what ships was tried out when it was checked in.
    """
    faults = [*_identity(item), *_texts(item), *_files(item), *_regions(item), *task_faults(item)]
    return faults or (trial_faults(item, seeds=seeds) if seeds else [])


def _identity(item: Item) -> Iterator[FieldFault]:
    start = f"{item.competence}-{item.level}-"
    if not item.key.startswith(start) or len(item.key) == len(start):
        yield FieldFault("/key", f"expected {start}<slug>: the competence, the level, a name")
    if item.key in item.enemies:
        yield FieldFault("/enemies", "expected other items, not the item itself")


def authored_texts(item: Item) -> Iterator[tuple[str, LocalisedText]]:
    """Every text of the item that is shown to someone, with its pointer."""
    yield "/content/stem", item.content.stem
    if item.content.scenario is not None:
        yield "/content/scenario", item.content.scenario
    yield "/feedback/correct", item.feedback.correct
    yield "/feedback/incorrect", item.feedback.incorrect
    interaction = item.task.interaction
    for name in ("options", "entries", "left", "right", "categories", "regions", "units"):
        for place, part in enumerate(getattr(interaction, name, ())):
            pointer = f"/content/interaction/{name}/{place}"
            yield f"{pointer}/text", part.text
            why = getattr(part, "why", None)
            if why is not None:
                yield f"{pointer}/why", why
    for place, blank in enumerate(getattr(interaction, "blanks", ())):
        for at, option in enumerate(blank.options):
            pointer = f"/content/interaction/blanks/{place}/options/{at}"
            yield f"{pointer}/text", option.text
            if option.why is not None:
                yield f"{pointer}/why", option.why


def _texts(item: Item) -> Iterator[FieldFault]:
    for pointer, text in authored_texts(item):
        for locale, words in (("fr", text.fr), ("en", text.en)):
            if item.template is None and is_template(words):
                yield FieldFault(
                    f"{pointer}/{locale}", "{{ }} without a template: nothing to fill in"
                )
            if words != words.strip():
                yield FieldFault(f"{pointer}/{locale}", "expected no spaces at the ends")


def _files(item: Item) -> Iterator[FieldFault]:
    files = item.content.files
    for locale in ("fr", "en"):
        names = Counter(file.name.read(locale) for file in files)
        for place, file in enumerate(files):
            if names[file.name.read(locale)] > 1:
                yield FieldFault(f"/content/files/{place}/name", "expected each name only once")
    for place, file in enumerate(files):
        pointer = f"/content/files/{place}"
        expected = _suffixes(file)
        if not (file.name.fr.endswith(expected) and file.name.en.endswith(expected)):
            yield FieldFault(f"{pointer}/name", f"expected a name in {' or '.join(expected)}")
        yield from _table(file, item, pointer=pointer)


def _suffixes(file: FileDefinition) -> tuple[str, ...]:
    if isinstance(file, TableFile):
        return (f".{file.format.value}",)
    return _SUFFIXES.get(type(file), _TEXT_SUFFIXES)


def _table(file: FileDefinition, item: Item, *, pointer: str) -> Iterator[FieldFault]:
    if not isinstance(file, TableFile):
        return
    template = item.template
    drawn = set() if template is None else template.parameters.keys() | template.derived.keys()
    if file.rows_from is not None and file.rows_from not in drawn:
        yield FieldFault(f"{pointer}/rows_from", "expected a parameter or derived value")
    written = sum(column.value is None for column in file.columns)
    for number, row in enumerate(file.rows):
        if len(row) != written:
            yield FieldFault(f"{pointer}/rows/{number}", f"expected {written} cells")
    for number, column in enumerate(file.columns):
        if file.rows_from is not None and column.field is None and column.value is None:
            yield FieldFault(f"{pointer}/columns/{number}", "expected field or value")
        if file.rows_from is None and column.field is not None:
            yield FieldFault(f"{pointer}/columns/{number}/field", "expected rows_from with it")


def _regions(item: Item) -> Iterator[FieldFault]:
    asked = item.task.interaction
    if not isinstance(asked, Hotspot):
        return
    drawing = next((file for file in item.content.files if asked.image in _names(file)), None)
    if not isinstance(drawing, SvgFile):
        yield FieldFault("/content/interaction/image", "expected the name of an svg in files")
        return
    boxes = _boxes(drawing)
    for place, region in enumerate(asked.regions):
        pointer = f"/content/interaction/regions/{place}"
        if not all(_is_inside(region, box) for box in boxes):
            yield FieldFault(pointer, "expected to lie inside the viewBox")
        for other in asked.regions[:place]:
            if _overlap(region, other):
                yield FieldFault(pointer, f"expected not to overlap {other.id}")


def _boxes(drawing: SvgFile) -> list[ViewBox]:
    """The drawing's viewBox in each language; a faulty drawing is told when the files are tried."""
    boxes = []
    for svg in {drawing.svg.fr, drawing.svg.en}:
        with suppress(DrawingRejected):
            boxes.append(check_drawing(svg))
    return boxes


def _is_inside(region: Region, box: ViewBox) -> bool:
    return (
        box.x <= region.x
        and region.x + region.width <= box.x + box.width
        and box.y <= region.y
        and region.y + region.height <= box.y + box.height
    )


def _overlap(one: Region, other: Region) -> bool:
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + other.height and other.y < one.y + one.height


def _names(file: FileDefinition) -> set[str]:
    return {file.name.fr, file.name.en}
