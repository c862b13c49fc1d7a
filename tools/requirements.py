"""Writes requirements.txt, what Azure installs, from requirements.lock: the pins that the service itself needs.

The lock names, for each package, what asked for it. Whatever pyproject.toml's `dependencies` lead to is kept; what only
the command line, the local host or the tests need is left out.

    python tools/requirements.py            write requirements.txt
    python tools/requirements.py --check    exit 1 if it is not what the lock says
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Made from requirements.lock by `make lock`: what the deployed function app needs, and nothing else.\n"

_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==", re.MULTILINE)
_ASKED_FOR_BY = re.compile(r"^    #(?: via)? {1,3}([a-z0-9][a-z0-9._-]*)", re.MULTILINE)


def entries(lock: str) -> dict[str, str]:
    """The lock's text for each package, by name."""
    starts = [match.start() for match in _PIN.finditer(lock)]
    texts = [lock[start:end] for start, end in zip(starts, [*starts[1:], len(lock)], strict=True)]
    return {_name(text): text for text in texts}


def runtime_requirements(project: str, lock: str) -> str:
    """The text of requirements.txt, from the texts of pyproject.toml and of the lock."""
    pinned = entries(lock)
    asked_for_by = {name: set(_ASKED_FOR_BY.findall(text)) for name, text in pinned.items()}
    wanted = {
        re.split(r"[\[<>=~! ]", requirement, maxsplit=1)[0].lower()
        for requirement in tomllib.loads(project)["project"]["dependencies"]
    }
    missing = wanted - pinned.keys()
    if missing:
        raise SystemExit(f"requirements.lock has no pin for {', '.join(sorted(missing))}: run `make lock`.")
    while more := {name for name, by in asked_for_by.items() if by & wanted} - wanted:
        wanted |= more
    return HEADER + "".join(_without_comments(pinned[name]) for name in sorted(wanted))


def _name(text: str) -> str:
    return text.partition("==")[0]


def _without_comments(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.lstrip().startswith("#"))


def main(arguments: list[str]) -> int:
    """Write or check; the exit code."""
    target = ROOT / "requirements.txt"
    text = runtime_requirements(
        (ROOT / "pyproject.toml").read_text(encoding="utf-8"), (ROOT / "requirements.lock").read_text(encoding="utf-8")
    )
    if arguments == ["--check"]:
        if target.read_text(encoding="utf-8") == text:
            return 0
        sys.stderr.write("requirements.txt is not what requirements.lock says: run `make lock`.\n")
        return 1
    target.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
