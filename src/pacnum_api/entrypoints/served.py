"""What ``pacnum serve`` has uvicorn load in every process that serves."""

from fastapi import FastAPI

from pacnum_api.entrypoints.api import create_app
from pacnum_api.platform.logging import configure_logging
from pacnum_api.platform.settings import get_settings


def create_served_app() -> FastAPI:
    """The application, in a process that logs as it should: with several, each is a new one."""
    configure_logging(get_settings().log_level)
    return create_app()
