"""Keys of shipped items are found again from their files: two variants each, the gate more."""

from importlib import import_module
from pathlib import Path

import pytest

import pacnum_api
from pacnum_api.domains.items.service.lint_bank.proofs import load_proofs, proof_faults
from pacnum_api.domains.items.service.read_file import read_file

CONTENT = Path(pacnum_api.__file__).parent / "content"
PACKAGE = "pacnum_api.content.proofs.digcomp_2_2"
FILES = sorted((CONTENT / "items" / "digcomp-2.2").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_keys_are_in_the_files(path: Path) -> None:
    proofs = import_module(f"{PACKAGE}.c{path.stem.replace('.', '_')}")
    items = {one.item.key: one.item for one in read_file(path, seeds=0).items}
    assert set(proofs.PROOFS) | set(proofs.JUDGED) <= set(items)
    faults = {}
    for key, proof in proofs.PROOFS.items():
        faults[key] = list(proof_faults(items[key], proof, seeds=2))
    assert not [f"{key}: {fault}" for key, found in faults.items() for fault in found]
    with_files = {key for key, item in items.items() if item.content.files}
    assert with_files <= set(proofs.PROOFS) | set(proofs.JUDGED)


def test_most_keys_can_be_computed() -> None:
    found = load_proofs(CONTENT / "proofs" / "digcomp_2_2")
    assert not set(found.functions) & set(found.judged)
    assert len(found.functions) > 9 * len(found.judged)
    assert all(reason.strip() for reason in found.judged.values())
