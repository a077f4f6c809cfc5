"""Which bank a simulation is about: a published one, a file of parameters, or an invented one."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from pacnum_api.domains.items.schemas.bank_parameters import BankParametersRow
from pacnum_api.domains.items.service.bank_memory import get_bank
from pacnum_api.domains.items.service.banks import current_bank
from pacnum_api.domains.referential import service as referential
from pacnum_api.platform.documents import DocumentFault, DocumentsRefused
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.psychometrics.arithmetic import FloatArray
from pacnum_api.psychometrics.bank import Item, ItemModel, ItemParameters
from pacnum_api.psychometrics.population import Population
from pacnum_api.psychometrics.scale import DEFAULT_SCALE
from pacnum_api.psychometrics.simulation import framework_correlation
from pacnum_api.psychometrics.tables import BankTables

_PER_AREA = 5


@dataclass(frozen=True, eq=False)
class SimulatedBank:
    """The items, the codes of their competences in the order of the tables, and what the engine
    assumes of how the competences hang together.
    """

    title: str
    tables: BankTables
    competences: tuple[str, ...]
    correlation: FloatArray

    def population(self, correlation: float | None = None) -> Population:
        """What the engine assumes; with a ``correlation`` that one between all competences.

        ``ValueError`` for a correlation that there cannot be.
        """
        assumed = self.correlation if correlation is None else alike(self.competences, correlation)
        return Population(assumed)


def alike(competences: Sequence[str], correlation: float) -> FloatArray:
    """The matrix (K, K) of one correlation between all competences.

    ``ValueError`` unless it lies between -1 and 1 and gives a positive definite matrix.
    """
    matrix = framework_correlation([""] * len(competences), within=correlation)
    if not -1.0 < correlation < 1.0 or float(np.linalg.eigvalsh(matrix).min()) <= 0.0:
        raise ValueError(f"{correlation} is not a correlation that {len(competences)} can have")
    return matrix


async def published_bank(uow: UnitOfWork, framework: str) -> SimulatedBank:
    """The newest published bank of a framework. Raises BankNotFound."""
    handle = await current_bank(uow, framework)
    bank = await get_bank(uow, handle.id)
    return SimulatedBank(
        title=f"{handle.framework} v{handle.version}",
        tables=bank.tables,
        competences=bank.competences,
        correlation=referential.get_correlation_matrix(bank.framework),
    )


def synthetic_bank(items: int, *, competences: int, seed: int) -> SimulatedBank:
    """A bank of 2PL items, a lognormal(0, 0.3) and b N(0, 1.2), shared out evenly; competences
    named 1.1, 1.2, ..., five to an area. ``ValueError`` for fewer items than competences.
    """
    if not 1 <= competences <= items:
        raise ValueError("a bank needs at least one competence, and an item for each")
    rng = np.random.default_rng(seed)
    slopes, difficulties = rng.lognormal(0.0, 0.3, items), rng.normal(0.0, 1.2, items)
    codes = [f"{index // _PER_AREA + 1}.{index % _PER_AREA + 1}" for index in range(competences)]
    invented = [
        Item(
            ItemModel.TWO_PL,
            competence=place * competences // items,
            level=max(1, DEFAULT_SCALE.level_at(float(b))),
            a=float(a),
            b=float(b),
        )
        for place, (a, b) in enumerate(zip(slopes, difficulties, strict=True))
    ]
    return _bank(f"synthetic, seed {seed}", invented, codes=codes)


def read_bank_file(path: Path) -> SimulatedBank:
    """A bank from a CSV file with a header line, or a JSON list of objects (``BankParametersRow``).

    Competences are those that occur, in order of first appearance; an area is what stands before
    the first point of their codes. Raises DocumentsRefused with every fault.
    """
    rows: list[tuple[int, BankParametersRow]] = []
    faults: list[DocumentFault] = []
    for line, pointer, raw in _raw_rows(path):
        try:
            rows.append((line, BankParametersRow.model_validate(raw)))
        except ValidationError as error:
            faults += [
                DocumentFault(path, line, _pointer(pointer, fault["loc"]), fault["msg"])
                for fault in error.errors(include_url=False)
            ]
    if not rows and not faults:
        faults.append(DocumentFault(path, 1, "", "expected at least one item"))
    codes = list(dict.fromkeys(row.competence for _, row in rows))
    families = {name: number for number, name in enumerate(dict.fromkeys(
        row.family for _, row in rows if row.family
    ))}  # fmt: skip
    items = [(line, _item(row, codes, families=families)) for line, row in rows]
    faults += [
        DocumentFault(path, line, "", message) for line, item in items for message in item.faults()
    ]
    if faults:
        raise DocumentsRefused(faults)
    ordered = sorted((item for _, item in items), key=lambda item: item.competence)
    return _bank(path.name, ordered, codes=codes)


def read_abilities(path: Path, *, competences: Sequence[str]) -> FloatArray:
    """True abilities from a CSV file: a header with the codes of competences, a row for each agent;
    shape (rows, K) in the order of ``competences``. Raises DocumentsRefused.
    """
    lines = list(csv.DictReader(StringIO(path.read_text("utf-8"))))
    missing = [code for code in competences if not lines or code not in lines[0]]
    faults = [DocumentFault(path, 1, "", f"expected a column {code}") for code in missing]
    found = np.zeros((len(lines), len(competences)))
    for row, line in enumerate(lines if not missing else ()):
        for column, code in enumerate(competences):
            try:
                found[row, column] = float(line[code])
            except (TypeError, ValueError):
                faults.append(DocumentFault(path, row + 2, f"/{code}", "expected a number"))
    if faults:
        raise DocumentsRefused(faults)
    return found


def _raw_rows(path: Path) -> Iterator[tuple[int, str, Mapping[str, object]]]:
    """Line, JSON pointer and members of each row; cells left empty are left out."""
    text = path.read_text("utf-8")
    if path.suffix != ".json":
        for line, row in enumerate(csv.DictReader(StringIO(text)), start=2):
            yield line, "", {str(key): value for key, value in row.items() if value != ""}
        return
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise DocumentsRefused([DocumentFault(path, error.lineno, "", error.msg)]) from error
    if not isinstance(document, list):
        raise DocumentsRefused([DocumentFault(path, 1, "", "expected a list of items")])
    for index, row in enumerate(document):
        yield 1, f"/{index}", row


def _pointer(start: str, location: tuple[int | str, ...]) -> str:
    return start + "".join(f"/{part}" for part in location)


def _item(row: BankParametersRow, codes: Sequence[str], *, families: Mapping[str, int]) -> Item:
    return Item(
        row.model,
        competence=codes.index(row.competence),
        level=row.level,
        a=row.a,
        b=row.b,
        c=row.c,
        d=row.d,
        steps=row.steps,
        sigma_a=row.sigma_a,
        sigma_b=row.sigma_b,
        family=families[row.family] if row.family else None,
    )


def _bank(title: str, items: Sequence[Item], *, codes: Sequence[str]) -> SimulatedBank:
    return SimulatedBank(
        title=title,
        tables=BankTables.build(ItemParameters.from_items(items), competence_count=len(codes)),
        competences=tuple(codes),
        correlation=framework_correlation([code.partition(".")[0] for code in codes]),
    )
