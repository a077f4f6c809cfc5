"""No module and no function outgrows the house."""

import pytest

from tests.architecture.limits import MODULE_LINES, oversized
from tests.architecture.source import ROOT, modules, parse


def function_of(lines: int) -> str:
    return "@decorated\ndef f():\n" + "    x = 1\n" * (lines - 1)


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("src/a.py", "x = 1\n" * 400, 0),
        ("src/a.py", "x = 1\n" * 401, 1),
        ("tests/a.py", "x = 1\n" * 500, 0),
        ("tests/a.py", "x = 1\n" * 501, 1),
        ("src/a.py", function_of(40), 0),
        ("src/a.py", function_of(41), 1),
        ("migrations/versions/a.py", function_of(41), 0),
        ("src/a.py", "class A:\n  async def f(self):\n" + "    x = 1\n" * 40, 1),
    ],
)
def test_what_is_too_long_is_found(path: str, text: str, found: int) -> None:
    assert len(list(oversized(parse(path, text)))) == found


def test_nothing_is_too_long() -> None:
    folders = [folder for folder in MODULE_LINES if (ROOT / folder).is_dir()]
    offences = [offence for module in modules(*folders) for offence in oversized(module)]
    assert not offences, "\n".join(offences)
