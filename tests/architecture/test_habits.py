"""Hidden imports, clocks, transport and commits are found, and there are none."""

from collections.abc import Callable, Iterator

import pytest

from tests.architecture.adapters import endpoints, overgrown_endpoints
from tests.architecture.habits import (
    commits,
    foreign_packages,
    hidden_imports,
    impurities,
    transport_in_domains,
)
from tests.architecture.source import Module, modules, parse

Check = Callable[[Module], Iterator[str]]
POLICY = "src/pacnum_api/domains/items/policy/grading.py"
SERVICE = "src/pacnum_api/domains/items/service.py"
MEASURE = "src/pacnum_api/psychometrics/estimation.py"
KERNEL = "src/pacnum_api/kernel/ids.py"
CHECKS: tuple[Check, ...] = (
    hidden_imports,
    impurities,
    foreign_packages,
    transport_in_domains,
    commits,
    overgrown_endpoints,
)


@pytest.mark.parametrize(
    ("check", "path", "text"),
    [
        (hidden_imports, SERVICE, "def f():\n    import json"),
        (
            hidden_imports,
            SERVICE,
            "class A:\n    async def f(self):\n        from json import dumps",
        ),
        (hidden_imports, SERVICE, "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    x = 1"),
        (hidden_imports, SERVICE, "import typing\nif typing.TYPE_CHECKING:\n    x = 1"),
        (impurities, POLICY, "import random"),
        (impurities, POLICY, "from time import time"),
        (impurities, POLICY, "import os.path"),
        (impurities, POLICY, "import datetime\nx = datetime.datetime.now()"),
        (impurities, POLICY, "from datetime import date\nx = date.today()"),
        (impurities, POLICY, "x = open('file')"),
        (impurities, POLICY, "from pacnum_api.kernel.ids import new_id\nx = new_id()"),
        (impurities, MEASURE, "import numpy as np\nrng = np.random.default_rng()"),
        (impurities, MEASURE, "from numpy.random import default_rng\nrng = default_rng()"),
        (foreign_packages, MEASURE, "import pandas"),
        (foreign_packages, MEASURE, "from pacnum_api.platform.clock import utc_now"),
        (foreign_packages, KERNEL, "import numpy"),
        (transport_in_domains, SERVICE, "from fastapi import HTTPException"),
        (transport_in_domains, SERVICE, "import fastapi\nraise fastapi.HTTPException(404)"),
        (commits, SERVICE, "await uow.session.commit()"),
        (commits, "src/pacnum_api/platform/http.py", "connection.execute('commit;')"),
    ],
)
def test_a_bad_habit_is_found(check: Check, path: str, text: str) -> None:
    assert len(list(check(parse(path, text)))) == 1


@pytest.mark.parametrize(
    ("check", "path", "text"),
    [
        (hidden_imports, "src/pacnum_api/domains/items/cli.py", "def f():\n    import json"),
        (hidden_imports, "src/pacnum_api/entrypoints/cli.py", "def f():\n    import json"),
        (impurities, SERVICE, "import time"),
        (impurities, POLICY, "def f(now): return now.date()"),
        (impurities, MEASURE, "def f(rng): return rng.random()"),
        (foreign_packages, MEASURE, "import math\nimport scipy.optimize"),
        (foreign_packages, SERVICE, "import yaml"),
        (transport_in_domains, "src/pacnum_api/platform/x.py", "from fastapi import HTTPException"),
        (commits, "src/pacnum_api/platform/database.py", "session.commit()"),
        (commits, SERVICE, "text = 'commit to a plan'"),
    ],
)
def test_what_is_lawful_passes(check: Check, path: str, text: str) -> None:
    assert list(check(parse(path, text))) == []


def endpoint(body: str) -> Module:
    head = '@api.get("/x")\nasync def read_x(uow):\n    """Why."""\n'
    return parse("src/pacnum_api/domains/items/endpoints.py", head + body)


@pytest.mark.parametrize(
    "body",
    [
        "    return 1",
        "    a = await service.a(uow)\n    return await service.b(uow)",
        "    await uow.flush()\n    return await service.a(uow)",
        "    if uow:\n        return await service.a(uow)",
        "    return await service.a(uow) or 1",
        "    x = 1 if uow else 2\n    return await service.a(uow)",
        "    return [one for one in await service.a(uow)]",
        "    x = 1\n" * 8 + "    return await service.a(uow)",
    ],
)
def test_an_endpoint_that_does_too_much_is_found(body: str) -> None:
    assert len(list(overgrown_endpoints(endpoint(body)))) == 1


@pytest.mark.parametrize(
    "body",
    [
        "    return await service.a(uow)",
        "    x = await service.a(uow)\n    r.headers['ETag'] = service.etag_of(x)\n    return x",
        "    x, new = await service.a(uow)\n    r.status_code = 201 if new else 200\n    return x",
        "    x = 1\n" * 7 + "    return await service.a(uow)",
    ],
)
def test_a_thin_endpoint_passes(body: str) -> None:
    assert list(overgrown_endpoints(endpoint(body))) == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_the_source_has_none(check: Check) -> None:
    offences = [offence for module in modules("src") for offence in check(module)]
    assert not offences, "\n".join(offences)


def test_every_domains_endpoints_are_looked_at() -> None:
    found = {module.domain for module in modules("src") if list(endpoints(module))}
    assert {"referential", "test_sessions", "items", "trainings", "recommendations"} <= found
