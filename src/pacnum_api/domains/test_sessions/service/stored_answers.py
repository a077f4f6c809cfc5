"""The answers that a tenant's ended tests have left, as calibration counts them.

Of each agent the first ended test that asked about a competence counts for it. What came later is
neither independent of it nor, with some training between, of the same ability; to take it as
another person's would be worse, since its items were chosen by what the first test had shown.
Skipped answers and late ones count as they did in the test: as wrong. It was by that count that the
next items were chosen.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from pacnum_api.domains.items.service import ItemBank, wordings_of
from pacnum_api.domains.test_sessions import repository
from pacnum_api.domains.test_sessions.policy.calibration.answers import (
    CountedAnswer,
    Source,
    Tally,
)
from pacnum_api.domains.test_sessions.repository import EndedAnswer
from pacnum_api.platform.uow import UnitOfWork


async def read_stored_answers(
    uow: UnitOfWork, bank: ItemBank, *, groups: Mapping[str, str]
) -> Source:
    """The answers of the tenant's ended tests to the wordings that are in ``bank``.

    Tests on other versions of the bank count as far as the wording is the same. A person's name is
    the agent's id; ``groups`` by that name.
    """
    here = {name: index for index, name in enumerate(await wordings_of(uow, bank.handle.id))}
    places: dict[UUID, tuple[int | None, ...]] = {}
    counting = _Counting(bank.tables.competence_of)
    rows = repository.stream_ended_answers(
        await uow.driver(), uow.tenant_id, framework=bank.handle.framework
    )
    async for row in rows:
        if row.bank_id not in places:
            names = await wordings_of(uow, row.bank_id)
            places[row.bank_id] = tuple(here.get(name) for name in names)
        counting.count(row, index=places[row.bank_id][row.item_index])
    return Source(counting.answers, groups, counting.tally())


@dataclass(slots=True)
class _Counting:
    """Answers as they come, agent by agent; ``competence_of`` each item of the bank."""

    competence_of: tuple[int, ...]
    answers: list[CountedAnswer] = field(default_factory=list)
    _first_test: dict[tuple[UUID, int], UUID] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)

    def count(self, row: EndedAnswer, *, index: int | None) -> None:
        """``index`` in the calibrated bank, None when it has not this wording."""
        self._counts["read"] += 1
        if index is None:
            self._counts["other_wordings"] += 1
            return
        key = (row.agent_id, self.competence_of[index])
        if self._first_test.setdefault(key, row.session_id) != row.session_id:
            self._counts["repeated"] += 1
            return
        self._counts["late"] += row.is_late
        self._counts["skipped"] += row.is_skipped
        self.answers.append(CountedAnswer(str(row.agent_id), index, row.category))

    def tally(self) -> Tally:
        return Tally(**self._counts)
