"""A tenant that owns one of everything, and how its ids go into any operation of the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from pacnum_api.domains.items.service import load_items
from pacnum_api.domains.referential.service import load_documents
from tests.support.authored_items import authored
from tests.support.callers import Caller
from tests.support.frameworks import crosswalk_document, framework_document, write
from tests.support.operations import JSON, Operation

Body = dict[str, Any]
ISSUER = "house-system"


def text(words: str) -> dict[str, str]:
    return {"fr": words, "en": words}


def training_body(framework: str, **changes: Any) -> Body:
    """A sound training of one competence."""
    return {
        "provider": {"kind": "lms", "name": text("Intranet")},
        "title": text("Trier"),
        "summary": text("Un tableur bien tenu."),
        "objectives": [text("Éviter les doublons")],
        "competences": [
            {"framework": framework, "competence": "1.1", "entry_level": 1, "exit_level": 3}
        ],
        "modality": "online",
        "duration_minutes": 60,
        "audience": text("Tous"),
        "language": "fr",
        "link": "https://lms.example/1",
        **changes,
    }


@dataclass(frozen=True)
class Belongings:
    """Ids of one tenant's rows. ``session`` is in progress with a file to open, ``ended`` ended."""

    framework: str
    value: str
    agent_id: str
    item_id: str
    session: Body
    ended_id: str
    training_id: str
    training_session_id: str
    import_id: str
    etags: Mapping[str, str]

    @property
    def ids(self) -> frozenset[str]:
        """Everything that nobody else may ever see."""
        own = {self.framework, self.value, self.agent_id, self.item_id, self.ended_id}
        own |= {self.training_id, self.training_session_id, self.import_id}
        return frozenset({*own, self.session["id"]})

    def path_values(self, operation: Operation) -> dict[str, str]:
        """What stands for each path parameter; KeyError for one that nobody has thought of."""
        pending = self.session["pending_item"]
        known = {
            "framework": self.framework,
            "code": "1.1" if "framework" in operation.path_parameters else self.framework,
            "agent_id": self.agent_id,
            "item_id": self.item_id,
            "session_id": self.session["id"],
            "position": str(pending["position"]),
            "name": pending["content"]["files"][0]["name"],
            "training_id": self.training_id,
            "training_session_id": self.training_session_id,
            "import_id": self.import_id,
            "issuer": ISSUER,
            "value": self.value,
        }
        return {name: known[name] for name in operation.path_parameters}

    def query_values(self, operation: Operation) -> dict[str, str]:
        """What stands for each query parameter that is needed."""
        known = {"framework": "digcomp-2.2", "from": self.framework, "to": "digcomp-2.2"}
        return {name: known[name] for name in operation.needed_query}

    def body(self, operation: Operation) -> Body | None:
        """A sound JSON body, naming this tenant's rows wherever a body can name rows."""
        if operation.body_type != JSON:
            return None
        pending = self.session["pending_item"]
        known: dict[str, Body] = {
            "organisations_upsert_agent": {"locale": "en"},
            "items_preview_item": {"seed": 1},
            "items_report_item": {"reason": "ambiguous", "comment": "unclear"},
            "test_sessions_begin_session": {
                "agent": {"id": self.agent_id},
                "framework": "digcomp-2.2",
                "competences": ["1.1"],
            },
            "test_sessions_submit_answer": {
                "position": pending["position"],
                "item_id": pending["item_id"],
                "response": None,
            },
            "trainings_upsert_training": training_body("digcomp-2.2"),
            "trainings_upsert_training_session": session_body(self.value),
            "recommendations_list_for_levels": {
                "framework": self.framework,
                "levels": {"1.1": 1},
            },
        }
        return known[operation.id]

    def sending(self, operation: Operation) -> dict[str, Any]:
        """How httpx sends a sound body: JSON, or a file."""
        body = self.body(operation)
        if body is not None:
            return {"json": body}
        if operation.body_type is None:
            return {}
        return {"content": agents_file(self.value), "headers": {"Content-Type": "text/csv"}}


def agents_file(value: str) -> bytes:
    """A sound file of one agent, as an import takes it."""
    return f"issuer;value\n{ISSUER};{value}\n".encode()


def session_body(value: str, **changes: Any) -> Body:
    """A sound session of the training that the tenant knows by ``value``."""
    return {
        "training": {"issuer": ISSUER, "value": value},
        "starts_at": "2031-03-03T08:00:00Z",
        "ends_at": "2031-03-03T15:00:00Z",
        "place": text("Lyon"),
        "seats": 12,
        **changes,
    }


async def give_belongings(caller: Caller, folder: Path) -> Belongings:
    """One of everything, made the way its owner would make it."""
    mark = uuid4().hex[:12]
    framework = f"house-{mark}"
    await _load(caller, folder, framework=framework)
    value = f"v-{mark}"
    agent = await caller.put(f"/v1/agents/by-external-id/{ISSUER}/{value}", json={"locale": "fr"})
    training = await caller.put(
        f"/v1/trainings/by-external-id/{ISSUER}/{value}", json=training_body(framework)
    )
    dated = await caller.put(
        f"/v1/training-sessions/by-external-id/{ISSUER}/{value}", json=session_body(value)
    )
    received = await caller.post(
        "/v1/imports", content=agents_file(value), headers={"Content-Type": "text/csv"}
    )
    agent_id = agent.json()["id"]
    begin = {"agent": {"id": agent_id}, "framework": framework, "competences": ["1.1"]}
    session = await caller.post("/v1/test-sessions", json=begin)
    ended_id = await _ended(caller, begin)
    items = await caller.get("/v1/items", params={"framework": framework})
    return Belongings(
        framework=framework,
        value=value,
        agent_id=agent_id,
        item_id=items.json()["data"][0]["id"],
        session=session.json(),
        ended_id=ended_id,
        training_id=training.json()["id"],
        training_session_id=dated.json()["id"],
        import_id=received.json()["id"],
        etags={
            "organisations_upsert_agent": agent.headers["etag"],
            "trainings_upsert_training": training.headers["etag"],
            "trainings_upsert_training_session": dated.headers["etag"],
        },
    )


async def _load(caller: Caller, folder: Path, *, framework: str) -> None:
    database = caller.app.state.database
    files = [
        write(folder, "framework.json", document=framework_document(framework)),
        write(folder, "crosswalk.json", document=crosswalk_document(framework)),
    ]
    async with database.unit_of_work(caller.tenant_id) as uow:
        await load_documents(uow, files)
    items = [authored("hotspot", key=f"1.1-{n}-{framework}", level=n) for n in (2, 3, 4)]
    bank = {"framework": framework, "competence": "1.1", "items": items}
    async with database.unit_of_work(caller.tenant_id) as uow:
        await load_items(uow, [write(folder, "items.json", document=bank)])


async def _ended(caller: Caller, begin: Body) -> str:
    """A session with one answer and a result."""
    session = (await caller.post("/v1/test-sessions", json=begin)).json()
    pending = session["pending_item"]
    skip = {"position": 1, "item_id": pending["item_id"], "response": None}
    path = f"/v1/test-sessions/{session['id']}"
    assert (await caller.post(f"{path}/answers", json=skip)).status_code == 201
    assert (await caller.post(f"{path}/finish")).status_code == 200
    ended_id: str = session["id"]
    return ended_id
