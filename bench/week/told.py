"""Who must be told of what, and was: of each receiver and family what it takes for firing, and what it is owed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bench.week.lives import Lives, explained, family_of
from bench.week.posts import Saying
from bench.week.record import BOUND, GROUP_INTERVAL, TICK, Moment, Record
from bench.week.tenant import FAMILY
from shared.model.alert import Message, OutboxEntry
from shared.model.finding import Severity

REPEAT: dict[Severity, timedelta] = {"critical": timedelta(hours=4), "warning": timedelta(hours=24)}
MOST_NAMED = 20
DELIVERY_FAILING = "delivery-failing"

RECEIVERS = ("desk", "pager", "far", "works", "gone")

News = set[tuple[str, str]]
"""Findings with what there is to say of them: new, end, worse, unmuted; or, of all, that they are still open."""


def takes(receiver: str, family: str, severity: Severity) -> bool:
    """Who is to be told of what, as `ROUTES` says it to the service."""
    return {
        "desk": True,
        "pager": severity == "critical",
        "far": family == "accounts",
        "works": family != "monitor",
        "gone": family == "lines",
    }[receiver]


def goes_to(key: str, severity: Severity, receiver: str) -> bool:
    """Whether a receiver is to be told of a finding; that one is not reached goes to others."""
    rule, subject, _ = key.split("|", 2)
    if rule != DELIVERY_FAILING:
        return takes(receiver, family_of(key), severity)
    named = {each for each in RECEIVERS if takes(each, "monitor", severity)} - {subject}
    return receiver in (named or set(RECEIVERS) - {subject})


class Group:
    """What a receiver was told of one family, as far as the outbox goes."""

    def __init__(self, receiver: str, family: str) -> None:
        self.receiver = receiver
        self.family = family
        self.believed: dict[str, Severity] = {}
        """What it takes for firing, and how bad each was when it was last told."""
        self.heard: set[str] = set()
        """What it takes for firing by the messages that it did take."""
        self.was_muted: set[str] = set()
        self.held: Moment | None = None
        """When a message of it was last on its way: what changes meanwhile is told after that."""
        self.again = False
        """Whether all that is open is to be told again, because messages about it were given up."""
        self.last: datetime | None = None
        self.owed: dict[tuple[str, str], Moment] = {}
        """What has to be told, and since when."""


class Groups:
    """All groups, and what each message changes in them."""

    def __init__(self, lives: Lives, record: Record) -> None:
        self._lives = lives
        self._record = record
        self.all = {(r, f): Group(r, f) for r in RECEIVERS for f in (*sorted(set(FAMILY.values())), "monitor")}
        self.monitor: dict[str, Severity] = {}
        """What the service says of itself, which is checked apart."""
        self._firing = self._by_family()
        self._silenced: set[str] = set()
        self._explained: set[str] = set()

    def is_believed(self, key: str) -> bool:
        """Whether any receiver takes a finding for firing."""
        return any(key in group.believed for group in self.all.values())

    def owe(self, now: datetime) -> None:
        """What fires may have changed: what is owed to whom?"""
        self._firing = self._by_family()
        self._silenced = self._lives.silenced(self._lives.firing, now)
        self._explained = explained(self._lives.firing)
        for group in self.all.values():
            firing = self._firing[group.family]
            muted = self._muted(group)
            news = self._news(group, self._shown(group, firing, muted), now)
            group.owed = {each: group.owed.get(each) or self._record.moment(now) for each in news}
            group.was_muted = (group.was_muted & firing.keys()) | muted

    def check_late(self, now: datetime) -> None:
        """Whether anything has been owed for too long."""
        for group in self.all.values():
            for (key, kind), since in group.owed.items():
                free = since if group.held is None or group.held.at < since.at else group.held
                if self._record.watched(free, now) > BOUND:
                    what = f"LOST: {group.receiver}/{group.family} not told of {kind} {key} since {since.at}"
                    self._record.breaks(now, what)
                    group.owed[key, kind] = self._record.moment(now)

    def of(self, message: Message) -> Group:
        """The group that a message is of."""
        receiver, _, family = message.group.partition("/")
        return self.all[receiver, family]

    def on_its_way(self, message: Message, now: datetime) -> None:
        """A message of a group waits: until it is taken or given up, no other is composed."""
        self.of(message).held = self._record.moment(now)

    def composed(self, entry: OutboxEntry) -> Saying:
        """A message was put into the outbox, right after a look at what is owed; tells what it says by the rules."""
        message, now, group = entry.message, entry.created, self.of(entry.message)
        firing = self._firing[group.family]
        muted = self._muted(group)
        shown = self._shown(group, firing, muted)
        news = self._news(group, shown, now)
        self._check_need(group, entry, news)
        fresh = {key for key, kind in news if kind in {"new", "worse"}}
        ended = {key for key, kind in news if kind == "end"}
        self._check_sections(message, {"new": fresh, "resolved": ended, "open": shown.keys() - fresh}, now)
        kept = {key: group.believed[key] for key in group.believed if key in firing and key not in shown}
        if message.firing != len(shown) + len(kept):
            what = f"a wrong number of open findings: {message.firing}, not {len(shown)} + {len(kept)}"
            self._record.breaks(now, what)
        owed = {each: group.owed[each].at if each in group.owed else now for each in news}
        group.believed = {**kept, **shown}
        group.last, group.owed, group.was_muted, group.again = now, {}, muted, False
        return Saying(frozenset(shown), frozenset(ended), owed)

    def took(self, group: Group, saying: Saying) -> None:
        """A message was taken: what it says is known there."""
        group.heard = (group.heard | saying.opens) - saying.ends

    def check_heard(self, saying: dict[str, set[str]], now: datetime) -> None:
        """Whether each end can be heard of still: it is owed, or on its way (by group), or to be caught up with."""
        for group in self.all.values():
            ghosts = group.heard - group.believed.keys() - saying.get(f"{group.receiver}/{group.family}", set())
            for key in sorted(ghosts):
                self._record.breaks(now, f"LOST: {group.receiver} will never hear of the end of {key}")
            group.heard -= ghosts

    def left(self) -> Iterator[str]:
        """What is owed still, and what is still taken for firing, in the end."""
        for group in self.all.values():
            for key, kind in group.owed:
                yield f"{kind} {key} was never told to {group.receiver}"
            for key in sorted(group.heard):
                yield f"{group.receiver} never heard of the end of {key}"

    def _by_family(self) -> dict[str, dict[str, Severity]]:
        found: dict[str, dict[str, Severity]] = {family: {} for _, family in self.all}
        for key, severity in {**self._lives.firing, **self.monitor}.items():
            found[family_of(key)][key] = severity
        return found

    def _muted(self, group: Group) -> set[str]:
        """What is not to be shown; a finding explains nothing to whom is not told of it."""
        muted = set(self._silenced)
        if takes(group.receiver, "allocation", "critical"):
            muted |= self._explained
        return muted & self._firing[group.family].keys()

    @staticmethod
    def _shown(group: Group, firing: dict[str, Severity], muted: set[str]) -> dict[str, Severity]:
        return {
            key: severity
            for key, severity in firing.items()
            if key not in muted and (key in group.believed or goes_to(key, severity, group.receiver))
        }

    def _news(self, group: Group, shown: dict[str, Severity], now: datetime) -> News:
        firing = self._firing[group.family]
        news = {(key, "new") for key in shown if key not in group.believed}
        news |= {(key, "end") for key in group.believed if key not in firing}
        news |= {
            (key, "worse")
            for key, severity in shown.items()
            if severity == "critical" and group.believed.get(key, "critical") != "critical"
        }
        # What is no longer for this receiver is open there still, and nothing more is to be said of it but its end.
        due = {key: severity for key, severity in shown.items() if goes_to(key, severity, group.receiver)}
        news |= {(key, "unmuted") for key in due if key in group.believed and key in group.was_muted}
        frozen = all(key.partition("|")[0] in self._lives.stale for key in due)
        if due and not frozen and group.last is not None:
            worst: Severity = "critical" if "critical" in due.values() else "warning"
            if not group.again and now - group.last > REPEAT[worst]:
                news.add(("", "repeat"))
        if group.again and shown:
            news.add(("", "again"))
        return news

    def _check_need(self, group: Group, entry: OutboxEntry, news: News) -> None:
        """Whether there is a reason to speak, and the last message is long enough ago."""
        if not news:
            self._record.breaks(entry.created, f"said without need: {entry.id} {entry.message.headline}")
        kinds = {kind for _, kind in news}
        for kind in kinds:
            self._record.counts[f"reason {kind}"] += 1
        spaced = group.last is None or not group.believed or entry.created - group.last >= GROUP_INTERVAL - TICK / 2
        if not spaced and not kinds & {"worse", "repeat", "again"}:
            self._record.breaks(entry.created, f"too soon after the last: {entry.id}")

    def _check_sections(self, message: Message, expected: dict[str, set[str]], now: datetime) -> None:
        told = {str(section.kind): section for section in message.sections}
        for kind, keys in expected.items():
            section = told.get(kind)
            total = section.total if section is not None else 0
            named = {item.key for item in section.items} if section is not None else set()
            if total != len(keys) or not named <= keys:
                odd = sorted(named - keys)[:3]
                self._record.breaks(now, f"wrong {kind} in a message: {message.group} {total}, not {len(keys)} {odd}")
        named_in_all = sum(len(section.items) for section in message.sections)
        if named_in_all != min(MOST_NAMED, sum(map(len, expected.values()))):
            self._record.breaks(now, f"a wrong number of items: {message.group} names {named_in_all}")
