"""What can be wrong about frameworks."""

from pacnum_api.kernel.errors import DomainError, ErrorKind


class FrameworkNotFound(DomainError):
    """No framework of this code (and version) is published."""

    code = "framework_not_found"
    kind = ErrorKind.NOT_FOUND
    title = "Framework not found"


class CompetenceNotFound(DomainError):
    """The framework has no competence of this code."""

    code = "competence_not_found"
    kind = ErrorKind.NOT_FOUND
    title = "Competence not found"


class CrosswalkNotFound(DomainError):
    """No crosswalk between these two frameworks is published."""

    code = "crosswalk_not_found"
    kind = ErrorKind.NOT_FOUND
    title = "Crosswalk not found"
