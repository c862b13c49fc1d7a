"""The audit of dependencies: what stops it, what it only tells, and what it does without a network."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from tools.audit import LONGEST_SECONDS, PIP_AUDIT, Ignored, Said, ignored, of_npm, of_pip, run
from tools.requirements import entries

ROOT = Path(__file__).resolve().parent.parent
TODAY = date(2026, 11, 20)
FILE = "requirements.txt"
CLEAN: dict[str, object] = {"name": "idna", "version": "3.20", "vulns": []}
NO_NETWORK = "Traceback (most recent call last):\nrequests.exceptions.ConnectionError: Max retries exceeded"


def vulnerable(*fixes: str) -> dict[str, object]:
    advisory = {"id": "PYSEC-2026-1", "fix_versions": list(fixes), "aliases": ["CVE-2026-1"], "description": "…"}
    return {"name": "left-pad", "version": "1.0", "vulns": [advisory]}


def answered(*dependencies: dict[str, object], code: int = 0) -> Said:
    return Said(code, json.dumps({"dependencies": dependencies, "fixes": []}))


def entry(until: date = TODAY, named: str = "PYSEC-2026-1", package: str = "left-pad") -> Ignored:
    return Ignored(id=named, package=package, until=until, reason="It is never called.")


def test_nothing_known_is_told_and_stops_nothing() -> None:
    verdict = of_pip(FILE, answered(CLEAN), (), TODAY)
    assert (verdict.failures, verdict.notes) == ((), ("requirements.txt: no known vulnerability.",))


def test_what_another_version_mends_stops_and_names_package_vulnerability_and_version() -> None:
    verdict = of_pip(FILE, answered(CLEAN, vulnerable("1.1", "2.0"), code=1), (), TODAY)
    assert verdict.failures == ("requirements.txt: left-pad 1.0: PYSEC-2026-1 (CVE-2026-1), mended in 1.1, 2.0.",)


def test_what_no_version_mends_is_only_told() -> None:
    verdict = of_pip(FILE, answered(vulnerable(), code=1), (), TODAY)
    assert verdict.failures == ()
    assert "no version mends it yet" in verdict.notes[0]


@pytest.mark.parametrize("named", ["PYSEC-2026-1", "CVE-2026-1"])
def test_what_is_ignored_by_any_of_its_names_is_told_with_the_reason(named: str) -> None:
    verdict = of_pip(FILE, answered(vulnerable("1.1"), code=1), (entry(named=named),), TODAY)
    assert verdict.failures == ()
    assert verdict.notes[0].endswith("Ignored until 2026-11-20: It is never called.")


@pytest.mark.parametrize(
    "other", [entry(until=date(2026, 11, 19)), entry(named="PYSEC-2026-2"), entry(package="right-pad")]
)
def test_what_was_ignored_until_yesterday_or_is_something_else_stops(other: Ignored) -> None:
    assert of_pip(FILE, answered(vulnerable("1.1"), code=1), (other,), TODAY).failures


def test_without_a_network_a_note_is_all() -> None:
    verdict = of_pip(FILE, Said(1, "", NO_NETWORK), (), TODAY)
    assert verdict.failures == ()
    assert verdict.notes[0].startswith("requirements.txt: not audited: requests.exceptions.ConnectionError")


@pytest.mark.parametrize(
    "said",
    [
        Said(2, "", "error: unrecognized arguments: --disable-pip"),
        Said(1, "", "ERROR:pip_audit._cli:requirement idna is not hashed"),
        Said(0, "", ""),
        Said(0, "no JSON"),
        answered(),
        answered({"name": "idna", "skip_reason": "Dependency not found"}),
    ],
)
def test_an_audit_that_does_not_work_or_leaves_packages_out_stops(said: Said) -> None:
    assert of_pip(FILE, said, (), TODAY).failures


def test_what_npm_knows_is_told_and_stops_nothing() -> None:
    knows = json.dumps({"vulnerabilities": {"left-pad": {"severity": "high"}}, "metadata": {}})
    assert of_npm("simulator", Said(1, knows)).notes == ("simulator: npm knows vulnerabilities of left-pad (high).",)
    clean = json.dumps({"vulnerabilities": {}})
    assert of_npm("simulator", Said(0, clean)).notes == ("simulator: no known vulnerability.",)
    assert "not audited" in of_npm("simulator", Said(1, '{"message": "405"}')).notes[0]


def test_what_is_not_installed_or_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    assert run(("linekeeper-has-no-such-program",), tmp_path).code is None
    said = run((sys.executable, "-c", "import time; time.sleep(60)"), tmp_path, longest=0.2)
    assert said.code is None
    assert "no answer within 0.2 seconds" in said.err
    assert LONGEST_SECONDS <= 30


@pytest.mark.parametrize(
    "text",
    [
        "[[ignore]]\nid = 'A'\npackage = 'b'\nuntil = 2027-01-01\n",
        "[[ignore]]\nid = 'A'\npackage = 'b'\nreason = 'c'\n",
        "[[ignore]]\nid = 'A'\npackage = 'b'\nuntil = 2027-01-01\nreason = ' '\n",
        "[[ignores]]\nid = 'A'\n",
    ],
)
def test_nothing_is_ignored_without_a_reason_and_an_end(text: str) -> None:
    with pytest.raises(ValueError, match=r"reason|until|ignores"):
        ignored(text)


def test_the_list_of_this_project_can_be_read() -> None:
    for each in ignored((ROOT / "tools/audit.toml").read_text(encoding="utf-8")):
        assert re.fullmatch(r"(GHSA|PYSEC|CVE)-[\w-]+", each.id)


def stand_in(folder: Path, name: str, said: Said) -> None:
    """A program of that name which says this, whatever it is asked."""
    program = folder / name
    script = f"import sys\nsys.stdout.write({said.out!r})\nsys.stderr.write({said.err!r})\nsys.exit({said.code})\n"
    program.write_text(f"#!{sys.executable}\n{script}", encoding="utf-8")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("said", "code", "told"),
    [
        (answered(CLEAN), 0, "audit: requirements.lock: no known vulnerability."),
        (answered(vulnerable("1.1"), code=1), 1, "mended in 1.1"),
        (Said(1, "", NO_NETWORK), 0, "audit: requirements.txt: not audited"),
    ],
)
def test_the_command_asks_what_is_on_the_path_and_says_by_its_exit_code_what_came_of_it(
    said: Said, code: int, told: str, tmp_path: Path
) -> None:
    stand_in(tmp_path, "pip-audit", said)
    stand_in(tmp_path, "npm", Said(1, "{}"))
    done = subprocess.run(
        [sys.executable, "-m", "tools.audit"],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert told in done.stdout + done.stderr


def test_it_asks_no_package_index_and_every_pin_of_the_tool_has_hashes() -> None:
    assert PIP_AUDIT[PIP_AUDIT.index("--vulnerability-service") + 1] == "osv"
    assert {"--require-hashes", "--disable-pip"} <= set(PIP_AUDIT)
    pinned = entries((ROOT / "tools/audit.lock").read_text(encoding="utf-8"))
    assert "pip-audit" in pinned
    assert all("--hash=sha256:" in text for text in pinned.values())


def test_ci_audits_before_it_tests_so_that_the_last_line_is_that_of_the_tests() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8").rstrip().splitlines()
    assert script[-2].startswith("make audit")
    assert script[-1].endswith("exec make test")
