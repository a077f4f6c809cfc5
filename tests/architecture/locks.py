"""Lock files: in step with pyproject.toml, hashed, and without any address to download from."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

HASH = re.compile(r"^--hash=sha256:[0-9a-f]{64}$")
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?==(?P<version>[^\s;]+)(\s*;.*)?$")

INDEX_ADDRESSES = (
    re.compile(r"--(extra-)?index-url[= ]\s*[\"']?[\w$]*[a-z]+://", re.IGNORECASE),
    re.compile(r"--find-links[= ]\s*[\"']?[a-z]+://", re.IGNORECASE),
    re.compile(r"(PIP|UV)_[A-Z_]*(INDEX|FIND_LINKS)[A-Z_]*\s*[=:]\s*[\"']?[a-z]+://"),
    re.compile(r"^\s*\[\[tool\.uv\.index\]\]", re.MULTILINE),
    re.compile(r"https?://\S+/simple/?(?=[\s\"'),]|$)", re.MULTILINE),
    re.compile(r"https?://\S+\.(whl|tar\.gz|tgz)\b"),
    re.compile(r"https?://[^\s/\"']*\b(pypi|pythonhosted|npmjs|registry)\b", re.IGNORECASE),
)
"""Shapes by which the address of a package index, or of a package in one, can be recognised."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A locked package."""

    name: str
    version: str
    hashes: tuple[str, ...]


def read_lock(text: str) -> tuple[dict[str, list[Pin]], list[str]]:
    """Pins by name (several when markers tell them apart), and every line that is none."""
    pins: dict[str, list[Pin]] = {}
    faults: list[str] = []
    joined = re.sub(r"\\\n\s*", " ", text)
    for line in joined.splitlines():
        bare = line.split(" #", 1)[0].strip()
        if not bare or bare.startswith("#"):
            continue
        requirement, *hashes = re.split(r"\s(?=--hash)", bare)
        match = PINNED.match(requirement.strip())
        if match is None:
            faults.append(f"not a pinned version: {bare[:80]}")
            continue
        name = canonicalize_name(match["name"])
        if not hashes or not all(HASH.match(one.strip()) for one in hashes):
            faults.append(f"{name}: has no (or another than SHA-256) hash")
        pins.setdefault(name, []).append(Pin(name, match["version"], tuple(hashes)))
    return pins, faults


def faults_of_lock(text: str, declared: Iterable[str]) -> Iterator[str]:
    """What is wrong with one lock file, given what pyproject.toml declares."""
    pins, faults = read_lock(text)
    yield from faults
    if "://" in text:
        yield "holds an address"
    for one in declared:
        requirement = Requirement(one)
        name = canonicalize_name(requirement.name)
        if name not in pins:
            yield f"{name}: declared and not locked; run `make lock`"
        for pin in pins.get(name, ()):
            if not requirement.specifier.contains(Version(pin.version), prereleases=True):
                yield f"{name}: {requirement.specifier} is declared, {pin.version} is locked"


def faults_between(runtime: str, dev: str) -> Iterator[str]:
    """Packages of the runtime lock that the development lock has not, or has otherwise."""
    tested: Mapping[str, list[Pin]] = read_lock(dev)[0]
    for name, pins in read_lock(runtime)[0].items():
        if [pin.version for pin in tested.get(name, ())] != [pin.version for pin in pins]:
            yield f"{name}: what runs is not what is tested"


def orphans(text: str, declared: Iterable[str]) -> Iterator[str]:
    """Pins that nothing asks for any more, by the comments that say who does (`# via`)."""
    names = {canonicalize_name(Requirement(one).name) for one in declared}
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        match = re.match(r"(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?==", block)
        if match and "(pyproject.toml" in block and canonicalize_name(match["name"]) not in names:
            yield f"{match['name']}: locked as declared, and declared no more; run `make lock`"


def index_addresses(text: str) -> Iterator[str]:
    """Places in a committed text that name a package index."""
    for shape in INDEX_ADDRESSES:
        for match in shape.finditer(text):
            yield match.group().strip()
