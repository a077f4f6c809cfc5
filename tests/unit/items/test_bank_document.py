"""The bank's page counts what ships."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pacnum_api
from pacnum_api.domains.items.service.read_file import read_file
from pacnum_api.domains.items.types import Item, ItemType

ITEMS = Path(pacnum_api.__file__).parent / "content" / "items" / "digcomp-2.2"
PAGE = Path(__file__).parents[3] / "docs" / "bank.md"
THEMES = ("ia", "donnees-personnelles", "souverainete", "accessibilite", "eco-responsabilite")


def shipped() -> list[Item]:
    return [
        one.item for path in sorted(ITEMS.glob("*.yaml")) for one in read_file(path, seeds=0).items
    ]


def kinds(items: list[Item]) -> Iterator[str]:
    """The table of types, most frequent first."""
    yield "| Type | Items | share | with a file to open | seeded templates |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    counts = Counter(item.type for item in items)
    for of_type in sorted(ItemType, key=lambda one: (-counts[one], one)):
        chosen = [item for item in items if item.type is of_type]
        yield _row(f"`{of_type.value}`", chosen, len(items))
    yield _row("all", items, len(items))


def _row(name: str, items: list[Item], total: int) -> str:
    files = sum(bool(item.content.files) for item in items)
    templates = sum(item.template is not None for item in items)
    return f"| {name} | {len(items)} | {len(items) / total:.0%} | {files} | {templates} |"


def themes(items: list[Item]) -> Iterator[str]:
    """The table of the State's themes."""
    yield "| Theme | Items |"
    yield "| --- | ---: |"
    for theme in THEMES:
        yield f"| `{theme}` | {sum(theme in item.themes for item in items)} |"


def test_the_page_counts_what_ships() -> None:
    items = shipped()
    tables = ["\n".join(kinds(items)), "\n".join(themes(items))]
    page = PAGE.read_text("utf-8")
    if os.environ.get("PACNUM_WRITE_BANK"):  # then this is how the page is written
        start, end = "<!-- counts -->\n", "<!-- /counts -->"
        before, _, rest = page.partition(start)
        _, _, after = rest.partition(end)
        page = before + start + "\n\n".join(tables) + "\n" + end + after
        PAGE.write_text(page, "utf-8")
    for table in tables:
        assert table in page
    cells = Counter((item.competence, item.level) for item in items)
    assert len(cells) == 168
    assert set(cells.values()) == {3}
