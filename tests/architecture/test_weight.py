"""What the API loads before it serves: each library costs every process its memory and its time."""

import subprocess
import sys

TOO_HEAVY = {
    "alembic": "head revision and readiness need no migrations",
    "fontTools": "comes with fpdf",
    "fpdf": "PDF is packed when somebody opens one",
    "highspy": "blueprints are not part of the service's tests",
    "httpx": "the demonstration's client",
    "mako": "comes with Alembic",
    "matplotlib": "reports draw",
    "numpy.f2py": "comes with scipy",
    "odf": "spreadsheets are packed when somebody opens one",
    "openpyxl": "the same",
    "PIL": "comes with fpdf and openpyxl",
    "pypdf": "tests read PDF",
    "scipy": "calibration and simulation need it, a test does not",
}
"""Libraries that a process of the API has no use for until it is asked for something rare.

Those that pack files are loaded before several workers are forked: one of them needs them soon.
"""

LIST = "import sys; print(*sorted(sys.modules))"
PACK = (
    "from pacnum_api.domains.items.policy.file_packers import page_packer, table_packer\n"
    "from pacnum_api.domains.items.types import TableFormat\n"
    "page_packer(), table_packer(TableFormat.ODS), table_packer(TableFormat.XLSX)\n"
)
LOAD_IN_COMMON = (
    "import asyncio\n"
    "from pacnum_api.entrypoints.server import load_in_common\n"
    "from pacnum_api.platform.settings import Settings\n"
    "asyncio.run(load_in_common(Settings(database_url=None)))\n"
)
PACKERS = {"fpdf", "odf", "openpyxl"}


def loaded_by(program: str) -> set[str]:
    """The modules in memory after a program of its own process."""
    told = subprocess.run(
        [sys.executable, "-c", f"{program}\n{LIST}"], check=True, capture_output=True, text=True
    )
    return set(told.stdout.split())


def test_the_api_loads_nothing_that_it_may_never_need() -> None:
    loaded = loaded_by(
        "import pacnum_api.entrypoints.cli\n"
        "from pacnum_api.entrypoints.served import create_served_app\n"
        "create_served_app()"
    )
    assert "pacnum_api.entrypoints.api" in loaded
    assert {name: why for name, why in TOO_HEAVY.items() if name in loaded} == {}


def test_what_packs_files_is_there_when_it_is_asked_for() -> None:
    assert loaded_by(PACK) >= PACKERS


def test_what_workers_have_in_common_packs_files() -> None:
    assert loaded_by(LOAD_IN_COMMON) >= PACKERS


def test_what_counts_is_loaded_after_the_folder_that_several_processes_count_into() -> None:
    """prometheus_client asks for it once, when it is loaded."""
    loaded = loaded_by(
        "import pacnum_api.entrypoints.cli\n"
        "from pacnum_api.platform import local_database, logging, metrics_folder, settings"
    )
    assert "pacnum_api.platform.metrics_folder" in loaded
    assert "prometheus_client" not in loaded
