"""A finding: one thing that is wrong with one subject, as one rule sees it."""

from __future__ import annotations

from typing import Literal

import msgspec

Severity = Literal["critical", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
SubjectKind = Literal[
    "resource_account", "user", "tenant", "sku", "voice_app", "source", "subscription", "receiver", "queue"
]
Evidence = dict[str, str | int | bool | list[str]]


def severity_rank(severity: Severity) -> int:
    """The order of severities, worst first: 0 for critical."""
    return SEVERITIES.index(severity)


def key_of(rule: str, subject_id: str, aspect: str = "") -> str:
    """A finding's identity inside one tenant."""
    return f"{rule}|{subject_id}|{aspect}"


class Subject(msgspec.Struct, frozen=True):
    """What a finding is about. The id identifies; the name is for people and may change."""

    kind: SubjectKind
    id: str
    name: str = ""


class Topic(msgspec.Struct, frozen=True):
    """What a rule's findings are filed under: its family, its title for people, and a page about it."""

    family: str
    title: str
    link: str = ""


class Commands(msgspec.Struct, frozen=True, kw_only=True):
    """The same mending three ways: Microsoft Graph PowerShell, the raw request, and the way through the admin centre.

    The first two are one call, fit to be pasted; the third is words.
    """

    powershell: str
    request: str
    admin_centre: str


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a rule found. Identity is (tenant, rule, subject id, aspect): never a name or a text."""

    rule: str
    severity: Severity
    subject: Subject
    summary: str
    remedy: str
    evidence: Evidence = {}
    aspect: str = ""
    commands: Commands | None = None

    @property
    def key(self) -> str:
        """The identity inside one tenant."""
        return key_of(self.rule, self.subject.id, self.aspect)

    @property
    def order(self) -> tuple[int, str, str, str]:
        """Worst first, then by rule, subject and aspect."""
        return severity_rank(self.severity), self.rule, self.subject.id, self.aspect
