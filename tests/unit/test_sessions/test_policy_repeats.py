"""What was answered before is left out, or the test starts afresh."""

import numpy as np
import pytest

from pacnum_api.domains.test_sessions.policy.repeats import answered_groups, has_enough_new
from pacnum_api.psychometrics.exposure import ExposureGroups

# competence 0: groups 0, 1 (two variants of a template), 2; competence 1: group 3; 2: none
GROUPS = ExposureGroups(np.array([0, 1, 1, 2, 3]), np.array([0, 0, 0, 1]))


def test_a_variant_of_a_template_is_no_new_item() -> None:
    assert answered_groups(GROUPS, [2, 4]).tolist() == [False, True, False, True]
    assert answered_groups(GROUPS, []).tolist() == [False] * 4


@pytest.mark.parametrize(
    ("items", "competences", "least", "is_enough"),
    [
        ([], (0, 1, 2), 2, True),
        ([0], (0,), 2, True),
        ([0, 1], (0,), 2, False),
        ([0, 1], (1, 2), 2, True),
        ([4], (1,), 2, False),
        ([4], (0, 1), 2, False),
        ([0, 1], (0,), 1, True),
        ([0, 1, 2, 3, 4], (2,), 5, True),
    ],
)
def test_every_competence_needs_enough_that_is_new(
    items: list[int], competences: tuple[int, ...], *, least: int, is_enough: bool
) -> None:
    answered = answered_groups(GROUPS, items)
    found = has_enough_new(GROUPS, answered, competences=competences, least=least)
    assert found is is_enough
