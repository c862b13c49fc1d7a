"""How findings about voice apps speak: the way that callers take, what lies behind an app, and where it is configured.

All texts are bounded and on one line, whatever the tenant's names are and however deep its apps nest.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import msgspec

from shared.model.finding import Evidence, Subject
from shared.model.voice import AutoAttendant
from shared.rules.naming import one_line
from shared.voice.graph import Edge, Node
from shared.voice.lines import Lines
from shared.voice.path import cause_of
from shared.voice.references import App

VOICE_APPS_PAGE = "https://learn.microsoft.com/microsoftteams/plan-auto-attendant-call-queue"
ATTENDANT_PAGE = "https://learn.microsoft.com/microsoftteams/create-a-phone-system-auto-attendant"
QUEUE_PAGE = "https://learn.microsoft.com/microsoftteams/create-a-phone-system-call-queue"

LISTED = 20
"""How many ids an evidence lists; how many there are stands beside them."""

MAX_WAY = 240
"""How many characters of a way a text holds; of a longer one the middle is left out."""

_LEFT_OUT = " > \N{HORIZONTAL ELLIPSIS} > "


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """Where calls to an app come from, itself not counted: the first `KEPT` of each in order, and whether more are."""

    numbers: tuple[str, ...] = ()
    more_numbers: bool = False
    apps: tuple[str, ...] = ()
    more_apps: bool = False

    @property
    def said(self) -> str:
        """How many, in words: `1 number and 2 other apps`."""
        numbers = _counted(len(self.numbers), "number", more=self.more_numbers)
        return f"{numbers} and {_counted(len(self.apps), 'other app', more=self.more_apps)}"


class LineWords:
    """The words of one snapshot's lines; what is said of an app is worked out once for all findings about it."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.behind = cache(self._behind)

    def subject(self, app: App) -> Subject:
        """What a finding about a voice app is about."""
        return Subject("voice_app", app.id, app.name)

    def name(self, app_id: str) -> str:
        """What people call a voice app: its name, else what it is and the beginning of its id."""
        return self.lines.ways.name(self.lines.graph.app(app_id))

    def account(self, account_id: str) -> str:
        """What people call a resource account: its name, else what it is and the beginning of its id."""
        return self.lines.ways.name(Node("account", account_id))

    def way_to(self, app_id: str) -> str:
        """The way of callers to a voice app: `+1 425 555 0100 > Main line > key 2 > Sales queue`."""
        return bounded(self.lines.way_to(app_id))

    def way_by(self, edge: Edge) -> str:
        """The way of callers to where a step of a call begins, what makes them take it, and where it leads."""
        parts = (self.lines.ways.text(edge.source), cause_of(edge), self.lines.ways.name(edge.target))
        return bounded(" > ".join(part for part in parts if part))

    def way_to_nobody(self, app_id: str) -> str:
        """The way of callers to an app in which nobody answers: `… > Sales queue > nobody`."""
        return bounded(f"{self.lines.way_to(app_id)} > nobody")

    def callers(self, app_id: str, way: str = "") -> str:
        """The sentence that tells how callers come to an app, and how much lies behind it.

        Args:
            app_id: the app.
            way: the way to show, if not the one to the app: where a call goes from there.
        """
        shown = way or self.way_to(app_id)
        behind = self.behind(app_id)
        if behind.numbers:
            return f"Callers come by {shown}; {behind.said} lead there."
        if self.lines.is_reachable(app_id):
            return f"No number leads there; calls inside Teams come by {shown}."
        return f"No call comes there: {shown}."

    def evidence(self, app_id: str, way: str = "") -> Evidence:
        """What the sentence rests on: the first ids, and how many there are (`more_behind`: at least so many)."""
        behind = self.behind(app_id)
        found: Evidence = {
            "way": way or self.way_to(app_id),
            "reachable": self.lines.is_reachable(app_id),
            "numbers": listed(behind.numbers),
            "numbers_behind": len(behind.numbers),
            "apps": listed(behind.apps),
            "apps_behind": len(behind.apps),
        }
        return found | {"more_behind": True} if behind.more_numbers or behind.more_apps else found

    def _behind(self, app_id: str) -> Behind:
        node = self.lines.graph.app(app_id)
        numbers, apps = self.lines.numbers_to(node), self.lines.apps_to(node)
        return Behind(numbers=numbers.ids, more_numbers=numbers.more, apps=apps.ids, more_apps=apps.more)


def place(app: App) -> str:
    """Where the Teams admin center shows a voice app."""
    menu = "Auto attendants" if isinstance(app, AutoAttendant) else "Call queues"
    return f"Teams admin center: Voice > {menu} > {one_line(app.name) or app.id}"


def listed(ids: Iterable[str]) -> list[str]:
    """The first ids of an evidence's list, in order, each once."""
    return sorted(set(ids))[:LISTED]


def bounded(way: str, limit: int = MAX_WAY) -> str:
    """A way on one line; of a long one, where it begins and where it ends."""
    line = one_line(way, limit=len(way) + 1)
    if len(line) <= limit:
        return line
    end = (limit - len(_LEFT_OUT)) * 2 // 3
    start = limit - len(_LEFT_OUT) - end
    return f"{line[:start].rstrip(' >')}{_LEFT_OUT}{line[-end:].lstrip(' >')}"


def _counted(count: int, noun: str, *, more: bool) -> str:
    return f"{'more than ' if more else ''}{count} {noun}{'' if count == 1 and not more else 's'}"
