"""The pages: one for each competence and language, an index, and the files beside them.

Data flow: authored files → items → one variant of each → views → HTML (Jinja2, escaping all) and
the files' bytes under ``files/<language>/<item>/``. The pages load nothing from elsewhere and run
no script, so they can be read from a disk or put on any server.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pacnum_api.domains.items.service.preview_bank.views import ItemView, view_of
from pacnum_api.domains.items.service.read_file import files_of, read_file
from pacnum_api.domains.items.types import LOCALES, Item
from pacnum_api.platform.documents import DocumentFault


@dataclass(frozen=True, slots=True)
class PreviewOptions:
    """Which variant is shown, and whether keys are."""

    seed: int
    with_keys: bool


@dataclass(frozen=True, slots=True)
class PreviewPages:
    """What was written: items, their files in all languages, and faults of items left out."""

    items: int
    files: int
    faults: tuple[DocumentFault, ...]


def preview_bank(paths: Iterable[Path], out: Path, *, options: PreviewOptions) -> PreviewPages:
    """Write the pages of authored files into a folder, over what is there."""
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    items: list[Item] = []
    faults: list[DocumentFault] = []
    for path in files_of(paths):
        read = read_file(path, seeds=1)
        items += [one.item for one in read.items if one.is_sound]
        faults += read.faults
    competences = sorted({item.competence for item in items})
    files = 0
    for locale in LOCALES:
        for competence in competences:
            views = _views(items, competence, locale=locale, options=options)
            page = pages.get_template("competence.html.jinja").render(
                competence=competence,
                competences=competences,
                locale=locale,
                views=views,
                seed=options.seed,
            )
            _write(out / f"{competence}.{locale}.html", page)
            files += sum(_save(out, view, locale=locale) for view in views)
    cells = Counter((item.competence, item.level) for item in items)
    index = pages.get_template("index.html.jinja").render(
        competences=competences, cells=cells, items=len(items), seed=options.seed
    )
    _write(out / "index.html", index)
    return PreviewPages(len(items), files, tuple(faults))


def _views(
    items: Sequence[Item], competence: str, *, locale: str, options: PreviewOptions
) -> list[ItemView]:
    """The items of a competence, easiest first."""
    chosen = [item for item in items if item.competence == competence]
    return [
        view_of(item, seed=options.seed, locale=locale, with_key=options.with_keys)
        for item in sorted(chosen, key=lambda item: (item.level, item.key))
    ]


def _save(out: Path, view: ItemView, *, locale: str) -> int:
    folder = out / "files" / locale / view.item.key
    for file in view.files:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file.name).write_bytes(file.content)
    return len(view.files)


def _write(path: Path, page: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
