"""`linekeeper serve`: what it says at the start."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from shared.cli.serve import say_what_is_missing
from shared.monitor.runtime import Runtime

FILE = """
[receivers.ops]
kind = "workflows"
url = "env:OPS"

[receivers.unused]
kind = "workflows"
url = "env:UNUSED"

[[routes]]
receivers = ["ops"]
severities = ["warning"]
"""


def test_what_is_probably_not_meant_is_logged_at_the_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = tmp_path / "site.toml"
    config.write_text(FILE)
    environment = {
        "LINEKEEPER_TENANT_ID": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
        "LINEKEEPER_CONFIG": str(config),
        "OPS": "https://one.logic.azure.com/workflows/1?sig=hush",
        "UNUSED": "https://two.logic.azure.com/workflows/2?sig=hush",
    }
    caplog.set_level(logging.WARNING, "linekeeper")
    runtime = Runtime(environment)
    say_what_is_missing(runtime.settings)
    said = [record.getMessage() for record in caplog.records]
    assert said.count("receivers.unused: no route leads there") == 1
    assert "routes: critical findings of the family accounts go nowhere" in said
    assert not [line for line in said if "hush" in line]
