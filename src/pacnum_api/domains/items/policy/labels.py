"""Labels: what an agent sees instead of an author's ids, and the way back.

Authors may write the right option first and name ids after what they mean; so lists are shuffled
by the seed and renamed by their place (``o1``, ``o2``, …). Nothing is stored: the same seed gives
the same labels when the answer comes back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, singledispatch

from pacnum_api.domains.items.policy.identity import ByIdentity
from pacnum_api.domains.items.policy.seeded_stream import SeededStream
from pacnum_api.domains.items.types import (
    Categorisation,
    CategorisationTask,
    Cloze,
    ClozeTask,
    Entry,
    HotspotTask,
    Item,
    Matching,
    MatchingTask,
    MultipleChoiceTask,
    NumericTask,
    Option,
    OrderingTask,
    Region,
    ShortTextTask,
    SingleChoiceTask,
    Task,
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """One list as shown: author's ids in the shown order, each under ``prefix`` + its place."""

    prefix: str
    ids: tuple[str, ...]

    def label(self, author_id: str) -> str:
        """What the agent sees instead of an author's id."""
        return f"{self.prefix}{self.ids.index(author_id) + 1}"

    def labels(self) -> tuple[str, ...]:
        """All of them, in the shown order."""
        return tuple(f"{self.prefix}{place}" for place in range(1, len(self.ids) + 1))

    def author_ids(self) -> dict[str, str]:
        """From label to author's id."""
        return dict(zip(self.labels(), self.ids, strict=True))


Labels = Mapping[str, Labelled]
"""By list: options, entries, left, right, categories, units, regions, blanks, or a blank's id."""


def label(item: Item, seed: int) -> Labels:
    """The labels of one item for one seed; the same in every language."""
    return _labels(ByIdentity(item.task), seed=seed, key=item.key)


# An item is shown, then its answer is read and judged, often by the same process.
@lru_cache(maxsize=1024)
def _labels(task: ByIdentity[Task], *, seed: int, key: str) -> Labels:
    return _label(task.it, _Shuffler(seed, key))


class _Shuffler:
    """Orders each list by its own stream, so that adding a list moves no other."""

    def __init__(self, seed: int, key: str) -> None:
        self._seed = seed
        self._key = key

    def labelled(
        self, prefix: str, parts: Sequence[Option | Entry], *, name: str, shuffle: bool
    ) -> Labelled:
        """The parts in the order they are shown in."""
        ids = tuple(part.id for part in parts)
        return Labelled(prefix, self.stream(name).shuffled(ids) if shuffle else ids)

    def stream(self, name: str) -> SeededStream:
        """The stream of one list."""
        return SeededStream(self._seed, self._key, "labels", name)


@singledispatch
def _label(task: object, shuffler: _Shuffler) -> Labels:
    raise TypeError(f"{task!r} is not a task for {shuffler!r}")


@_label.register(SingleChoiceTask)
@_label.register(MultipleChoiceTask)
def _choice(task: SingleChoiceTask | MultipleChoiceTask, shuffler: _Shuffler) -> Labels:
    asked = task.interaction
    return {"options": shuffler.labelled("o", asked.options, name="options", shuffle=asked.shuffle)}


@_label.register
def _short_text(task: ShortTextTask, shuffler: _Shuffler) -> Labels:
    del task, shuffler  # nothing to choose from
    return {}


@_label.register
def _numeric(task: NumericTask, shuffler: _Shuffler) -> Labels:
    asked = task.interaction
    return {"units": shuffler.labelled("u", asked.units, name="units", shuffle=asked.shuffle)}


@_label.register
def _cloze(task: ClozeTask, shuffler: _Shuffler) -> Labels:
    asked: Cloze = task.interaction
    of_blanks = {
        f"blank:{blank.id}": shuffler.labelled(
            "o", blank.options, name=f"blank:{blank.id}", shuffle=blank.shuffle
        )
        for blank in asked.blanks
    }
    return {"blanks": Labelled("b", tuple(blank.id for blank in asked.blanks)), **of_blanks}


@_label.register
def _ordering(task: OrderingTask, shuffler: _Shuffler) -> Labels:
    asked = task.interaction
    ids = tuple(entry.id for entry in asked.entries)
    if asked.shuffle:
        stream = shuffler.stream("entries")
        ids = stream.shuffled(ids)
        while ids == task.key.order:  # shown already in order, doing nothing would be right
            ids = stream.shuffled(ids)
    return {"entries": Labelled("e", ids)}


@_label.register
def _matching(task: MatchingTask, shuffler: _Shuffler) -> Labels:
    asked: Matching = task.interaction
    return {
        "left": shuffler.labelled("l", asked.left, name="left", shuffle=asked.shuffle),
        "right": shuffler.labelled("r", asked.right, name="right", shuffle=asked.shuffle),
    }


@_label.register
def _categorisation(task: CategorisationTask, shuffler: _Shuffler) -> Labels:
    asked: Categorisation = task.interaction
    shuffle = asked.shuffle
    return {
        "categories": shuffler.labelled("c", asked.categories, name="categories", shuffle=shuffle),
        "entries": shuffler.labelled("e", asked.entries, name="entries", shuffle=shuffle),
    }


@_label.register
def _hotspot(task: HotspotTask, shuffler: _Shuffler) -> Labels:
    """Regions keep their place on the image, so they are named in reading order, not shuffled."""
    del shuffler
    in_reading_order = sorted(task.interaction.regions, key=_place)
    return {"regions": Labelled("r", tuple(region.id for region in in_reading_order))}


def _place(region: Region) -> tuple[float, float]:
    return region.y, region.x
