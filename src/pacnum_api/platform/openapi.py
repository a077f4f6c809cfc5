"""The OpenAPI document: curated, and the same on every machine."""

import inspect
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from pacnum_api.platform.http import UnsupportedMediaType
from pacnum_api.platform.problems import (
    MEDIA_TYPE,
    Problem,
    merged,
    problems,
    protocol_problems,
)

DESCRIPTION = """
Measures the digital competences of public-sector staff with adaptive tests, and turns what it
measured into the training that each person needs.

Every error is an RFC 9457 problem (`application/problem+json`) whose `code` is stable; lists come
in pages; texts follow `Accept-Language` (fr, en); POSTs accept an `Idempotency-Key`. Get a token
at `POST /oauth/token`, create a test session, answer its items, read its result.
"""

TAGS = [
    {"name": "authentication", "description": "Tokens and the keys they are signed with."},
    {"name": "referential", "description": "Frameworks, competences, levels, crosswalks."},
    {"name": "items", "description": "The item bank, for authors and reviewers."},
    {"name": "test-sessions", "description": "Adaptive tests: one agent, one session."},
    {"name": "organisation", "description": "Agents, as their employers name them."},
    {"name": "results", "description": "What has been measured, for the agent's own use."},
    {"name": "trainings", "description": "The catalogue of trainings and their dates."},
    {"name": "recommendations", "description": "Which trainings close which gaps, and why."},
    {"name": "operations", "description": "Health and metrics, for operators."},
]


IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same body gives the first response again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}


def build_openapi(app: FastAPI) -> dict[str, Any]:
    """The document of all routes, made once. FastAPI's own 422 shape is replaced by ours."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            openapi_version="3.1.0",
            summary="Adaptive measurement of digital competences",
            description=inspect.cleandoc(DESCRIPTION),
            routes=app.routes,
            tags=TAGS,
            license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
            contact={"name": "pacnum-api maintainers"},
            separate_input_output_schemas=True,
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs", {}))
        schemas["Problem"] = problem
        for address, path in document["paths"].items():
            for method, operation in path.items():
                _drop_default_validation_error(operation)
                if "requestBody" in operation and address.startswith("/v1/"):
                    _document_body_limits(operation)
                if method == "post" and address.startswith("/v1/"):
                    operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
        _close_patterns(schemas)
        document["servers"] = [{"url": "/", "description": "This server"}]
        app.openapi_schema = document
    return app.openapi_schema


def _document_body_limits(operation: dict[str, Any]) -> None:
    """What the frame of every operation with a body may answer before the operation is reached."""
    limits = merged(problems(UnsupportedMediaType), protocol_problems(408, 413))
    for status, response in limits.items():
        operation["responses"].setdefault(str(status), response)
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _close_patterns(node: object) -> None:
    """Say that members must fit the pattern of their name: pydantic leaves the others open."""
    if isinstance(node, dict):
        if "patternProperties" in node:
            node.setdefault("additionalProperties", False)
        for part in node.values():
            _close_patterns(part)
    elif isinstance(node, list):
        for part in node:
            _close_patterns(part)


def _drop_default_validation_error(operation: dict[str, Any]) -> None:
    for response in operation["responses"].values():
        content = response.get("content", {})
        reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
        if reference.endswith("/HTTPValidationError"):
            del content["application/json"]
        if MEDIA_TYPE in content and content.get("application/json") == {"schema": {}}:
            del content["application/json"]


def operation_ids(app: FastAPI) -> list[str]:
    """The ids of every documented operation, for the gate that wants them unique and named."""
    return [
        route.operation_id or route.name
        for route in app.routes
        if isinstance(route, APIRoute) and route.include_in_schema
    ]
