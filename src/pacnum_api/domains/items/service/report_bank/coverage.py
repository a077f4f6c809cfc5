"""What a bank covers: how many items of what."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pacnum_api.domains.items.policy.files import file_kind
from pacnum_api.domains.items.policy.review import longest_option_rate
from pacnum_api.domains.items.service.item_bank import ItemBank
from pacnum_api.domains.items.types import BankHandle

_THEMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class BankCoverage:
    """How many items of what; ``by_level`` counts by (competence, level).

    ``longest_right``: single choices whose right option is the longest, and single choices.
    """

    bank: BankHandle
    competences: tuple[str, ...]
    levels: int
    by_level: Mapping[tuple[str, int], int]
    by_type: Mapping[str, int]
    by_file: Mapping[str, int]
    by_theme: Mapping[str, int]
    by_setting: Mapping[str, int]
    items_with_files: int
    templates: int
    longest_right: tuple[int, int]

    def lines(self) -> Iterator[str]:
        """Tables of fixed width."""
        bank = self.bank
        longest, choices = self.longest_right
        title = f"{bank.framework} bank v{bank.version}: {bank.item_count} items"
        yield f"{title}, published {bank.published_at:%Y-%m-%d %H:%M} UTC"
        yield ""
        yield from self._coverage()
        yield ""
        yield from self._counts("type", self.by_type)
        yield ""
        yield from self._counts("file", self.by_file)
        yield ""
        yield from self._counts("theme", dict(Counter(self.by_theme).most_common(_THEMES_SHOWN)))
        yield ""
        yield f"items with a file        {self._share(self.items_with_files)}"
        yield f"seeded templates         {self._share(self.templates)}"
        yield f"kinds of service         {len(self.by_setting):>4}"
        yield f"right option longest in {longest} of {choices} single choices"

    def fewest(self) -> int:
        """Items on the level of a competence that has fewest."""
        levels = range(1, self.levels + 1)
        return min(
            self.by_level.get((competence, level), 0)
            for competence in self.competences
            for level in levels
        )

    def _counts(self, title: str, counts: Mapping[str, int]) -> Iterator[str]:
        yield title
        for name, count in sorted(counts.items()):
            yield f"  {name:<22} {self._share(count)}"

    def _share(self, count: int) -> str:
        return f"{count:>4}  {count / self.bank.item_count:>4.0%}"

    def _coverage(self) -> Iterator[str]:
        levels = range(1, self.levels + 1)
        yield "competence" + "".join(f"{f'L{level}':>5}" for level in levels) + "  total"
        for competence in self.competences:
            counts = [self.by_level.get((competence, level), 0) for level in levels]
            cells = "".join(f"{count or '·':>5}" for count in counts)
            yield f"{competence:<10}{cells}{sum(counts):>7}"
        cells_in_all = len(self.competences) * self.levels
        yield f"fewest items on one of {cells_in_all} levels of competences: {self.fewest()}"

    def document(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        longest, choices = self.longest_right
        return {
            "framework": self.bank.framework,
            "version": self.bank.version,
            "item_count": self.bank.item_count,
            "published_at": self.bank.published_at.isoformat(),
            "competences": {
                competence: {
                    str(level): self.by_level.get((competence, level), 0)
                    for level in range(1, self.levels + 1)
                }
                for competence in self.competences
            },
            "fewest_on_a_level": self.fewest(),
            "types": dict(self.by_type),
            "files": dict(self.by_file),
            "themes": dict(self.by_theme),
            "settings": dict(self.by_setting),
            "items_with_files": self.items_with_files,
            "templates": self.templates,
            "right_option_longest": {"count": longest, "of": choices},
        }


def coverage_of(bank: ItemBank) -> BankCoverage:
    """Count the items of a bank."""
    items = bank.items
    return BankCoverage(
        bank=bank.handle,
        competences=bank.competences,
        levels=len(bank.framework.levels),
        by_level=Counter((item.competence, item.level) for item in items),
        by_type=Counter(item.type.value for item in items),
        by_file=Counter(
            kind for item in items for kind in {file_kind(file) for file in item.content.files}
        ),
        by_theme=Counter(theme for item in items for theme in item.themes),
        by_setting=Counter(item.setting for item in items),
        items_with_files=sum(bool(item.content.files) for item in items),
        templates=sum(item.template is not None for item in items),
        longest_right=longest_option_rate(items),
    )
