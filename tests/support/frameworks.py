"""Framework files for tests: a small sound one of each kind, to be changed at will."""

import json
from pathlib import Path
from typing import Any

Document = dict[str, Any]


def both(text: str) -> dict[str, str]:
    """A text that differs by language, so that mixing them up shows."""
    return {"fr": f"{text} (fr)", "en": f"{text} (en)"}


def framework_document(code: str = "house", **changes: Any) -> Document:
    """Two areas, three competences, four levels in two bands."""
    return {
        "code": code,
        "version": 1,
        "title": both("House framework"),
        "publisher": "The house",
        "published": "2026-03",
        "licence": "CC BY 4.0",
        "sources": ["our own"],
        "bands": [
            {"code": "basic", "title": both("basic"), "levels": [1, 2]},
            {"code": "expert", "title": both("expert"), "levels": [3, 4]},
        ],
        "levels": [
            {"level": n, "starts_at": n - 2.5, "descriptors": {"autonomy": both(f"level {n}")}}
            for n in (1, 2, 3, 4)
        ],
        "areas": [{"code": "1", "title": both("first area")}, _second_area()],
        "competences": [
            {"code": "1.1", "area": "1", "title": both("to search"), "summary": both("searching")},
            {"code": "1.2", "area": "1", "title": both("to sort")},
            {
                "code": "2.1",
                "area": "2",
                "title": both("to write"),
                "title_variants": [{"fr": "rédiger"}],
            },
        ],
        "correlation": {"within_area": 0.6, "across_areas": 0.4},
        "points": {"per_level": 8, "maximum_level": 4},
        **changes,
    }


def _second_area() -> Document:
    return {"code": "2", "title": both("second area"), "unofficial_titles": ["fr"]}


def crosswalk_document(
    source: str = "house", target: str = "digcomp-2.2", **changes: Any
) -> Document:
    """Two links."""
    return {
        "source": source,
        "target": target,
        "version": 1,
        "status": "unofficial",
        "note": both("ours"),
        "links": [
            {"source": "1.1", "target": "1.1", "relation": "closeMatch"},
            {"source": "2.1", "target": "3.1", "relation": "broadMatch"},
        ],
        **changes,
    }


def outcome_node(number: int, *, competence: str = "1.1", **changes: Any) -> Document:
    """A learning outcome as the official supplement writes it."""
    return {
        "@id": f"LearningOutcome/LO{competence}.{number:02}",
        "@type": "LearningOutcome",
        "description": f"Outcome {number}",
        "type": "Knowledge",
        "ai_label": "AI-Implicit",
        "competence_id": f"Competence/{competence}",
        "four_levels_proficiency_name": "ProficiencyLevel/Highly advanced",
        "unused": {"any": "thing"},
        **changes,
    }


def supplement_document(*nodes: Document) -> Document:
    """A supplement of these nodes, among others that are no outcomes."""
    others = [{"@id": "Competence/1.1", "@type": "Competence"}, "a stray text"]
    return {"@context": {"@vocab": "urn:example:"}, "@graph": [*others, *nodes]}


def write(folder: Path, name: str, *, document: object) -> Path:
    """The document as a file: JSON, one value a line, which is YAML too."""
    path = folder / name
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    return path
