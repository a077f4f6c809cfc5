"""Keys found again from the files of an item by code that does not know the key.

A folder of proofs has Python files, each with ``PROOFS``, a function for each item's key, and
``JUDGED``, the items with files whose answer nobody can compute, each with the reason. What a
function says is turned into a response and graded: it must be wholly right on every variant.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pacnum_api
from pacnum_api.domains.items.policy.files import render
from pacnum_api.domains.items.policy.grading import grade
from pacnum_api.domains.items.policy.presentation import present
from pacnum_api.domains.items.policy.responses import read_response
from pacnum_api.domains.items.policy.wording import wording
from pacnum_api.domains.items.service.lint_bank.cases import Answer, Case, ProofFailed
from pacnum_api.domains.items.types import (
    LOCALES,
    CategorisationTask,
    ClozeTask,
    HotspotTask,
    Item,
    MatchingTask,
    MultipleChoiceTask,
    NumericTask,
    OrderingTask,
    ShortTextTask,
    SingleChoiceTask,
)
from pacnum_api.kernel.errors import JsonValue

Proof = Callable[[Case], Answer]
_PACKAGE: Final = Path(pacnum_api.__file__).resolve().parent
SEEDS: Final = 20
"""Variants of a template that a proof solves in each language; files make it slow."""


class ProofsUnreadable(Exception):
    """A file of proofs that cannot be run, and why."""


@dataclass(slots=True)
class Proofs:
    """What a folder of proofs has: functions and reasons, by the item's key."""

    functions: dict[str, Proof] = field(default_factory=dict)
    judged: dict[str, str] = field(default_factory=dict)


def load_proofs(folder: Path | None) -> Proofs:
    """Run the folder's Python files; none without a folder. Raises ProofsUnreadable."""
    found = Proofs()
    for path in [] if folder is None else sorted(folder.glob("[!_]*.py")):
        try:
            module = _run(path)
            found.functions |= module.PROOFS
            found.judged |= module.JUDGED
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise ProofsUnreadable(f"{path} cannot be run: {reason}") from error
    return found


def _run(path: Path) -> ModuleType:
    spec = spec_from_file_location(_name(path), path)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python file")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _name(path: Path) -> str:
    """The module's own name where it is one of ours: whoever measures coverage goes by it."""
    whole = path.resolve()
    if not whole.is_relative_to(_PACKAGE):
        return f"pacnum_proofs_{path.stem}"
    return ".".join(whole.relative_to(_PACKAGE.parent).with_suffix("").parts)


def case_of(item: Item, *, seed: int, locale: str) -> Case:
    """What an agent has of one variant: the payload and the files' bytes."""
    words = wording(item, seed=seed, locale=locale)
    files = [render(file, words) for file in item.content.files]
    shown: Mapping[str, Any] = present(item, seed=seed, locale=locale).content
    return Case(locale, shown, {file.name: file.content for file in files})


def proof_faults(item: Item, proof: Proof, *, seeds: int = SEEDS) -> Iterator[str]:
    """Where the proof and the key differ; of one item only the first variant that does."""
    for seed in range(1 if item.template is None else seeds):
        for locale in LOCALES:
            fault = _disagreement(item, proof, seed=seed, locale=locale)
            if fault is not None:
                yield f"seed {seed}, {locale}: {fault}"
                return


def _disagreement(item: Item, proof: Proof, *, seed: int, locale: str) -> str | None:
    case = case_of(item, seed=seed, locale=locale)
    try:
        answer = proof(case)
        response = response_of(item, answer, case=case)
    except Exception as error:  # noqa: BLE001 - someone else's code: whatever it raises is told
        return f"the proof failed: {type(error).__name__}: {error}"
    read = read_response(item, seed=seed, response=response)
    if isinstance(read, tuple):
        return f"the proof says {answer!r}, which is no answer: {read[0].message}"
    if not grade(item, seed=seed, response=response).is_correct:
        return f"the proof says {answer!r}, which is not the key"
    return None


def response_of(item: Item, answer: Answer, *, case: Case) -> dict[str, JsonValue]:
    """The response that says this answer. Raises ProofFailed when it names what is not there."""
    return {"type": item.type.value, **_response(item.task, case.interaction, answer=answer)}


def _label(parts: list[dict[str, str]], said: object) -> str:
    """The label of the part that reads so, or that alone has these words."""
    exact = [part["id"] for part in parts if part["text"] == said]
    found = exact or [part["id"] for part in parts if str(said) in part["text"]]
    if len(found) != 1:
        raise ProofFailed(f"{said!r} names {len(found)} of {[part['text'] for part in parts]}")
    return found[0]


_Shown = Mapping[str, Any]


@singledispatch
def _response(task: object, shown: _Shown, *, answer: Any) -> dict[str, JsonValue]:
    raise TypeError(f"{task!r} is not a task ({shown!r}, {answer!r})")


@_response.register
def _(task: SingleChoiceTask, shown: _Shown, *, answer: Any) -> dict[str, JsonValue]:
    del task
    return {"choice": _label(shown["options"], answer)}


@_response.register
def _(task: MultipleChoiceTask, shown: _Shown, *, answer: Any) -> dict[str, JsonValue]:
    del task
    return {"choices": [_label(shown["options"], said) for said in answer]}


@_response.register
def _(task: HotspotTask, shown: _Shown, *, answer: Any) -> dict[str, JsonValue]:
    del task
    return {"regions": [_label(shown["regions"], said) for said in answer]}


@_response.register
def _(task: ShortTextTask, shown: _Shown, *, answer: Any) -> dict[str, JsonValue]:
    del task, shown
    return {"text": str(answer)}


@_response.register
def _(task: NumericTask, shown: _Shown, *, answer: Any) -> dict[str, JsonValue]:
    if task.key.unit is None:
        return {"value": answer}
    value, unit = answer
    return {"value": value, "unit": _label(shown["units"], unit)}


@_response.register
def _(task: ClozeTask, shown: _Shown, *, answer: Any) -> dict[str, JsonValue]:
    del task
    return {
        "blanks": {
            blank["id"]: _label(blank["options"], said) if blank["options"] else said
            for blank, said in zip(shown["blanks"], answer, strict=True)
        }
    }


@_response.register
def _(task: OrderingTask, shown: _Shown, *, answer: Any) -> dict[str, JsonValue]:
    del task
    return {"order": [_label(shown["entries"], said) for said in answer]}


@_response.register
def _(task: MatchingTask, shown: _Shown, *, answer: Any) -> dict[str, JsonValue]:
    del task
    left, right = shown["left"], shown["right"]
    return {"pairs": {_label(left, one): _label(right, other) for one, other in answer.items()}}


@_response.register
def _(task: CategorisationTask, shown: _Shown, *, answer: Any) -> dict[str, JsonValue]:
    del task
    entries, categories = shown["entries"], shown["categories"]
    return {"categories": {_label(entries, a): _label(categories, b) for a, b in answer.items()}}
