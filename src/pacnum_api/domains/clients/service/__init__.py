"""Verbs about clients: issue tokens, say who is live, and what operators do."""

from pacnum_api.domains.clients.policy import check_definition
from pacnum_api.domains.clients.service.describe_server import describe_server, published_keys
from pacnum_api.domains.clients.service.directory import ClientDirectory
from pacnum_api.domains.clients.service.issue_token import issue_token
from pacnum_api.domains.clients.service.manage_clients import (
    create_client,
    find_tenant,
    list_clients,
    list_tenant_ids,
    list_tenants,
    revoke_client,
    rotate_secret,
    tenant_of_client,
)
from pacnum_api.domains.clients.service.purge import purge_expired

__all__ = [
    "ClientDirectory",
    "check_definition",
    "create_client",
    "describe_server",
    "find_tenant",
    "issue_token",
    "list_clients",
    "list_tenant_ids",
    "list_tenants",
    "published_keys",
    "purge_expired",
    "revoke_client",
    "rotate_secret",
    "tenant_of_client",
]
