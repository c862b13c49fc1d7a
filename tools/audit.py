"""Known vulnerabilities of what is deployed and installed, as pip-audit and `npm audit` find them.

`python -m tools.audit` exits with 1 where a Python package has a vulnerability that another version mends and that
tools/audit.toml does not ignore; and where the audit itself is broken. Without a network it says so and exits with 0.
What npm finds is told and fails nothing: its packages draw cards and stand in for Azure on a developer's machine.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ("requirements.txt", "requirements.lock")
"""What is deployed, and what developers have. They are asked about side by side: each takes a request a package."""

NPM_FOLDERS = ("simulator", "tests/azurite", "tests/dashboards/schema")
LONGEST_SECONDS = 25.0

PIP_AUDIT = (
    *("pip-audit", "--require-hashes", "--disable-pip", "--vulnerability-service", "osv", "--format", "json"),
    *("--progress-spinner", "off", "--timeout", "5", "--requirement"),
)
"""Asks a database of vulnerabilities and not the package index; takes the pins as they are and resolves nothing."""

NPM_AUDIT = ("npm", "audit", "--json", "--package-lock-only", "--fetch-retries", "0", "--fetch-timeout", "10000")

_NO_NETWORK = re.compile(r"requests\.exceptions\.|Could not connect|ServiceError")
"""What pip-audit says where the network, or what answers there, is at fault."""


class Vulnerability(msgspec.Struct, frozen=True, kw_only=True):
    """A vulnerability of a package that is pinned; `fixes` are the versions that mend it."""

    package: str
    version: str
    id: str
    aliases: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()

    def __str__(self) -> str:
        names = f"{self.id} ({', '.join(self.aliases)})" if self.aliases else self.id
        mended = f"mended in {', '.join(self.fixes)}" if self.fixes else "no version mends it yet"
        return f"{self.package} {self.version}: {names}, {mended}"


class Ignored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A vulnerability that is known and accepted until the end of a day, and why."""

    id: str
    package: str
    until: date
    reason: str

    def covers(self, found: Vulnerability) -> bool:
        """Whether this is about what was found, by any of its names."""
        return self.package == found.package and self.id in {found.id, *found.aliases}


class Verdict(msgspec.Struct, frozen=True):
    """What stops, and what is only told."""

    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class _Advisory(msgspec.Struct, frozen=True):
    id: str
    fix_versions: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class _Dependency(msgspec.Struct, frozen=True):
    name: str
    version: str = ""
    vulns: tuple[_Advisory, ...] = ()
    skip_reason: str = ""


class _PipAnswer(msgspec.Struct, frozen=True):
    dependencies: tuple[_Dependency, ...]


class _NpmPackage(msgspec.Struct, frozen=True):
    severity: str = "unknown"


class _NpmAnswer(msgspec.Struct, frozen=True):
    vulnerabilities: dict[str, _NpmPackage]


class _Ignores(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ignore: tuple[Ignored, ...] = ()


class Said(msgspec.Struct, frozen=True):
    """What a command said; `code` is None where it could not be run to its end."""

    code: int | None
    out: str = ""
    err: str = ""


def ignored(text: str) -> tuple[Ignored, ...]:
    """The entries of an ignore list.

    Raises:
        ValueError: it is no TOML, or an entry lacks something; a reason must say something.
    """
    entries = msgspec.convert(tomllib.loads(text), _Ignores).ignore
    for each in entries:
        if not each.reason.strip():
            raise ValueError(f"{each.id} is ignored without a reason")
    return entries


def vulnerabilities(answer: str) -> tuple[Vulnerability, ...]:
    """What pip-audit's JSON tells of.

    Raises:
        ValueError: it is another JSON, or none; or a package was left out.
    """
    found = msgspec.json.decode(answer, type=_PipAnswer).dependencies
    if not found or any(each.skip_reason for each in found):
        raise ValueError("pip-audit left packages out")
    return tuple(
        Vulnerability(
            package=each.name, version=each.version, id=vuln.id, aliases=vuln.aliases, fixes=vuln.fix_versions
        )
        for each in found
        for vuln in each.vulns
    )


def judged(file: str, found: Iterable[Vulnerability], ignores: Iterable[Ignored], today: date) -> Verdict:
    """What a file's vulnerabilities mean: what can be mended by another version fails, unless that is ignored."""
    failures, notes = [], []
    for each in dict.fromkeys(found):
        entry = next((entry for entry in ignores if entry.covers(each)), None)
        if not each.fixes:
            notes.append(f"{file}: {each}.")
        elif entry is None:
            failures.append(f"{file}: {each}.")
        elif entry.until < today:
            failures.append(f"{file}: {each}. It was ignored until {entry.until}: {entry.reason}")
        else:
            notes.append(f"{file}: {each}. Ignored until {entry.until}: {entry.reason}")
    return Verdict(tuple(failures), tuple(notes))


def of_pip(file: str, said: Said, ignores: Iterable[Ignored], today: date) -> Verdict:
    """What pip-audit's answer about a file means."""
    try:
        found = vulnerabilities(said.out) if said.code in {0, 1} and said.out.strip() else None
    except ValueError as problem:
        return Verdict((f"{file}: pip-audit's answer is not understood: {problem}.",))
    if found is None:
        return _pip_unanswered(file, said)
    if not found:
        return Verdict((), (f"{file}: no known vulnerability.",))
    return judged(file, found, ignores, today)


def of_npm(folder: str, said: Said) -> Verdict:
    """What npm's answer about a folder means: nothing of it fails."""
    try:
        found: Mapping[str, _NpmPackage] = msgspec.json.decode(said.out, type=_NpmAnswer).vulnerabilities
    except msgspec.DecodeError:
        why = said.err.strip() if said.code is None else "npm had no answer from its registry."
        return Verdict((), (f"{folder}: not audited: {why}",))
    told = ", ".join(f"{name} ({each.severity})" for name, each in sorted(found.items()))
    return Verdict((), (f"{folder}: {f'npm knows vulnerabilities of {told}' if told else 'no known vulnerability'}.",))


def _pip_unanswered(file: str, said: Said) -> Verdict:
    why = (said.err.strip() or "pip-audit said nothing").splitlines()[-1][:160]
    if said.code is None or _NO_NETWORK.search(said.err):
        return Verdict((), (f"{file}: not audited: {why}",))
    return Verdict((f"{file}: the audit itself failed: {why}",))


def run(command: tuple[str, ...], folder: Path, longest: float = LONGEST_SECONDS) -> Said:
    """Run a command that asks the network, for so many seconds at most."""
    program = shutil.which(command[0])
    if program is None:
        return Said(None, err=f"{command[0]} is not installed.")
    try:
        done = subprocess.run(  # noqa: S603 - a command of this module
            (program, *command[1:]), cwd=folder, capture_output=True, text=True, check=False, timeout=longest
        )
    except subprocess.TimeoutExpired:
        return Said(None, err=f"{command[0]} had no answer within {longest:g} seconds.")
    return Said(done.returncode, done.stdout, done.stderr)


def audit(root: Path, today: date) -> Verdict:
    """Ask about everything at once.

    Raises:
        ValueError: the ignore list is not one.
    """
    ignores = ignored((root / "tools/audit.toml").read_text(encoding="utf-8"))
    with ThreadPoolExecutor() as pool:
        of_files = [(file, pool.submit(run, (*PIP_AUDIT, file), root)) for file in REQUIREMENTS]
        of_folders = [(folder, pool.submit(run, NPM_AUDIT, root / folder)) for folder in NPM_FOLDERS]
        verdicts = [of_pip(file, said.result(), ignores, today) for file, said in of_files]
        verdicts += [of_npm(folder, said.result()) for folder, said in of_folders]
    return Verdict(
        tuple(line for each in verdicts for line in each.failures),
        tuple(line for each in verdicts for line in each.notes),
    )


def main(root: Path = ROOT) -> int:
    """Tell it; the exit code."""
    verdict = audit(root, datetime.now(UTC).date())
    for note in verdict.notes:
        print(f"audit: {note}")
    for failure in verdict.failures:
        print(f"audit: {failure}", file=sys.stderr)
    return 1 if verdict.failures else 0


if __name__ == "__main__":
    sys.exit(main())
