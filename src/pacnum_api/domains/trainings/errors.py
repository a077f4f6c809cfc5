"""What can be wrong about the catalogue."""

from pacnum_api.kernel.errors import DomainError, ErrorKind


class TrainingNotFound(DomainError):
    """No training has this id."""

    code = "training_not_found"
    kind = ErrorKind.NOT_FOUND
    title = "Training not found"


class TrainingSessionNotFound(DomainError):
    """No training session has this id."""

    code = "training_session_not_found"
    kind = ErrorKind.NOT_FOUND
    title = "Training session not found"


class TrainingRejected(DomainError):
    """The training contradicts the frameworks, the catalogue or itself."""

    code = "training_rejected"
    kind = ErrorKind.INVALID_INPUT
    title = "Training rejected"


class TrainingSessionRejected(DomainError):
    """The training session names an unknown training or ends before it starts."""

    code = "training_session_rejected"
    kind = ErrorKind.INVALID_INPUT
    title = "Training session rejected"
