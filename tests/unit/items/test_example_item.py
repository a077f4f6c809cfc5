"""The item that the public documentation shows: sound, whole, and in no bank."""

from pathlib import Path

import pacnum_api
from pacnum_api.domains.items.policy.checks import item_faults
from pacnum_api.domains.items.schemas.authoring import ITEM_ADAPTER
from pacnum_api.domains.items.schemas.authoring_views import ItemRead
from pacnum_api.domains.items.schemas.example_item import EXAMPLE_ITEM

BANKS = Path(pacnum_api.__file__).with_name("content") / "items"


def test_the_example_is_a_sound_item() -> None:
    item = ITEM_ADAPTER.validate_python(EXAMPLE_ITEM)
    assert item_faults(item.build(framework="digcomp-2.2", competence="2.5")) == []


def test_the_example_is_what_the_api_would_show() -> None:
    item = ITEM_ADAPTER.validate_python(EXAMPLE_ITEM)
    assert ITEM_ADAPTER.dump_python(item, mode="json", by_alias=True) == EXAMPLE_ITEM
    shown = ItemRead.model_json_schema()["properties"]["document"]
    assert shown["examples"] == [EXAMPLE_ITEM]


def test_the_example_gives_no_key_away() -> None:
    shipped = [path.read_text("utf-8") for path in BANKS.rglob("*.yaml")]
    assert shipped
    assert not [text for text in shipped if str(EXAMPLE_ITEM["key"]) in text]
