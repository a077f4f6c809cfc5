"""UUIDv7: form, order, and what happens when clocks and dice misbehave."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

import pytest

from pacnum_api.kernel import ids
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID, new_id, new_ids


def milliseconds(made: UUID) -> int:
    return made.int >> 80


def test_an_id_has_the_form_of_rfc_9562() -> None:
    made = new_id()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert str(made)[14] == "7"
    assert str(made)[19] in "89ab"


def test_an_id_begins_with_the_time() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    assert before <= milliseconds(made) <= after + 1


def test_later_ones_are_greater_also_as_text() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(set(made))
    assert [str(one) for one in made] == sorted(str(one) for one in made)


def test_threads_never_make_the_same() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [
            one
            for batch in pool.map(lambda _: [new_id() for _ in range(500)], range(16))
            for one in batch
        ]
    assert len(set(made)) == len(made)


def test_a_clock_that_steps_back_does_not_break_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    first = new_id()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    second = new_id()
    assert second > first
    assert milliseconds(second) == milliseconds(first)


def test_a_forked_process_does_not_count_up_from_its_parents_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    last = new_id()
    monkeypatch.setattr(time, "time_ns", lambda: milliseconds(last) * 1_000_000)
    monkeypatch.setattr(os, "getpid", lambda: -1)  # what a child sees: another number, this state
    childs = [new_id(), new_id()]
    assert childs[0].int - last.int != 1
    assert childs[1].int - childs[0].int == 1
    monkeypatch.undo()
    assert new_id() not in {last, *childs}


def test_within_one_millisecond_the_tail_counts_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "_last", (0, 0))
    monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000_000_000_000)
    monkeypatch.setattr(os, "urandom", lambda size: b"\xff" * size)
    made = [new_id() for _ in range(3)]
    assert {milliseconds(one) for one in made} == {1_700_000_000_000}
    tails = [((one.int >> 64 & 0xFFF) << 62) | (one.int & (1 << 62) - 1) for one in made]
    assert tails == [2**73 - 1, 2**73, 2**73 + 1]  # the top bit is kept free for counting
    assert all((one.version, one.variant) == (7, RFC_4122) for one in made)


def test_ids_in_a_row_are_nobody_elses() -> None:
    before, first, after = new_id(), new_ids(1000), new_id()
    row = [UUID(int=first.int + place) for place in range(1000)]
    assert before < first
    assert row[-1] < after
    assert {(one.version, one.variant) for one in row} == {(7, RFC_4122)}
    assert len({one.int >> 64 for one in row}) == 1


def test_a_row_does_not_run_into_the_variant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "_last", (1_700_000_000_000, (5 << 62) + (1 << 62) - 4))
    monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000_000_000_000)
    assert new_ids(3).int & (1 << 62) - 1 == (1 << 62) - 3  # they just fit
    first = new_ids(2)
    assert (first.int >> 64 & 0xFFF, first.int & (1 << 62) - 1) == (6, 0)
    assert new_id() == UUID(int=first.int + 2)
    monkeypatch.setattr(ids, "_last", (1_700_000_000_000, (5 << 62) + (1 << 62) - 4))
    first = new_ids(4)  # one too many: what is left of the row before is given to nobody
    assert (first.int >> 64 & 0xFFF, first.int & (1 << 62) - 1) == (6, 0)
    assert new_id() == UUID(int=first.int + 4)


def test_the_public_tenant_is_nobodys_id() -> None:
    assert UUID(int=0) == PUBLIC_TENANT_ID
    assert new_id() != PUBLIC_TENANT_ID
