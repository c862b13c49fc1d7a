from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.cli.main import COMMANDS, Command, main, parser

NEEDS_NO_SETTINGS = {"demo", "rules"}
ARGUMENTS = {"explain": ["+14255550100"], "confirm": ["AA Main Line"], "what-if": ["--seats", "-400"]}
"""What a command cannot do without."""


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["dance"], "invalid choice: 'dance'"),
        (["serve", "--port", "http"], "a port is a number from 0 to 65535, not 'http'"),
        (["serve", "--port", "65536"], "a port is a number from 0 to 65535, not '65536'"),
        (["audit", "--fail-on", "severe"], "invalid choice: 'severe'"),
        (["explain"], "the following arguments are required: ACCOUNT"),
        (["confirm"], "the following arguments are required: ACCOUNT"),
        (["what-if", "--add-accounts", "-1"], "a number of accounts is 0 or more, not '-1'"),
        (["what-if", "--add-accounts", "ten"], "a number of accounts is 0 or more, not 'ten'"),
        (["what-if", "--seats"], "argument --seats: expected one argument"),
        (["rules", "--json", "--markdown"], "not allowed with argument --json"),
    ],
)
def test_a_wrong_command_is_told_what_is_wrong(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], *([command.name] for command in COMMANDS)])
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


@pytest.mark.parametrize("command", sorted({command.name for command in COMMANDS} - NEEDS_NO_SETTINGS))
def test_a_command_without_settings_ends_with_one_line_that_names_the_first(command: str, tmp_path: Path) -> None:
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "shared.cli", command, *ARGUMENTS.get(command, [])],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("linekeeper: LINEKEEPER_TENANT_ID is missing: set it to the tenant's id")
    assert ended.stderr.count("\n") == 1


def test_the_rules_need_no_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--markdown"]) == 0
    assert capsys.readouterr().out.startswith("# Rules\n")


@pytest.mark.parametrize(
    ("typed", "seats"),
    [
        ([], []),
        (["--seats", "-400"], ["-400"]),
        (["--seats=-400"], ["-400"]),
        (["--seats", "MCOEV=-400"], ["MCOEV=-400"]),
        (["--seats", "+50", "--seats=SPE_E5=-10", "--seats", "-1"], ["+50", "SPE_E5=-10", "-1"]),
    ],
)
def test_seats_that_go_are_not_taken_for_an_option(typed: list[str], seats: list[str]) -> None:
    assert parser().parse_args(["what-if", *typed]).seats == seats


def test_two_parsers_do_not_share_what_was_typed() -> None:
    parser().parse_args(["what-if", "--seats", "-400"])
    assert parser().parse_args(["what-if"]).seats == []


def test_what_else_may_be_asked_of_the_future_has_its_defaults() -> None:
    options = parser().parse_args(["what-if"])
    assert (options.add_accounts, options.on, options.json) == (0, None, False)
    options = parser().parse_args(["what-if", "--add-accounts", "10", "--on", "2027-01-31", "--json"])
    assert (options.add_accounts, options.on, options.json) == (10, "2027-01-31", True)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_says_what_it_does_in_half_a_sentence(command: Command) -> None:
    assert command.help[0].islower()
    assert not command.help.endswith(".")


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


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_standard_output_cannot_spell_is_no_error(encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "shared.cli", "rules"],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_output_that_cannot_be_written_is_one_line_and_no_finding() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "shared.cli", "rules"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert done.stderr == b"linekeeper: standard output cannot be written: No space left on device.\n"
