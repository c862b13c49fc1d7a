"""What somebody asks to be silenced, checked: what is let through is bounded, and covers what was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase

import msgspec

from shared.alerting.silences import MONITOR
from shared.model.errors import LinekeeperError
from shared.model.finding import SEVERITIES, Severity
from shared.model.silence import LONGEST, Silence

MAX_AUTHOR = 80
MAX_REASON = 500
MAX_MATCHERS = 50
"""Rules, and subjects, that one silence names at most."""

MAX_MATCHER = 200

_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A silence as it was typed: no `starts` means at once. `subjects` are ids."""

    rules: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    starts: datetime | None = None
    ends: datetime
    author: str
    reason: str


def checked(wanted: Wanted, *, silence_id: str, families: Mapping[str, str], now: datetime) -> Silence:
    """The silence that is wanted.

    Args:
        wanted: what was typed.
        silence_id: the id that it gets.
        families: the family of every rule there is, by its id.
        now: the time.

    Raises:
        LinekeeperError: it would cover nothing or what must not be silenced, ends wrongly, or says not by whom and why.
    """
    rules = _listed(wanted.rules, "rules")
    subjects = _listed(wanted.subjects, "subjects")
    severities = _severities(wanted.severities)
    if not (rules or subjects or severities):
        raise LinekeeperError("a silence needs a rule, a subject or a severity: one that hides everything is refused.")
    for rule in rules:
        _check_rule(rule, families)
    starts = wanted.starts or now
    _check_times(starts, wanted.ends, now)
    return Silence(
        id=silence_id,
        rules=rules,
        subjects=subjects,
        severities=severities,
        starts=starts.astimezone(UTC),
        ends=wanted.ends.astimezone(UTC),
        author=_text(wanted.author, "author", "who wants it", MAX_AUTHOR),
        reason=_text(wanted.reason, "reason", "why", MAX_REASON),
        created=now,
    )


def _listed(texts: Iterable[str], what: str) -> tuple[str, ...]:
    listed = tuple(dict.fromkeys(text.strip().lower() for text in texts))
    if len(listed) > MAX_MATCHERS:
        raise LinekeeperError(f"a silence names {MAX_MATCHERS} {what} at most, not {len(listed)}.")
    for text in listed:
        if not text or len(text) > MAX_MATCHER or not text.isprintable():
            raise LinekeeperError(f"each of the {what} is a line of 1 to {MAX_MATCHER} characters.")
    return listed


def _severities(texts: Iterable[str]) -> tuple[Severity, ...]:
    wanted = {text.strip().lower() for text in texts}
    if unknown := sorted(wanted - set(SEVERITIES)):
        raise LinekeeperError(f"{unknown[0][:MAX_MATCHER]!r} is no severity: those are {', '.join(SEVERITIES)}.")
    return tuple(severity for severity in SEVERITIES if severity in wanted)


def _check_rule(rule: str, families: Mapping[str, str]) -> None:
    """Refuse a rule or pattern that covers none that may be silenced."""
    if "*" in rule:
        covered = [each for each in families if fnmatchcase(each, rule)]
    else:
        covered = [rule] if rule in families else []
    if not covered:
        near = difflib.get_close_matches(rule, _patterns(families) if "*" in rule else families, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        what = "matches" if "*" in rule else "is called"
        raise LinekeeperError(f"no rule {what} {rule!r}.{hint} `linekeeper rules` lists them.")
    if all(families[each] == MONITOR for each in covered):
        raise LinekeeperError(
            f"{rule!r} is about the monitor itself, and is never silenced: a monitor that cannot see must say so."
        )


def _patterns(rules: Iterable[str]) -> list[str]:
    """Patterns that cover rules which begin alike: `call-queue-*`."""
    words = (rule.split("-") for rule in rules)
    return sorted({"-".join((*each[:count], "*")) for each in words for count in range(1, len(each))})


def _check_times(starts: datetime, ends: datetime, now: datetime) -> None:
    if starts.tzinfo is None or ends.tzinfo is None:
        raise LinekeeperError("times need their zone, such as 2026-12-01T08:00Z.")
    if ends <= now:
        raise LinekeeperError("a silence ends in the future.")
    if starts < now:
        raise LinekeeperError("a silence starts now or later.")
    if starts - now > LONGEST:
        raise LinekeeperError(f"a silence starts within {LONGEST.days} days.")
    if ends <= starts:
        raise LinekeeperError("a silence ends after it starts.")
    if ends - starts > LONGEST:
        raise LinekeeperError(
            f"a silence lasts {LONGEST.days} days at most: what is to be quiet for longer belongs in the settings."
        )


def _text(typed: str, name: str, what: str, limit: int) -> str:
    seen = "".join(each if each.isprintable() or each in _JOINERS else " " for each in typed)
    text = " ".join(seen.split())
    if not text.strip(_JOINERS):
        raise LinekeeperError(f"a silence needs its {name}: {what}.")
    if len(text) > limit:
        raise LinekeeperError(f"the {name} has {len(text)} characters, and {limit} at most are kept.")
    return text
