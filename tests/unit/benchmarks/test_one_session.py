"""The comparison of what clients were told with what is stored."""

from uuid import UUID

from benchmarks.answer_stage import Play
from benchmarks.one_session import Told, duplicates_of, is_torn, lost_of


def told(*acknowledged: tuple[int, str]) -> Told:
    found = Told(Play(UUID(int=1), token="", first_item="", responses={}))
    for position, response in acknowledged:
        found.add(position, response)
    return found


def test_what_is_stored_as_it_was_acknowledged_is_neither_lost_nor_twice() -> None:
    clients = told((1, '{"choice": "a"}'), (2, "null"), (1, '{"choice": "a"}'))
    stored = {1: ['{"choice":"a"}'], 2: ["null"]}
    assert lost_of(clients, stored) == 0
    assert duplicates_of(clients, stored) == 0


def test_an_acknowledged_answer_that_is_missing_or_another_is_lost() -> None:
    assert lost_of(told((1, "null"), (2, "null")), {1: ['{"choice": "a"}']}) == 2


def test_two_answers_told_or_stored_for_a_position_are_duplicates() -> None:
    assert duplicates_of(told((1, "null"), (1, '{"choice": "a"}')), {1: ["null"]}) == 1
    assert duplicates_of(told((1, "null")), {1: ["null", "null"]}) == 1


def test_a_session_is_torn_when_its_row_and_its_answers_disagree() -> None:
    whole = {1: ["null"], 2: ["null"]}
    row = {"answered": 2, "version": 3, "state": "finished"}
    assert not is_torn(row, whole)
    assert is_torn(row, {1: ["null"]})
    assert is_torn(row, {1: ["null"], 3: ["null"]})
    assert is_torn(row | {"version": 4}, whole)
    assert is_torn(row | {"state": "in_progress"}, whole)
