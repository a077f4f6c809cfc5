"""Lock files are in step with what is declared, and nothing committed names a package index."""

import subprocess
import tomllib

import pytest

from tests.architecture.locks import (
    faults_between,
    faults_of_lock,
    index_addresses,
    orphans,
    read_lock,
)
from tests.architecture.source import ROOT

HASHED = " \\\n    --hash=sha256:" + "0" * 64
GOOD = f"# made by uv\na-b==1.2{HASHED}{HASHED}\n    # via pacnum-api (pyproject.toml)\n"
SCHEME = "https:" + "//"


def declared() -> tuple[list[str], list[str]]:
    """What pyproject.toml asks for: to run, and to run and develop."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    runtime = list(project["project"]["dependencies"])
    return runtime, runtime + list(project["dependency-groups"]["dev"])


def lock(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.lock").read_text("utf-8")


def committed() -> list[str]:
    """Texts that are committed, or are about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a-b==1.2\n", "A_b>=1"),
        ("a-b==1.2 --hash=md5:0\n", "a-b"),
        (f"a-b>=1.2{HASHED}\n{GOOD}", "a-b"),
        (f"a-b @ file.whl{HASHED}\n{GOOD}", "a-b"),
        (GOOD, "a-b>=2"),
        (GOOD, "other"),
        (
            f"--index-url {SCHEME}index.invalid/simple\n{GOOD}".replace("--index", "# --index"),
            "a-b",
        ),
    ],
)
def test_a_faulty_lock_is_found(text: str, wanted: str) -> None:
    assert len(list(faults_of_lock(text, [wanted]))) == 1


def test_a_sound_lock_passes() -> None:
    assert list(faults_of_lock(GOOD, ["A_B[extra]>=1.1; sys_platform != 'win32'"])) == []
    assert list(orphans(GOOD, ["a.b"])) == []


def test_a_package_that_is_declared_no_more_is_found() -> None:
    assert len(list(orphans(GOOD, ["other"]))) == 1


def test_a_version_that_runs_untested_is_found() -> None:
    assert list(faults_between(GOOD, GOOD)) == []
    assert len(list(faults_between(GOOD, GOOD.replace("==1.2", "==1.3")))) == 1
    assert len(list(faults_between(GOOD, ""))) == 1


@pytest.mark.parametrize(
    "text",
    [
        f"--extra-index-url {SCHEME}index.invalid",
        f"PIP_INDEX_URL={SCHEME}index.invalid",
        f"UV_DEFAULT_INDEX: '{SCHEME}index.invalid'",
        f"url = '{SCHEME}mirror.invalid/simple'",
        f'"resolved": "{SCHEME}mirror.invalid/left-pad-1.0.tgz"',
        f"{SCHEME}files.invalid/a-1.0-py3-none-any.whl",
        f"{SCHEME}registry.invalid/",
    ],
)
def test_the_address_of_an_index_is_found(text: str) -> None:
    assert list(index_addresses(text))


@pytest.mark.parametrize("text", ["--no-emit-index-url", "PIP_INDEX_URL", f"{SCHEME}a.invalid/x"])
def test_other_texts_pass(text: str) -> None:
    assert list(index_addresses(text)) == []


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_the_locks_are_in_step(name: str) -> None:
    wanted = declared()[0 if name == "runtime" else 1]
    faults = [*faults_of_lock(lock(name), wanted), *orphans(lock(name), wanted)]
    assert not faults, "\n".join(faults)
    assert len(read_lock(lock(name))[0]) > len(wanted)


def test_what_runs_is_what_is_tested() -> None:
    assert list(faults_between(lock("runtime"), lock("dev"))) == []


def test_no_committed_file_names_an_index() -> None:
    found = []
    for name in committed():
        text = (ROOT / name).read_bytes().decode("utf-8", "ignore")
        found += [f"{name}: {address}" for address in index_addresses(text)]
    assert not found, "\n".join(found)
