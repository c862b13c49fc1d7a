from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def level_of_the_http_library() -> Iterator[None]:
    """A channel turns the library's log down for the whole process: not for other tests."""
    logger = logging.getLogger("httpx")
    level = logger.level
    yield
    logger.setLevel(level)
