"""A framework of four levels that a tenant has published for itself."""

from pathlib import Path
from typing import Any

import pytest

from pacnum_api.domains.organisations import service as organisations
from pacnum_api.domains.organisations.types import ExternalId
from pacnum_api.domains.referential import service as referential
from tests.support.callers import Caller

FRAMEWORK = """\
code: house-4
version: 1
title: {fr: Maison, en: House}
publisher: House
published: "2026"
licence: own
sources: [own]
bands: [{code: all, title: {fr: tous, en: all}, levels: [1, 2, 3, 4]}]
levels:
  - {level: 1, starts_at: -1.5, descriptors: {}}
  - {level: 2, starts_at: -0.5, descriptors: {}}
  - {level: 3, starts_at: 0.5, descriptors: {}}
  - {level: 4, starts_at: 1.5, descriptors: {}}
areas: [{code: "1", title: {fr: Tout, en: All}}]
competences:
  - {code: "1.1", area: "1", title: {fr: Classer, en: Filing}}
  - {code: "1.2", area: "1", title: {fr: Écrire, en: Writing}}
correlation: {within_area: 0.5, across_areas: 0.5}
points: {per_level: 8, maximum_level: 4}
"""


@pytest.fixture(autouse=True)
async def framework(caller: Caller, tmp_path: Path) -> None:
    file = tmp_path / "house-4.yaml"
    file.write_text(FRAMEWORK)
    async with caller.app.state.database.unit_of_work(caller.tenant_id) as uow:
        await referential.load_documents(uow, [file])


def training(entry: int, leaving: int) -> dict[str, Any]:
    text = {"fr": "Un texte", "en": "A text"}
    return {
        "provider": {"kind": "partner", "name": text},
        "title": text,
        "summary": text,
        "objectives": [text],
        "competences": [
            {
                "framework": "house-4",
                "competence": "1.1",
                "entry_level": entry,
                "exit_level": leaving,
            }
        ],
        "modality": "onsite",
        "duration_minutes": 60,
        "audience": text,
        "language": "fr",
        "link": "https://house.example/1",
    }


async def test_trainings_lead_no_higher_than_the_framework(caller: Caller) -> None:
    path = "/v1/trainings/by-external-id/house/a"
    refused = await caller.put(path, json=training(2, 5))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/competences/0/exit_level"
    assert (await caller.put(path, json=training(2, 4))).status_code == 201


async def test_plans_stay_on_its_scale(caller: Caller) -> None:
    await caller.put("/v1/trainings/by-external-id/house/a", json=training(2, 4))
    answer = await caller.post(
        "/v1/recommendations", json={"framework": "house-4", "levels": {"1.1": 3}}
    )
    found = answer.json()
    assert found["competences"][0]["target"] == 4
    (step,) = found["recommendations"]
    assert step["training"]["title"] == "Un texte"
    # given on site, and no date is known
    assert step["reasons"][-1] == "Aucune session ouverte pour l’instant."
    assert step["next_sessions"] == []
    assert [one["competence"] for one in found["not_assessed"]] == ["1.2"]


async def test_levels_beyond_the_framework_are_refused(caller: Caller) -> None:
    answer = await caller.post(
        "/v1/recommendations",
        json={"framework": "house-4", "levels": {"1.1": 5}, "targets": {"1.2": 8}},
    )
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [
        "/levels/1.1",
        "/targets/1.2",
    ]
    async with caller.app.state.database.unit_of_work(caller.tenant_id) as uow:
        agent = await organisations.provision_agent(uow, ExternalId("hr", "a"), locale="fr")
    read = await caller.get(
        f"/v1/agents/{agent.id}/recommendations", params={"framework": "house-4", "target": "5"}
    )
    assert read.status_code == 422
    assert [fault["pointer"] for fault in read.json()["errors"]] == ["/target"]
