"""The unit for a machine of one's own: what it runs exists, what it may do is little, and systemd understands it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from shared.cli.main import parser
from tests.infra.bicep import INFRA, ROOT

UNIT = INFRA / "linekeeper.service"
PAGE = (ROOT / "docs" / "azure.md").read_text(encoding="utf-8")
ANALYZE = shutil.which("systemd-analyze")
NEEDS_SYSTEMD = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not on this machine")

BASH = shutil.which("bash")
NEEDS_BASH = pytest.mark.skipif(BASH is None, reason="bash is not on this machine")
SYSTEMD_RUN = shutil.which("systemd-run")

SHUT = {
    "LockPersonality",
    "MemoryDenyWriteExecute",
    "NoNewPrivileges",
    "PrivateDevices",
    "PrivateTmp",
    "PrivateUsers",
    "ProtectClock",
    "ProtectControlGroups",
    "ProtectHome",
    "ProtectHostname",
    "ProtectKernelLogs",
    "ProtectKernelModules",
    "ProtectKernelTunables",
    "RestrictNamespaces",
    "RestrictRealtime",
    "RestrictSUIDSGID",
}


def directives(section: str) -> dict[str, list[str]]:
    """What a section of the unit says, by its directives; one may stand there several times."""
    (found,) = re.findall(
        rf"^\[{section}\]\n(.*?)(?=^\[|\Z)", UNIT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    said: dict[str, list[str]] = {}
    for line in found.splitlines():
        if line and not line.startswith("#"):
            name, equals, value = line.partition("=")
            assert equals, line
            said.setdefault(name, []).append(value)
    return said


SERVICE = directives("Service")


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - systemd's own tool, and our arguments
        [str(ANALYZE), *arguments], capture_output=True, text=True, check=False
    )


def test_it_runs_a_command_that_linekeeper_has() -> None:
    (command,) = SERVICE["ExecStart"]
    program, *arguments = command.split()
    assert program == "/opt/linekeeper/.venv/bin/linekeeper"
    options = parser().parse_args(arguments)
    assert (options.port, arguments[0]) == (7071, "serve")


def test_it_runs_as_nobody_of_note_with_settings_that_only_root_reads() -> None:
    assert SERVICE["User"] == SERVICE["Group"] == ["linekeeper"]
    assert SERVICE["EnvironmentFile"] == ["/etc/linekeeper/linekeeper.env"]
    assert "install -m 0600 /dev/null /etc/linekeeper/linekeeper.env" in PAGE


def test_its_data_lies_in_the_one_folder_that_it_may_write() -> None:
    assert SERVICE["WorkingDirectory"] == ["/var/lib/linekeeper"]
    assert SERVICE["StateDirectory"] == ["linekeeper"]
    assert SERVICE["ProtectSystem"] == ["strict"]
    assert "ReadWritePaths" not in SERVICE
    assert (SERVICE["UMask"], SERVICE["StateDirectoryMode"]) == (["0077"], ["0700"])


def test_it_comes_back_whatever_ended_it() -> None:
    assert SERVICE["Restart"] == ["always"]
    assert SERVICE["RestartSec"] == ["10"]
    assert directives("Install")["WantedBy"] == ["multi-user.target"]


def test_it_may_do_little() -> None:
    assert {name for name in SHUT if SERVICE.get(name) != ["yes"]} == set()
    assert SERVICE["CapabilityBoundingSet"] == SERVICE["AmbientCapabilities"] == [""]
    assert SERVICE["RestrictAddressFamilies"] == ["AF_INET AF_INET6 AF_UNIX"]
    assert SERVICE["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]


def test_the_page_installs_what_the_unit_runs() -> None:
    assert f"git clone <this repository> {SERVICE['ExecStart'][0].split('/.venv')[0]}" in PAGE
    assert f"install -m 0644 infra/{UNIT.name} /etc/systemd/system/" in PAGE
    assert "useradd --system --home-dir /var/lib/linekeeper" in PAGE


@NEEDS_BASH
def test_the_pages_function_runs_a_command_as_the_unit_runs_the_service(tmp_path: Path) -> None:
    (function,) = re.findall(r"^linekeeper\(\) \{\n.*?^\}\n", PAGE, re.DOTALL | re.MULTILINE)
    stand_in = tmp_path / "sudo"
    stand_in.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit 3\n', encoding="utf-8")
    stand_in.chmod(0o755)
    done = subprocess.run(  # noqa: S603 - what the page gives to paste
        [str(BASH), "-c", f"{function}linekeeper silence add --reason 'being moved'"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    program, *options = done.stdout.splitlines()
    binary = SERVICE["ExecStart"][0].split()[0]
    ours = options[: options.index(binary)]
    assert program == "systemd-run"
    assert options[options.index(binary) + 1 :] == ["silence", "add", "--reason", "being moved"]
    assert done.returncode == 3
    assert set(ours) >= {
        f"--uid={SERVICE['User'][0]}",
        f"--gid={SERVICE['Group'][0]}",
        f"--property=EnvironmentFile={SERVICE['EnvironmentFile'][0]}",
        f"--property=UMask={SERVICE['UMask'][0]}",
        f"--setenv={SERVICE['Environment'][0]}",
        f"--working-directory={SERVICE['WorkingDirectory'][0]}",
    }
    if SYSTEMD_RUN is not None:
        known = subprocess.run([SYSTEMD_RUN, "--help"], capture_output=True, text=True, check=True).stdout  # noqa: S603 - systemd's own tool
        assert {each.partition("=")[0] for each in ours} <= set(re.findall(r"--[a-z-]+", known))


@NEEDS_SYSTEMD
def test_systemd_understands_all_of_it(tmp_path: Path) -> None:
    # What it runs is not installed on this machine.
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub("ExecStart=.*", "ExecStart=/bin/true", UNIT.read_text(encoding="utf-8")), encoding="utf-8")
    said = analyze("verify", str(copy))
    assert (said.returncode, said.stderr) == (0, "")


@NEEDS_SYSTEMD
def test_a_directive_that_systemd_does_not_know_is_found(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8").replace("ProtectClock=", "ProtectClocks=")
    copy.write_text(re.sub("ExecStart=.*", "ExecStart=/bin/true", text), encoding="utf-8")
    assert "ProtectClocks" in analyze("verify", str(copy)).stderr


@NEEDS_SYSTEMD
def test_systemd_finds_little_that_is_exposed() -> None:
    said = analyze("security", "--offline=yes", "--threshold=15", str(UNIT))  # tenths, of 100
    if "unrecognized option" in said.stderr:
        pytest.skip("this systemd-analyze does not judge a unit that is not installed")
    assert said.returncode == 0, said.stdout
