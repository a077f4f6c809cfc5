"""A lint as one document, ready for JSON."""

import json
from typing import Any

from pacnum_api.domains.items.service.lint_bank.lint import BankLint
from pacnum_api.domains.items.service.lint_bank.notes import ItemNotes
from pacnum_api.domains.items.service.lint_bank.rules import (
    absolutes_of,
    authored_places,
    guesser_rows,
)


def lint_json(lint: BankLint) -> str:
    """The document as text."""
    return json.dumps(lint_document(lint), ensure_ascii=False, indent=2)


def lint_document(lint: BankLint) -> dict[str, Any]:
    """Findings as they are printed, and the figures of the bank and of every item."""
    absolutes = absolutes_of(lint.items)
    return {
        "is_clean": lint.is_clean,
        "faults": [str(fault) for fault in lint.faults],
        "bank_faults": list(lint.bank_faults),
        "doubts": [str(doubt) for doubt in lint.doubts],
        "seeds": lint.rules.seeds,
        "guessers": [
            {
                "guesser": row.guesser.name.lower(),
                "type": None if row.type is None else row.type.value,
                "items": row.items,
                "score": row.score,
                "chance": row.chance,
                "is_fault": row.is_fault,
            }
            for row in guesser_rows(lint.items)
        ],
        "authored_places": {str(place): n for place, n in authored_places(lint.items).items()},
        "absolute_words": {"right": absolutes.right_rate, "wrong": absolutes.wrong_rate},
        "alike": [
            {"first": pair.first, "second": pair.second, "cosine": pair.cosine}
            for pair in lint.alike
        ],
        "items": {item.key: _item(item) for item in lint.items},
    }


def _item(item: ItemNotes) -> dict[str, Any]:
    variants = item.variants
    return {
        "competence": item.competence,
        "level": item.level,
        "type": item.type.value,
        "files": list(item.file_kinds),
        "words": item.reading.words,
        "longest_sentence": item.reading.longest_sentence,
        "lix": item.reading.lix,
        "proof": None if item.proof is None else item.proof.value,
        "variants": None
        if variants is None
        else {
            "answers": variants.answers,
            "commonest": variants.commonest,
            "growth": variants.growth,
        },
    }
