"""docs/rules.md, made of the rules' metadata alone: what operators read when a card names a rule. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from shared.model.sources import SOURCES, Source
from shared.rules.rule import Family, Rule

INTRODUCTION = """\
# Rules

<!-- Made by `linekeeper rules --markdown`: change the rules' metadata, not this page. -->

A rule looks at a tenant at one moment and says what is wrong with it. What it says is a **finding**: one thing that is
wrong with one subject (an account, a licence, an attendant or queue, a source), with what to do about it. A finding is
known by its rule and the id of its subject, never by a name, so that renaming an account neither ends nor repeats an
alert.

## How bad it is

| severity | means |
|---|---|
| critical | callers cannot get through now |
| warning | something will break, or costs money |
| info | hygiene: worth knowing, and nobody is waiting |

Severity follows reach: the same fault is critical on an account behind a telephone number, and a hint on one that
nothing leads to. Where a rule has more than one severity, its section says what decides.

## What a rule reads

| source | is |
|---|---|
{sources}

A rule speaks only where every source that it **reads** was read completely and recently: no longer ago than three of
the source's intervals. Otherwise it is skipped, and says why. A source that a rule is **sharpened by** makes it more
exact, most often in its severity, and is not required.

Absence is never evidence. What was not read, or read in part, or too long ago, neither opens a finding nor ends one:
what was found before stays, frozen, until a complete read confirms it or shows it mended. A source that stays away is a
finding itself (`source-stale`, `permission-missing`).

`linekeeper explain ACCOUNT` shows for one account what each rule read, and whether it holds; `linekeeper audit` judges
the whole tenant.
"""

_SOURCE: dict[Source, str] = {
    "licences": "the tenant's licences and the subscriptions behind them",
    "accounts": "resource accounts, holders of their licence, and which of these were deleted",
    "numbers": "telephone numbers, and to which account each leads",
    "voice": "the export of auto attendants and call queues",
    "calling": "whether people can answer calls",
}

_FAMILY: dict[Family, tuple[str, str]] = {
    "accounts": ("Licences of accounts", "Whether the account behind a line holds what it must hold to answer."),
    "allocation": (
        "Allocation and subscriptions",
        "Whether the tenant owns the licences that it needs, and pays for none that it could have at price zero.",
    ),
    "lines": (
        "Lines",
        "Whether a call that comes in ends with somebody: numbers, auto attendants, call queues and their agents.",
    ),
    "monitor": ("The monitor itself", "Whether what the other rules say can be relied on, and reaches anybody."),
}


def page(rules: Sequence[Rule]) -> str:
    """The whole page: an introduction, a table for each family, and a section for each rule."""
    families = [family for family in _FAMILY if any(rule.family == family for rule in rules)]
    sources = "\n".join(f"| {source} | {_SOURCE[source]} |" for source in SOURCES)
    parts = [INTRODUCTION.format(sources=sources)]
    by_family = {family: [rule for rule in rules if rule.family == family] for family in families}
    parts.extend("\n".join(_overview(family, mine)) for family, mine in by_family.items())
    parts.append("## Each rule\n")
    parts.extend("\n".join(_section(rule)) for mine in by_family.values() for rule in mine)
    return "\n".join(parts)


def _overview(family: Family, rules: Iterable[Rule]) -> Iterator[str]:
    title, about = _FAMILY[family]
    yield from (f"## {title}", "", about, "", "| rule | severity | holds when |", "|---|---|---|")
    for rule in rules:
        varies = "; varies" if rule.severity_varies else ""
        yield f"| [`{rule.id}`](#{rule.id}) | {rule.severity}{varies} | {_cell(rule.holds_when)} |"
    yield ""


def _section(rule: Rule) -> Iterator[str]:
    varies = f" ({rule.severity_varies})" if rule.severity_varies else ""
    yield from (f"### {rule.id}", "", f"**{_text(rule.title)}.**", "")
    yield f"* **Holds when** {_text(rule.holds_when)}."
    yield f"* **Severity:** {rule.severity}{_text(varies)}."
    yield f"* **Reads:** {_reads(rule)}."
    yield f"* **Why it matters:** {_text(rule.why)}"
    yield f"* **What to do:** {_text(_remedy(rule))}"
    yield f"* **More:** <{rule.link}>"
    yield ""


def _reads(rule: Rule) -> str:
    reads = ", ".join(source for source in SOURCES if source in rule.reads) or "how the reads themselves went"
    sharpened_by = ", ".join(source for source in SOURCES if source in rule.sharpened_by)
    return f"{reads}; sharpened by {sharpened_by}" if sharpened_by else reads


def _remedy(rule: Rule) -> str:
    """What to do; a remedy that a finding goes on with a command from is ended here."""
    said = rule.remedy.removesuffix(":")
    return said if said == rule.remedy else f"{said}. The finding has the command for its account."


def _text(text: str) -> str:
    """A text in which nothing but code is markup; a bracket would be taken for HTML."""
    return text.replace("<", "&lt;").replace("*", "\\*")


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")
