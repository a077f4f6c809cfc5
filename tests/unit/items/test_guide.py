"""The guide for front ends says what the schemas say."""

import re
from pathlib import Path

from pydantic import TypeAdapter

from pacnum_api.domains.items.schemas.presented import PresentedInteraction
from pacnum_api.domains.items.schemas.responses import ResponsePayload
from tests.support.authored_items import TYPES

GUIDE = Path(__file__).parents[3] / "docs/item-types.md"
ADAPTERS: dict[str, TypeAdapter[object]] = {
    "content": TypeAdapter(PresentedInteraction),
    "response": TypeAdapter(ResponsePayload),
}


def test_every_example_of_every_type_is_valid() -> None:
    sections = re.split(r"^## ", GUIDE.read_text("utf-8"), flags=re.MULTILINE)
    by_title = {section.split("\n", 1)[0]: section for section in sections}
    for of_type in TYPES:
        examples = re.findall(
            r"^```json (content|response)\n(.*?)^```", by_title[of_type], re.DOTALL | re.MULTILINE
        )
        assert {kind for kind, _ in examples} == {"content", "response"}
        for kind, text in examples:
            value = ADAPTERS[kind].validate_json(text)
            assert getattr(value, "type", None) == of_type
