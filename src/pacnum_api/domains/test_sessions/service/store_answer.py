"""Store a taken answer in a unit of work, and with the last one of a test what the test leaves."""

from functools import partial

from pacnum_api.domains.test_sessions import repository
from pacnum_api.domains.test_sessions.service.basis import Basis
from pacnum_api.domains.test_sessions.service.count_answer import count_accepted
from pacnum_api.domains.test_sessions.service.record_end import give_back_exposure, record_end
from pacnum_api.domains.test_sessions.service.take_answer import TakenAnswer
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.stopping import StopReason


async def store_answer(uow: UnitOfWork, taken: TakenAnswer, *, basis: Basis) -> bool:
    """Accept the answer if its session is still where it was read; False, and nothing, if not.

    The instant of the unit of work is that of the answer.
    """
    (is_saved,) = await repository.save_answers(
        await uow.driver(), uow.tenant_id, rows=[taken.to_save]
    )
    if not is_saved:
        return False
    uow.once_committed(partial(count_accepted, taken.answer))
    if taken.ends_the_test:
        reason = taken.step.decision.reason or StopReason.NO_ITEM_LEFT
        await record_end(uow, taken.after, basis=basis, step=taken.step, reason=reason)
        # last, because others who begin or end a test wait from here on
        await give_back_exposure(uow, [(taken.after, basis)])
    return True
