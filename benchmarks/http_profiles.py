"""Tests of 21 and 5 competences and tests of a target, over HTTP, on the shipped bank.

    python -m benchmarks.http_profiles [--agents N] [--explain]

The real server, the embedded PostgreSQL, simulated agents whose true abilities are drawn from the
population that the framework assumes. Everything is played twice: with the correlated prior, and on
a tenant's copy of the same bank whose population has no correlation. Printed: items, standard
errors, how often the 90 % interval holds the true level, whether the replay is equal; with
``--explain`` what a representative of the first agent reads.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import numpy as np

from benchmarks.processes import free_port, running
from pacnum_api.domains.clients import service as clients
from pacnum_api.domains.clients.types import ClientDefinition, NewSecret
from pacnum_api.domains.items import service as items
from pacnum_api.domains.items.service import ItemBank
from pacnum_api.domains.referential import service as referential
from pacnum_api.entrypoints.demo import SimulatedAgent
from pacnum_api.entrypoints.shipped_content import publish_shipped_content
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform import migrations
from pacnum_api.platform.auth.scopes import Scope
from pacnum_api.platform.database import Database
from pacnum_api.platform.embedded_postgres import embedded_postgres
from pacnum_api.psychometrics.scale import LevelScale
from pacnum_api.psychometrics.simulation import draw_abilities

FRAMEWORK = "digcomp-2.2"
FIVE = ("1.1", "1.3", "2.4", "4.1", "5.1")
ROLE = "pacnum_app"
APART = {"strengths": [0.0], "weights": [1.0]}


@dataclass(frozen=True)
class Kind:
    """A kind of test, as its body asks for it."""

    name: str
    body: Mapping[str, Any]


KINDS = (
    Kind("21 competences, positioning", {}),
    Kind("5 competences, positioning", {"competences": list(FIVE)}),
    Kind("5 competences, target level 4", {"purpose": "target", "targets": dict.fromkeys(FIVE, 4)}),
)


@dataclass(frozen=True)
class Taken:
    answers: int
    standard_errors: tuple[float, ...]
    held: tuple[bool, ...]
    mean_error: float
    stop_reason: str
    is_replayed: bool


async def prepared(url: str) -> tuple[ItemBank, np.ndarray[Any, Any], NewSecret]:
    database = Database(url, role=ROLE, pool_size=2)
    try:
        await publish_shipped_content(database, only_if_empty=True)
        async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
            tenant_id = await clients.find_tenant(uow, "profiles", is_made_when_new=True)
            framework = await referential.get_framework(uow, FRAMEWORK)
            handle = await items.current_bank(uow, FRAMEWORK)
            bank = await items.get_bank(uow, handle.id)
        definition = ClientDefinition(
            name="profiles",
            scopes=frozenset({Scope.TEST_SESSIONS_RUN, Scope.RESULTS_READ}),
            rate_limit_per_minute=1_000_000,
        )
        async with database.unit_of_work(tenant_id) as uow:
            client = await clients.create_client(uow, definition)
        return bank, referential.get_correlation_matrix(framework), client
    finally:
        await database.close()


async def take_correlation_away(url: str, *, count: int) -> None:
    """Give the bank a population without correlation, as its owner; processes start afresh."""
    connection = await asyncpg.connect(url)
    population = APART | {"correlation": np.eye(count).tolist()}
    await connection.execute("UPDATE item_banks SET population = $1", json.dumps(population))
    await connection.close()


async def play(
    http: httpx.AsyncClient, kind: Kind, *, agent: SimulatedAgent, name: str, explain: bool
) -> Taken:
    body = {
        "agent": {"external_id": {"issuer": "profiles", "value": name}},
        "framework": FRAMEWORK,
        "locale": "en",
        **kind.body,
    }
    session = checked(await http.post("/v1/test-sessions", json=body))
    path = f"/v1/test-sessions/{session['id']}"
    seed = int(checked(await http.get(f"{path}/explanation"))["seed"])
    pending, count = session["pending_item"], 0
    while pending is not None:
        answer = {
            "position": pending["position"],
            "item_id": pending["item_id"],
            "response": agent.respond(pending, seed=seed),
        }
        pending = checked(await http.post(f"{path}/answers", json=answer))["pending_item"]
        count += 1
    return await taken(http, path, agent=agent, answers=count, explain=explain)


async def taken(
    http: httpx.AsyncClient, path: str, *, agent: SimulatedAgent, answers: int, explain: bool
) -> Taken:
    """What can be read of a test that is over."""
    result = checked(await http.get(f"{path}/result"))
    replay = checked(await http.post(f"{path}/replay"))
    explanation = checked(await http.get(f"{path}/explanation", headers={"Accept-Language": "en"}))
    if explain:
        print_explanation(explanation)
    scale = LevelScale(tuple(agent.bank.framework.cuts))
    found = result["competences"]
    return Taken(
        answers=answers,
        standard_errors=tuple(one["standard_error"] for one in found),
        held=tuple(
            one["level_interval"]["low"]
            <= scale.level_at(agent.abilities[one["competence"]])
            <= one["level_interval"]["high"]
            for one in found
        ),
        mean_error=result["overall"]["summary"]["standard_error"],
        stop_reason=explanation["stop_reason"],
        is_replayed=replay["is_identical"],
    )


def print_explanation(explanation: Mapping[str, Any]) -> None:
    """What a representative of the agent would look at first."""
    shown = dict(explanation)
    steps = shown.pop("steps")
    shown["steps"] = [*steps[:2], f"… {len(steps) - 2} more"]
    print(json.dumps(shown, ensure_ascii=False, indent=1))


def checked(response: httpx.Response) -> dict[str, Any]:
    if response.is_error:
        raise RuntimeError(f"{response.request.method} {response.url}: {response.text}")
    document: dict[str, Any] = response.json()
    return document


async def played(
    url: str, bank: ItemBank, *, correlation: Any, client: NewSecret, asked: argparse.Namespace
) -> dict[str, list[Taken]]:
    found: dict[str, list[Taken]] = {}
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        form = {"grant_type": "client_credentials"}
        secret = (str(client.client_id), str(client.client_secret))
        token = checked(await http.post("/oauth/token", data=form, auth=secret))["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        for kind in KINDS:
            found[kind.name] = []
            for number in range(asked.agents):
                rng = np.random.default_rng((number, 7))
                drawn = draw_abilities(rng, correlation)[0]
                abilities = dict(zip(bank.competences, drawn.tolist(), strict=True))
                agent = SimulatedAgent(abilities, bank, rng, locale="en")
                taken = await play(
                    http,
                    kind,
                    agent=agent,
                    name=f"{len(found)}-{url[-5:]}-{number}",
                    explain=asked.explain and number == 0,
                )
                found[kind.name].append(taken)
    return found


def print_found(title: str, found: Mapping[str, list[Taken]]) -> None:
    print(f"\n{title:32s} items        mean SE  SE of mean  interval holds  replayed  ended by")
    for name, taken in found.items():
        answers = [one.answers for one in taken]
        errors = np.concatenate([one.standard_errors for one in taken])
        held = np.concatenate([one.held for one in taken])
        reasons = sorted({one.stop_reason for one in taken})
        print(
            f"{name:32s} {np.mean(answers):5.1f} ({min(answers)}-{max(answers)})  "
            f"{np.mean(errors):7.3f}  {np.mean([one.mean_error for one in taken]):10.3f}  "
            f"{np.mean(held):14.2f}  {sum(one.is_replayed for one in taken):3d}/{len(taken):<3d}   "
            f"{', '.join(reasons)}"
        )


@contextmanager
def serving(url: str, home: Path) -> Iterator[str]:
    port = free_port()
    command = (str(Path(sys.executable).with_name("pacnum")), "serve", "--port", str(port))
    environment = {
        "PACNUM_DATABASE_URL": url,
        "PACNUM_TOKEN_TTL_SECONDS": "3600",
        "PACNUM_LOG_LEVEL": "error",
    }
    with running(command, port=port, environment=environment, log=home / "service.log"):
        yield f"http://127.0.0.1:{port}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=20, help="of each kind")
    parser.add_argument("--explain", action="store_true", help="print the first explanations")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="pacnum-bench-") as home,
        embedded_postgres(Path(home)) as postgres,
    ):
        migrations.upgrade(postgres.url())
        bank, correlation, client = asyncio.run(prepared(postgres.url()))
        for title in ("with the correlated prior", "without correlation"):
            with serving(postgres.url(), Path(home)) as url:
                run = played(url, bank, correlation=correlation, client=client, asked=asked)
                print_found(title, asyncio.run(run))
            asyncio.run(take_correlation_away(postgres.url(), count=len(bank.competences)))


if __name__ == "__main__":
    main()
