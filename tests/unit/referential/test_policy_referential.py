"""What makes a framework or crosswalk sound, each rule alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pacnum_api.domains.referential import policy
from pacnum_api.domains.referential.schemas import CrosswalkDocument, FrameworkDocument
from pacnum_api.domains.referential.types import Framework
from tests.support.frameworks import crosswalk_document, framework_document

Document = dict[str, Any]


def framework(change: Callable[[Document], object] | None = None) -> Framework:
    document = framework_document()
    if change is not None:
        change(document)
    return FrameworkDocument.model_validate(document).read()


def overriding(value: float, *pair: str) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        document["correlation"]["overrides"] = [{"between": list(pair), "value": value}]

    return change


def pointers(change: Callable[[Document], object] | None = None) -> list[str]:
    return [fault.pointer for fault in policy.check_framework(framework(change))]


def test_a_sound_framework_has_no_fault() -> None:
    assert pointers() == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda one: one["areas"][1].update(code="1"),
            ["/areas/0/code", "/areas/1/code", "/competences/2/area"],
        ),
        (
            lambda one: one["competences"][1].update(code="1.1"),
            ["/competences/0/code", "/competences/1/code"],
        ),
        (lambda one: one["competences"][2].update(area="1"), ["/areas"]),
        (lambda one: one["levels"][0].update(level=2), ["/levels/0/level", "/bands"]),
        (lambda one: one["levels"][2].update(starts_at=-0.5), ["/levels/2/starts_at"]),
        (lambda one: one["bands"].reverse(), ["/bands"]),
        (lambda one: one["bands"][0].update(levels=[1, 2, 2]), ["/bands"]),
        (lambda one: one["points"].update(maximum_level=5), ["/points/maximum_level"]),
        (overriding(0.1, "1.1", "1.1"), ["/correlation/overrides"]),
        (overriding(0.1, "1.1", "7.7"), ["/correlation/overrides"]),
        (overriding(-0.99, "1.1", "1.2"), ["/correlation"]),
        (lambda one: one["correlation"].update(within_area=0.9999), ["/correlation"]),
        (
            lambda one: one["correlation"].update(within_area=0.1, across_areas=0.9),
            ["/correlation"],
        ),
    ],
)
def test_each_rule_is_told_by_place(
    change: Callable[[Document], object], expected: list[str]
) -> None:
    assert pointers(change) == expected


def test_the_prior_correlation_is_by_area_and_by_pair_either_way_round() -> None:
    usual = policy.correlation_matrix(framework())
    assert np.array_equal(usual, [[1, 0.6, 0.4], [0.6, 1, 0.4], [0.4, 0.4, 1]])
    for pair in (("1.1", "2.1"), ("2.1", "1.1")):
        matrix = policy.correlation_matrix(framework(overriding(0.55, *pair)))
        assert np.array_equal(matrix, [[1, 0.6, 0.55], [0.6, 1, 0.4], [0.55, 0.4, 1]])


def test_a_crosswalk_links_what_exists_once() -> None:
    house = framework()
    links = [
        {"source": "1.1", "target": "2.1", "relation": "exactMatch"},
        {"source": "1.1", "target": "2.1", "relation": "closeMatch"},
        {"source": "7.7", "target": "8.8", "relation": "exactMatch"},
    ]
    crosswalk = CrosswalkDocument.model_validate(crosswalk_document(links=links)).read()
    faults = policy.check_crosswalk(crosswalk, house, target=house)
    assert [fault.pointer for fault in faults] == [
        "/links/1",
        "/links/2/source",
        "/links/2/target",
    ]
    assert (
        policy.check_crosswalk(
            CrosswalkDocument.model_validate(crosswalk_document(links=links[:1])).read(),
            house,
            target=house,
        )
        == []
    )


def test_a_framework_is_found_its_way_in() -> None:
    house = framework()
    assert house.cuts == (-1.5, -0.5, 0.5, 1.5)
    found = house.find_competence("2.1")
    assert found is not None
    assert (found.position, found.area) == (2, "2")
    assert house.find_competence("9.9") is None
    assert [one.code for one in house.competences_of("1")] == ["1.1", "1.2"]
    assert [level.band for level in house.levels] == ["basic", "basic", "expert", "expert"]
    assert (house.title.in_("fr"), house.title.in_("en")) == (
        "House framework (fr)",
        "House framework (en)",
    )
