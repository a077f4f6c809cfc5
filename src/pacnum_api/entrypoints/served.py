"""What ``pacnum serve`` has loaded by whoever serves, or by the process that those come from."""

from fastapi import FastAPI
from sqlalchemy.orm import configure_mappers

from pacnum_api.entrypoints.api import create_app
from pacnum_api.platform.logging import configure_logging
from pacnum_api.platform.settings import get_settings


def create_served_app() -> FastAPI:
    """The application, logging as it should, with its routes and mappings worked out.

    The libraries leave both to the first request; before a fork they cost time and memory once.
    """
    configure_logging(get_settings().log_level)
    app = create_app()
    configure_mappers()
    nowhere = {"type": "http", "method": "GET", "path": "/", "root_path": "", "headers": []}
    for route in app.routes:
        route.matches(nowhere)
    return app
