"""Verbs of imports: receive, carry out, read."""

from pacnum_api.domains.imports.service.carry_out import (
    carry_out_import,
    claim_import,
    purge_imports,
    refuse_import,
    renew_claim,
)
from pacnum_api.domains.imports.service.read_imports import (
    get_import,
    list_faults,
    list_imports,
)
from pacnum_api.domains.imports.service.receive import MEDIA_TYPES, begin_import

__all__ = [
    "MEDIA_TYPES",
    "begin_import",
    "carry_out_import",
    "claim_import",
    "get_import",
    "list_faults",
    "list_imports",
    "purge_imports",
    "refuse_import",
    "renew_claim",
]
