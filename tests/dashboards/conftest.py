"""Prometheus' own programs, as `make test` fetches them from Debian; where it could not, their tests are skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools.observed_service import find_program


def program(name: str) -> Path:
    """A program of Prometheus'.

    Where `LINEKEEPER_TEST_PROMETHEUS` is set, tests fail without it.
    """
    found = find_program(name)
    if found is not None:
        return found
    if os.environ.get("LINEKEEPER_TEST_PROMETHEUS"):
        pytest.fail(f"{name} is missing: `make .prometheus/installed` fetches it")
    pytest.skip(f"{name} is missing: `make .prometheus/installed` fetches it")


@pytest.fixture(scope="session")
def promtool() -> Path:
    return program("promtool")


@pytest.fixture(scope="session")
def prometheus() -> Path:
    return program("prometheus")
