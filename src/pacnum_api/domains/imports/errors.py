"""What can be wrong about imports."""

from pacnum_api.kernel.errors import DomainError, ErrorKind


class ImportNotFound(DomainError):
    """No import has this id."""

    code = "import_not_found"
    kind = ErrorKind.NOT_FOUND
    title = "Import not found"


class ImportFileEmpty(DomainError):
    """The body is empty: send the file as the body."""

    code = "import_file_empty"
    kind = ErrorKind.INVALID_INPUT
    title = "Import file empty"


class ClaimLost(DomainError):
    """Another worker has taken the import over: what this one did is taken back."""

    code = "import_claim_lost"
    kind = ErrorKind.CONFLICT
    title = "Import claim lost"
