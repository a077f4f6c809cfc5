"""Verbs of agents: provision, read, import."""

from pacnum_api.domains.organisations.service.import_agents import (
    Notice,
    import_agents,
    no_notice,
)
from pacnum_api.domains.organisations.service.provision import (
    etag_of,
    get_agent,
    get_agent_by_external_id,
    list_agents,
    provision_agent,
    upsert_agent,
)
from pacnum_api.domains.organisations.service.read_agent_lines import LineSource

__all__ = [
    "LineSource",
    "Notice",
    "etag_of",
    "get_agent",
    "get_agent_by_external_id",
    "import_agents",
    "list_agents",
    "no_notice",
    "provision_agent",
    "upsert_agent",
]
