"""The answers that a calibration counts, wherever they come from, as columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, IntArray
from pacnum_api.psychometrics.calibration.responses import ResponseData


@dataclass(frozen=True, slots=True)
class CountedAnswer:
    """``person``: a name that is the same for the same person, and hers alone; ``item``: index in
    the bank that is calibrated; ``category``: the answer's score.
    """

    person: str
    item: int
    category: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What was read and what became of it, in answers.

    ``read`` = counted + ``repeated`` + ``other_wordings`` + ``other_competences``. ``late`` and
    ``skipped``: among those counted, where the source tells; both count as wrong, as they did in
    the test. ``repeated``: of an agent's later sessions on a competence; ``other_wordings``: to
    items, or wordings of them, that are not in the bank.
    """

    read: int = 0
    late: int = 0
    skipped: int = 0
    repeated: int = 0
    other_wordings: int = 0
    other_competences: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            read=self.read + other.read,
            late=self.late + other.late,
            skipped=self.skipped + other.skipped,
            repeated=self.repeated + other.repeated,
            other_wordings=self.other_wordings + other.other_wordings,
            other_competences=self.other_competences + other.other_competences,
        )


@dataclass(frozen=True, slots=True)
class Source:
    """Answers of one source with its tally; ``groups``: of the persons whose group it tells."""

    answers: Sequence[CountedAnswer]
    groups: Mapping[str, str]
    tally: Tally


@dataclass(frozen=True, eq=False)
class AnswerTable:
    """R answers of N persons: ``person``, ``item``, ``category`` (R,), ``persons`` (N,) names.

    ``group`` (N,): index into ``groups``, -1 for persons of none; the first group is the greatest
    and what others are compared with.
    """

    person: IntArray
    item: IntArray
    category: IntArray
    persons: tuple[str, ...]
    group: IntArray
    groups: tuple[str, ...]
    tally: Tally

    def __len__(self) -> int:
        return len(self.item)

    def responses(self) -> ResponseData:
        """The answers as calibration takes them: all persons of one population."""
        return ResponseData(
            person=self.person,
            item=self.item,
            category=self.category,
            person_count=len(self.persons),
        )


def tabulate(sources: Iterable[Source], *, is_wanted: BoolArray) -> AnswerTable:
    """The answers of all sources in one table; a person is one within its source only.

    ``is_wanted`` (n,): items to be calibrated; answers to others are tallied and left out.
    """
    place: dict[tuple[int, str], int] = {}
    rows: list[tuple[int, int, int]] = []
    named: dict[int, str] = {}
    tally, left_out = Tally(), 0
    for number, source in enumerate(sources):
        tally += source.tally
        for answer in source.answers:
            if not is_wanted[answer.item]:
                left_out += 1
                continue
            person = place.setdefault((number, answer.person), len(place))
            rows.append((person, answer.item, answer.category))
            if answer.person in source.groups:
                named[person] = source.groups[answer.person]
    groups = _by_size(named.values())
    group = np.full(len(place), -1, dtype=np.int64)
    for person, name in named.items():
        group[person] = groups.index(name)
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return AnswerTable(
        person=columns[:, 0],
        item=columns[:, 1],
        category=columns[:, 2],
        persons=tuple(name for _, name in place),
        group=group,
        groups=groups,
        tally=tally + Tally(other_competences=left_out),
    )


def _by_size(names: Iterable[str]) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))
