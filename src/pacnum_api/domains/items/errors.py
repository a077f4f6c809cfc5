"""What can be wrong about items, banks and answers."""

from pacnum_api.kernel.errors import DomainError, ErrorKind


class ItemNotFound(DomainError):
    """No item has this id."""

    code = "item_not_found"
    kind = ErrorKind.NOT_FOUND
    title = "Item not found"


class BankNotFound(DomainError):
    """No item bank is published for this framework."""

    code = "bank_not_found"
    kind = ErrorKind.NOT_FOUND
    title = "Item bank not found"


class BankSuperseded(DomainError):
    """Another bank version was published meanwhile: calibrate on that one."""

    code = "bank_superseded"
    kind = ErrorKind.CONFLICT
    title = "Bank superseded"


class ItemFileNotFound(DomainError):
    """The item has no file of this name."""

    code = "item_file_not_found"
    kind = ErrorKind.NOT_FOUND
    title = "File not found"


class ResponseRejected(DomainError):
    """The response does not have the form that this item asks for."""

    code = "response_rejected"
    kind = ErrorKind.INVALID_INPUT
    title = "Response rejected"
