"""A bank of 500 items of one competence, made by code: what the speed goals are set on.

The items are authored documents like any other (single choice, four options, no templates), loaded
and published as a tenant's own; their parameters are spread as calibration would leave them.
"""

import json
import random
import tempfile
from pathlib import Path
from uuid import UUID

from pacnum_api.domains.items import service as items
from pacnum_api.domains.items.service import ItemBank
from pacnum_api.domains.items.types import ItemParameters, ParameterModel, ParameterStatus
from pacnum_api.platform.database import Database

FRAMEWORK = "digcomp-3.0"
"""No items of it ship, so the tenant's own are all there are."""

COMPETENCE = "1.1"
ITEMS = 500
LEVELS = 8
OPTIONS = 4
SEED = 500


async def publish_large_bank(database: Database, tenant_id: UUID) -> ItemBank:
    """Load and publish the items for a tenant, then their parameters; returns the bank.

    Done again it finds everything as it was, and publishes nothing.
    """
    with tempfile.TemporaryDirectory(prefix="pacnum-items-") as folder:
        path = Path(folder) / "items.yaml"
        path.write_text(json.dumps(document()), "utf-8")  # JSON is YAML
        async with database.unit_of_work(tenant_id) as uow:
            await items.load_items(uow, [path], tries_out=False)
    async with database.unit_of_work(tenant_id) as uow:
        loaded = await items.current_bank(uow, FRAMEWORK)
        published = await items.publish_parameters(
            uow, loaded.id, parameters=parameters(), population=None
        )
        return await items.get_bank(uow, (published or loaded).id)


def document() -> dict[str, object]:
    """A file of items as an author writes it."""
    return {
        "framework": FRAMEWORK,
        "competence": COMPETENCE,
        "items": [_item(number) for number in range(ITEMS)],
    }


def parameters() -> dict[int, ItemParameters]:
    """Discriminations log-normal about 1, difficulties normal, guessing one in four; by index."""
    rng = random.Random(SEED)  # noqa: S311 - invented parameters
    return {
        index: ItemParameters(
            model=ParameterModel.LOGISTIC,
            a=round(rng.lognormvariate(0.0, 0.25), 4),
            b=round(rng.gauss(0.0, 1.2), 4),
            c=1 / OPTIONS,
            d=1.0,
            steps=(),
            sigma_a=0.1,
            sigma_b=0.1,
            status=ParameterStatus.CALIBRATED,
        )
        for index in range(ITEMS)
    }


def _item(number: int) -> dict[str, object]:
    subject = f"{number:03d}"
    return {
        "key": f"{COMPETENCE}-{number % LEVELS + 1}-large-{subject}",
        "level": number % LEVELS + 1,
        "type": "single_choice",
        "status": "active",
        "themes": ["recherche"],
        "setting": "town-hall",
        "justification": {
            "task": "One choice among four.",
            "autonomy": "Done alone.",
            "cognitive": "Recognise which source fits the need.",
        },
        "outcomes": ["LO1.1.04"],
        "expected_seconds": 60,
        "facts": [],
        "enemies": [],
        "content": {
            "scenario": {
                "fr": f"Au guichet {subject}, un habitant demande un document.",
                "en": f"At counter {subject}, an inhabitant asks for a document.",
            },
            "stem": {"fr": "Où le cherchez-vous d'abord ?", "en": "Where do you look first?"},
            "files": [],
            "interaction": {"options": [_option(one) for one in range(OPTIONS)]},
        },
        "answer": {"choice": "a"},
        "feedback": {
            "correct": {"fr": "C'est la source à jour.", "en": "That source is up to date."},
            "incorrect": {"fr": "Elle n'est plus à jour.", "en": "It is out of date."},
        },
    }


def _option(number: int) -> dict[str, object]:
    text = {"fr": f"Dans la source {number}", "en": f"In source {number}"}
    why = {"fr": "Elle n'est plus à jour.", "en": "It is out of date."}
    return {"id": "abcd"[number], "text": text, "why": why if number else None}
