"""The guide for front ends says what the schemas say."""

import re
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from pacnum_api.domains.items.policy.checks import item_faults
from pacnum_api.domains.items.policy.readability import LIMITS
from pacnum_api.domains.items.policy.variants import SEEDS, variants_of
from pacnum_api.domains.items.schemas.authoring import ITEM_ADAPTER
from pacnum_api.domains.items.schemas.presented import PresentedInteraction
from pacnum_api.domains.items.schemas.responses import ResponsePayload
from tests.support.authored_items import TYPES

AUTHORS = Path(__file__).parents[3] / "docs/item-writing.md"
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


def test_the_authors_example_is_a_sound_item() -> None:
    (example,) = re.findall(
        r"^```yaml item\n(.*?)^```", AUTHORS.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    item = ITEM_ADAPTER.validate_python(yaml.safe_load(example)).build(
        framework="digcomp-2.2", competence="1.3"
    )
    assert item_faults(item, seeds=SEEDS) == []
    assert list(variants_of(item).faults()) == []


def test_authors_are_told_the_limits_that_the_lint_holds() -> None:
    text = AUTHORS.read_text("utf-8")
    for band, limits in enumerate(LIMITS):
        first = 2 * band + 1
        row = (
            f"| {first}, {first + 1} | {limits.words} | {limits.longest_sentence} | {limits.lix} |"
        )
        assert row in text
