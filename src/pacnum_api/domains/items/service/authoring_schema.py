"""The JSON schema of the authoring format, as it ships beside the content."""

import json

from pacnum_api.domains.items.schemas.authoring import ItemDocument


def authoring_schema() -> str:
    """Draft 2020-12, for editors that check and complete YAML; ends with a line feed."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ItemDocument.model_json_schema(by_alias=True, mode="validation"),
        "title": "Items of one competence",
    }
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
