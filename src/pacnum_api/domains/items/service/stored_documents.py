"""Between authored items and what is stored of them.

A version's document is the author's, less what has a default, less the status and whether it is
tried out: a new default, a retirement or the end of a tryout makes no new version of an item that
reads the same.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pacnum_api.domains.items.models import ItemRow, ItemVersionRow
from pacnum_api.domains.items.repository import StoredDocument
from pacnum_api.domains.items.schemas.authoring import ITEM_ADAPTER, AuthoredItem
from pacnum_api.domains.items.types import Item


def document_of(authored: AuthoredItem) -> dict[str, Any]:
    """What is stored of an authored item."""
    document: dict[str, Any] = authored.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, exclude={"status", "tryout"}
    )
    return document


def hash_of(content: object) -> bytes:
    """SHA-256 of canonical JSON: sorted names, no spaces, UTF-8."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).digest()


def authored_from(row: ItemRow, version: ItemVersionRow) -> AuthoredItem:
    """The authored item of a stored version, as its author presently wants it used."""
    return _authored(version.document, status=row.status, is_tryout=row.is_tryout)


def item_from(row: ItemRow, version: ItemVersionRow) -> Item:
    """The item of a stored version."""
    return authored_from(row, version).build(framework=row.framework, competence=row.competence)


def item_in(stored: StoredDocument) -> Item:
    """The item of a version whose document is still text. CPU: many are read off the loop."""
    document = json.loads(stored.document)
    authored = _authored(document, status=stored.status, is_tryout=stored.is_tryout)
    return authored.build(framework=stored.framework, competence=stored.competence)


def _authored(document: Mapping[str, Any], *, status: str, is_tryout: bool) -> AuthoredItem:
    return ITEM_ADAPTER.validate_python({**document, "status": status, "tryout": is_tryout})
