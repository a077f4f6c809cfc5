"""What can be wrong about agents."""

from pacnum_api.kernel.errors import DomainError, ErrorKind


class AgentNotFound(DomainError):
    """No agent has this id."""

    code = "agent_not_found"
    kind = ErrorKind.NOT_FOUND
    title = "Agent not found"
