import json
from pathlib import Path

from tests.mutants import Found, modules


def test_mutants_are_counted_by_module(tmp_path: Path) -> None:
    codes = {"a": 1, "b": 0, "c": 33, "d": 36, "e": None}
    for name, content in (("scale.py.meta", codes), ("__init__.py.meta", {})):
        (tmp_path / name).write_text(json.dumps({"exit_code_by_key": content}))
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow/model.py.meta").write_text(json.dumps({"exit_code_by_key": {"f": 1}}))
    assert list(modules(tmp_path)) == [
        Found("scale", made=5, tried=4, killed=2, survived=("b", "c")),
        Found("shadow/model", made=1, tried=1, killed=1, survived=()),
    ]
