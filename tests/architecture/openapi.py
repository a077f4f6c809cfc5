"""What a curated OpenAPI document has, operation by operation (in place of an npm linter)."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

PROBLEM = "application/problem+json"
VERBS = frozenset({
    "abandon", "begin", "explain", "finish", "issue", "list", "preview", "read", "recommend",
    "replay", "report", "submit", "upsert",
})  # fmt: skip
"""What operations do. A new verb is a decision: it becomes a method of every client library."""

OPERATION_ID = re.compile(r"^[a-z]+(_[a-z]+)*$")
PUBLIC = frozenset({
    "clients_issue_token", "clients_read_keys", "clients_read_metadata",
    "operations_read_health", "operations_read_readiness", "operations_read_metrics",
})  # fmt: skip
"""Operations that ask for no access token."""

ALWAYS = frozenset({"400", "401", "403", "422", "429"})
"""Problems of every operation that asks for a token."""

OF_BODIES = frozenset({"413", "415", "422"})
"""Problems of every operation under /v1 that takes a body."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation and the document it stands in."""

    method: str
    path: str
    body: Json
    document: Json

    @property
    def name(self) -> str:
        return str(self.body.get("operationId", f"{self.method.upper()} {self.path}"))

    @property
    def is_versioned(self) -> bool:
        return self.path.startswith("/v1/")

    def parameters(self, place: str) -> set[str]:
        return {one["name"] for one in self.body.get("parameters", ()) if one["in"] == place}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the document is held against: names of domains, codes that docs/problems.md explains."""

    domains: frozenset[str]
    explained_codes: frozenset[str] = field(default_factory=frozenset)


def operations(document: Json) -> list[Operation]:
    """Every operation of the document."""
    return [
        Operation(method, path, body, document)
        for path, methods in document["paths"].items()
        for method, body in methods.items()
    ]


def faults_of_document(document: Json, rules: Rules) -> list[str]:
    """Everything that is missing, by operation."""
    found = operations(document)
    counts = Counter(one.name for one in found)
    faults = [f"{name}: stands here {count} times" for name, count in counts.items() if count > 1]
    for one in found:
        checks = (_naming(one, rules), _texts(one), _security(one), _problems(one, rules))
        faults += [f"{one.name}: {fault}" for check in checks for fault in check]
        faults += [f"{one.name}: {fault}" for fault in _inputs(one)]
    schemas = document.get("components", {}).get("schemas", {})
    faults += [
        f"{name}: two schemas share this name; rename one" for name in schemas if "__" in name
    ]
    return [*faults, *_examples(document)]


def _naming(one: Operation, rules: Rules) -> Iterator[str]:
    if "operationId" not in one.body or not OPERATION_ID.match(one.name):
        yield "expected an operationId such as domain_verb_noun"
        return
    domain = next((name for name in rules.domains if one.name.startswith(f"{name}_")), None)
    if domain is None:
        yield f"its id begins with no domain ({', '.join(sorted(rules.domains))})"
        return
    verb, _, noun = one.name.removeprefix(f"{domain}_").partition("_")
    if verb not in VERBS or not noun:
        yield f"expected {domain}_verb_noun with one of {', '.join(sorted(VERBS))}"


def _texts(one: Operation) -> Iterator[str]:
    summary, description = one.body.get("summary", ""), one.body.get("description", "")
    if not 5 <= len(summary) <= 80 or summary.endswith("."):
        yield "expected a summary of 5 to 80 characters without a full stop"
    if len(description) < 20 or not description.endswith("."):
        yield "expected a description in whole sentences"
    declared = {tag["name"] for tag in one.document.get("tags", ()) if tag.get("description")}
    if len(one.body.get("tags", ())) != 1 or not set(one.body["tags"]) <= declared:
        yield "expected exactly one tag, which the document describes"


def _security(one: Operation) -> Iterator[str]:
    wanted = one.body.get("security", [])
    schemes = one.document.get("components", {}).get("securitySchemes", {})
    for name in {name for entry in wanted for name in entry} - set(schemes):
        yield f"the security scheme {name} is not described"
    if one.name in PUBLIC:
        return
    if not wanted or not all(entry and all(entry.values()) for entry in wanted):
        yield "expected the scopes that open it"


def _wanted_problems(one: Operation) -> frozenset[str]:
    """Statuses that an operation cannot but have."""
    if one.name in PUBLIC:
        return frozenset()
    wanted = ALWAYS
    if one.is_versioned and "requestBody" in one.body:
        wanted |= OF_BODIES
    if one.method == "put":
        return wanted | {"412", "428"}
    return wanted | {"404"} if one.parameters("path") else wanted


def _problems(one: Operation, rules: Rules) -> Iterator[str]:
    responses: Json = one.body.get("responses", {})
    for status in sorted(_wanted_problems(one) - set(responses)):
        yield f"does not declare its {status}"
    if not any(status.startswith("2") for status in responses):
        yield "does not say what success is"
    for status, response in responses.items():
        if status >= "400":
            yield from (f"{status}: {fault}" for fault in _problem(response, rules))


def _problem(response: Json, rules: Rules) -> Iterator[str]:
    content = response.get("content", {})
    if set(content) != {PROBLEM}:
        yield f"expected {PROBLEM}, found {', '.join(content) or 'nothing'}"
        return
    if not content[PROBLEM].get("schema", {}).get("$ref", "").endswith("/Problem"):
        yield "expected the one envelope, Problem"
    codes = set(content[PROBLEM].get("examples", {}))
    if not codes:
        yield "expected an example for each error"
    for code in sorted(codes - rules.explained_codes):
        yield f"docs/problems.md does not explain {code}"


def _inputs(one: Operation) -> Iterator[str]:
    headers = {name.lower() for name in one.parameters("header")}
    if one.is_versioned and one.method == "post" and "idempotency-key" not in headers:
        yield "a POST accepts an Idempotency-Key"
    if "cursor" in one.parameters("query") and "limit" not in one.parameters("query"):
        yield "a list that goes on has a limit"
    for parameter in one.body.get("parameters", ()):
        shape = parameter.get("schema", {})
        if not (parameter.get("description") or shape.get("description")):
            yield f"the parameter {parameter['name']} is not described"


def _examples(document: Json) -> Iterator[str]:
    """Members of bodies and answers that leave open what a value looks like, each once."""
    found: dict[str, None] = {}
    for one in operations(document):
        bodies = [one.body.get("requestBody", {})]
        responses: Json = one.body.get("responses", {})
        bodies += [body for status, body in responses.items() if status.startswith("2")]
        for body in bodies:
            for media_type, content in body.get("content", {}).items():
                if media_type.endswith("json") and not {"example", "examples"} & set(content):
                    shape = content.get("schema", {})
                    found.update(dict.fromkeys(without_example(shape, document, place=one.name)))
    yield from (f"{place}: has no example" for place in found)


def without_example(
    schema: Json, document: Json, *, place: str, seen: tuple[str, ...] = ()
) -> Iterator[str]:
    """Places below a schema without example; a named schema is the beginning of its own places."""
    reference = schema.get("$ref")
    if reference in seen or {"example", "examples", "const", "enum"} & set(schema):
        return
    if reference is not None:
        name = reference.rsplit("/", 1)[-1]
        target = document["components"]["schemas"][name]
        yield from without_example(target, document, place=name, seen=(*seen, reference))
        return
    parts = _parts(schema)
    for step, part in parts:
        inner = f"{place}.{step}" if step else place
        yield from without_example(part, document, place=inner, seen=seen)
    if not parts and not _speaks_for_itself(schema):
        yield place


def _parts(schema: Json) -> list[tuple[str, Json]]:
    parts = [*schema.get("properties", {}).items()]
    for union in ("anyOf", "oneOf", "allOf"):
        parts += [("", one) for one in schema.get(union, ()) if one.get("type") != "null"]
    if "items" in schema:
        parts.append(("[]", schema["items"]))
    if isinstance(schema.get("additionalProperties"), Mapping):
        parts.append(("*", schema["additionalProperties"]))
    return parts


def _speaks_for_itself(schema: Json) -> bool:
    types = schema.get("type", ())
    names = {types} if isinstance(types, str) else set(types)
    return bool(names & {"boolean", "object"}) or "format" in schema or not schema
