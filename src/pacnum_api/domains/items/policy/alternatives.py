"""Whether someone who cannot see a drawing, or use a pointer, is told what is in it.

Every interaction is lists, text fields and, for a hotspot, named regions that may be chosen from a
list; every file has an ``alt`` by its schema. What a schema cannot see is a drawing whose words are
told nowhere.
"""

from collections.abc import Iterator
from typing import Final

from pacnum_api.domains.items.policy.file_drawings import drawing_text
from pacnum_api.domains.items.policy.guessing import content_words
from pacnum_api.domains.items.policy.wording import wording
from pacnum_api.domains.items.types import Hotspot, Item, SvgFile

_LEAST_TOLD: Final = 0.5
"""Of the words in a drawing; what is left is decoration: menus, sample text."""


def untold_drawings(item: Item, *, locale: str) -> Iterator[tuple[int, frozenset[str]]]:
    """Drawings of which most words are in no text alternative: their place, and those words.

    Told is what the drawing's ``alt``, the question and a hotspot's regions say.
    """
    words = wording(item, seed=0, locale=locale)
    content, asked = item.content, item.task.interaction
    around = [words.say(content.stem)]
    if content.scenario is not None:
        around.append(words.say(content.scenario))
    if isinstance(asked, Hotspot):
        around += [words.say(region.text) for region in asked.regions]
    for place, file in enumerate(content.files):
        if isinstance(file, SvgFile):
            drawn = content_words(drawing_text(words.say(file.svg)))
            told = content_words("\n".join([words.say(file.alt), *around]))
            if len(drawn & told) < _LEAST_TOLD * len(drawn):
                yield place, drawn - told
