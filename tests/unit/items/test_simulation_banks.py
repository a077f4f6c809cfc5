import json
from pathlib import Path

import numpy as np
import pytest

from pacnum_api.domains.items.service.simulation_banks import (
    alike,
    read_abilities,
    read_bank_file,
    synthetic_bank,
)
from pacnum_api.platform.documents import DocumentsRefused
from pacnum_api.psychometrics.bank import NO_FAMILY, ItemModel

CSV = """\
model,a,b,c,steps,sigma_b,competence,level,family
3pl,1.2,-0.4,0.2,,0.3,1.2,3,
gpcm,0.9,0.5,,-0.5 0.5,,1.1,5,marks
2pl,1.1,0.1,,,,1.2,4,marks
"""


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(DocumentsRefused) as refused:
        read_bank_file(path)
    return [f"{fault.line}:{fault.pointer}:{fault.message}"
            for fault in refused.value.document_faults]  # fmt: skip


def test_a_bank_is_read_from_csv(tmp_path: Path) -> None:
    bank = read_bank_file(written(tmp_path, "bank.csv", CSV))
    assert bank.competences == ("1.2", "1.1")  # as they appear
    parameters = bank.tables.parameters
    assert parameters.model == (ItemModel.THREE_PL, ItemModel.TWO_PL, ItemModel.PARTIAL_CREDIT)
    assert parameters.competence.tolist() == [0, 0, 1]
    assert parameters.thresholds[2].tolist() == [0.0, 1.0]
    assert parameters.c.tolist() == [0.2, 0.0, 0.0]
    assert parameters.sigma_b.tolist() == [0.3, 0.0, 0.0]
    assert parameters.level.tolist() == [3, 4, 5]
    assert parameters.family[0] == NO_FAMILY
    assert parameters.family[1] == parameters.family[2]
    assert bank.correlation.tolist() == [[1.0, 0.7], [0.7, 1.0]]  # one area: "1"


def test_a_bank_is_read_from_json(tmp_path: Path) -> None:
    rows = [{"a": 1.5, "competence": "1.1"}, {"model": "grm", "steps": [0, 1], "competence": "2.1"}]
    bank = read_bank_file(written(tmp_path, "bank.json", json.dumps(rows)))
    assert bank.competences == ("1.1", "2.1")
    assert bank.tables.parameters.a.tolist() == [1.5, 1.0]
    assert bank.tables.parameters.categories.tolist() == [2, 3]
    assert bank.correlation[0, 1] == 0.6


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("bank.csv", "model,a\n2pl,x\n9pl,1\n", ["2:/a:", "3:/model:"]),
        ("bank.csv", "a,weight\n1,2\n", ["2:/weight:"]),
        ("bank.csv", "model,a\n2pl,-1\n", ["2::a must be positive"]),
        ("bank.csv", "model,a\n", ["1::expected at least one item"]),
        ("bank.json", "[{]", ["1::"]),
        ("bank.json", '{"a": 1}', ["1::expected a list of items"]),
        ("bank.json", '[{"level": 0}, 7]', ["1:/0/level:", "1:/1:"]),
    ],
)
def test_every_fault_of_a_bank_is_said(
    tmp_path: Path, name: str, text: str, expected: list[str]
) -> None:
    found = faults(written(tmp_path, name, text))
    assert len(found) == len(expected)
    assert all(one.startswith(start) for one, start in zip(found, expected, strict=True))


def test_an_invented_bank_is_shared_out_evenly() -> None:
    bank = synthetic_bank(70, competences=7, seed=3)
    assert bank.competences == ("1.1", "1.2", "1.3", "1.4", "1.5", "2.1", "2.2")
    assert np.bincount(bank.tables.parameters.competence).tolist() == [10] * 7
    again = synthetic_bank(70, competences=7, seed=3)
    assert again.tables.parameters.a.tolist() == bank.tables.parameters.a.tolist()
    with pytest.raises(ValueError, match="an item for each"):
        synthetic_bank(3, competences=4, seed=1)


def test_what_the_engine_assumes_can_be_said() -> None:
    bank = synthetic_bank(6, competences=6, seed=1)
    assert bank.population().correlation[0, [1, 5]].tolist() == [0.7, 0.6]
    assert bank.population(0.2).correlation[0, [1, 5]].tolist() == [0.2, 0.2]


@pytest.mark.parametrize("correlation", [1.0, -1.0, -0.4])
def test_not_every_number_is_a_correlation(correlation: float) -> None:
    with pytest.raises(ValueError, match="not a correlation"):
        alike(("a", "b", "c", "d"), correlation)


def test_abilities_are_read_by_the_codes_of_competences(tmp_path: Path) -> None:
    path = written(tmp_path, "abilities.csv", "1.2,name,1.1\n0.5,x,-1\n0.25,y,2e0\n")
    found = read_abilities(path, competences=["1.1", "1.2"])
    assert found.tolist() == [[-1.0, 0.5], [2.0, 0.25]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.1\n0.5\n", "1: /: expected a column 1.2"),
        ("", "expected a column 1.1"),
        ("1.1,1.2\n0.5,high\n", "2: /1.2: expected a number"),
        ("1.1,1.2\n0.5\n", "2: /1.2: expected a number"),
    ],
)
def test_abilities_that_are_missing_are_said(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(DocumentsRefused) as refused:
        read_abilities(written(tmp_path, "abilities.csv", text), competences=["1.1", "1.2"])
    assert expected in str(refused.value.detail)
