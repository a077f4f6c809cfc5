"""What can be wrong about agents."""

from collections.abc import Sequence

from pacnum_api.domains.organisations.types import LineFault
from pacnum_api.kernel.errors import DomainError, ErrorKind


class AgentNotFound(DomainError):
    """No agent has this id."""

    code = "agent_not_found"
    kind = ErrorKind.NOT_FOUND
    title = "Agent not found"


class AgentLinesRefused(DomainError):
    """The lines have faults: no agent was created or changed."""

    code = "agent_lines_refused"
    kind = ErrorKind.INVALID_INPUT
    title = "Agent lines refused"

    def __init__(self, line_faults: Sequence[LineFault], *, count: int) -> None:
        """Keep the first faults, by file and line, and how many there are."""
        super().__init__()
        self.line_faults = tuple(line_faults)
        self.count = count
