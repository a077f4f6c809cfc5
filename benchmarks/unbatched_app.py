"""The service with batching off: one row a statement, on as many connections as its pool has.

No setting does this, because nobody who serves agents should want it.

    python -m uvicorn --factory benchmarks.unbatched_app:unbatched      (the benchmark starts it)
"""

from functools import partial

from fastapi import FastAPI

from pacnum_api.entrypoints import api
from pacnum_api.platform import batches
from pacnum_api.platform.logging import configure_logging
from pacnum_api.platform.settings import get_settings


def unbatched() -> FastAPI:
    settings = get_settings()
    configure_logging(settings.log_level)
    replaced = {**vars(batches), **vars(api)}
    assert {"ROWS_AT_ONCE", "Batches"} <= set(replaced), "batching is no longer where it was"
    vars(batches)["ROWS_AT_ONCE"] = 1
    vars(api)["Batches"] = partial(
        batches.Batches, connections=settings.database_pool_size, relief_seconds=0
    )
    return api.create_app(settings)
