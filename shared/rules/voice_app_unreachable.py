"""An auto attendant or call queue that no call can come to."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.finding import Finding
from shared.rules.line_words import VOICE_APPS_PAGE, LineWords, listed, place
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot
from shared.voice.lines import Lines
from shared.voice.references import App


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Voice apps that have no live account, and that nothing sends calls to that can be reached itself."""
    lines = snapshot.lines
    if lines is None:
        return
    words = LineWords(lines)
    for app in lines.apps:
        if lines.is_reachable(app.id):
            continue
        accounts = lines.graph.accounts_by_app.get(app.id, ())
        apps = _referring(lines, app)
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=words.subject(app),
            summary=f"No call can come here: {_reason(words, app, accounts, apps)}.",
            remedy=f"{RULE.remedy} {place(app)}.",
            evidence={
                "dormant": app.id in lines.reach.dormant,
                "accounts": listed(accounts),
                "account_count": len(accounts),
                "apps": listed(apps),
                "app_count": len(apps),
            },
        )


def _referring(lines: Lines, app: App) -> tuple[str, ...]:
    """The other apps that send calls to it, and to which no call comes either."""
    sources = {edge.source for edge in lines.graph.edges_to(lines.graph.app(app.id))}
    return tuple(sorted(node.id for node in sources if node.kind in {"attendant", "queue"} and node.id != app.id))


def _reason(words: LineWords, app: App, accounts: tuple[str, ...], apps: tuple[str, ...]) -> str:
    if app.id in words.lines.reach.dormant:
        return "only call flows that no after-hours or holiday handling uses lead to it"
    if accounts:
        more = f" and {len(accounts) - 1} more" if len(accounts) > 1 else ""
        return f"its resource account is deleted, or is none any more ({words.account(accounts[0])}{more})"
    if apps:
        more = f" and {len(apps) - 1} more" if len(apps) > 1 else ""
        return f"only {words.name(apps[0])}{more} would send calls to it, and no call comes there"
    return "no resource account stands for it, and no other attendant or queue sends calls to it"


RULE = Rule(
    id="voice-app-unreachable",
    family="lines",
    severity="warning",
    title="Attendant or queue that no call can come to",
    holds_when="no live resource account is associated with an attendant or queue, and none that can be reached sends "
    "calls to it; what only call flows without an enabled handling lead to cannot be reached",
    reads=frozenset({"accounts", "voice"}),
    why="It looks set up, and nobody can call it: either a line has lost its account, or it is left over.",
    remedy="Associate a resource account with it, let another attendant or queue lead to it, or delete it.",
    link=VOICE_APPS_PAGE,
    check=check,
)
