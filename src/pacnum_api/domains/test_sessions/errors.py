"""What can be wrong about test sessions."""

from pacnum_api.kernel.errors import DomainError, ErrorKind


class TestSessionNotFound(DomainError):
    """No test session has this id."""

    __test__ = False  # not a test class, whatever pytest thinks of its name
    code = "test_session_not_found"
    kind = ErrorKind.NOT_FOUND
    title = "Test session not found"


class SessionNotInProgress(DomainError):
    """The test session has ended: it takes no further answer."""

    code = "session_not_in_progress"
    kind = ErrorKind.INVALID_STATE
    title = "Session not in progress"


class AnswerAlreadyAccepted(DomainError):
    """Another answer was accepted for this position; see the member `accepted`."""

    code = "answer_already_accepted"
    kind = ErrorKind.CONFLICT
    title = "Answer already accepted"


class PositionNotPending(DomainError):
    """This position is not the pending one; see the member `pending`."""

    code = "position_not_pending"
    kind = ErrorKind.CONFLICT
    title = "Position not pending"


class ItemNotPending(DomainError):
    """Another item is pending at this position; see the member `pending`."""

    code = "item_not_pending"
    kind = ErrorKind.CONFLICT
    title = "Item not pending"


class ResultNotAvailable(DomainError):
    """There is a result once the session is finished or has expired."""

    code = "result_not_available"
    kind = ErrorKind.INVALID_STATE
    title = "Result not available"


class NothingToAsk(DomainError):
    """The item bank has no item for the competences asked about."""

    code = "nothing_to_ask"
    kind = ErrorKind.INVALID_STATE
    title = "Nothing to ask"


class NothingToCalibrate(DomainError):
    """There is no answer to calibrate with: no ended test, and none in files."""

    code = "nothing_to_calibrate"
    kind = ErrorKind.INVALID_STATE
    title = "Nothing to calibrate"


class FileNotPending(DomainError):
    """Files can be fetched while their item is pending, and only then."""

    code = "file_not_pending"
    kind = ErrorKind.NOT_FOUND
    title = "File not pending"
