"""The least that could be ready: the libraries that the service stands on, and one route."""

import os

import asyncpg
import fastapi
import numpy as np
import sqlalchemy.ext.asyncio

app = fastapi.FastAPI()


@app.get("/readyz")
async def read_readiness() -> dict[str, str]:
    connection = await asyncpg.connect(os.environ["FLOOR_DATABASE_URL"])
    try:
        found = await connection.fetchval("SELECT version_num FROM alembic_version")
    finally:
        await connection.close()
    return {"migration": found, "numpy": np.__version__, "sqlalchemy": sqlalchemy.__version__}
