from __future__ import annotations

import os
import subprocess
import sys

import pytest

from shared.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["dance"], "invalid choice: 'dance'"),
        (["serve", "--port", "http"], "a port is a number from 0 to 65535, not 'http'"),
        (["serve", "--port", "65536"], "a port is a number from 0 to 65535, not '65536'"),
        (["audit", "--fail-on", "severe"], "invalid choice: 'severe'"),
    ],
)
def test_a_wrong_command_is_told_what_is_wrong(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["demo"], ["serve"], ["audit"]])
def test_help_comes_without_loading_what_a_command_needs(command: list[str]) -> None:
    code = f"""
import sys
from shared.cli.main import main
try:
    main({[*command, "--help"]!r})
finally:
    print(sorted(sys.modules))
"""
    output = subprocess.check_output([sys.executable, "-c", code], text=True)  # noqa: S603
    assert "usage: linekeeper" in output
    assert not any(f"'{heavy}'" in output for heavy in ("msgraph", "azure.functions", "rich", "aiohttp"))


def test_a_reader_that_leaves_early_changes_no_exit_code() -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "LINEKEEPER_TENANT_ID": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
        "LINEKEEPER_GRAPH_URL": "http://127.0.0.1:1/v1.0",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "shared.cli", "audit"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), errors) == (2, b"")
