"""The requests about silences: who asks, what is wanted, and the answer, as a page or as JSON.

A GET or HEAD only shows, since link previewers and mail scanners send them; a POST acts. Nothing is shown or done
without a link's token or the service's key. No cookie is set, so that no other site can act with a visitor's rights.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode

import msgspec

from shared.alerting.silence_request import Wanted
from shared.alerting.silences import MONITOR
from shared.model.alert import Alert
from shared.model.errors import LinekeeperError, StoreError
from shared.model.tenant import TenantState
from shared.monitor.silence_link import PARAMETER, Access, Grant, Refused, granted
from shared.monitor.silence_page import (
    DURATIONS,
    HEADERS,
    USUAL,
    FindingShown,
    Typed,
    findings_page,
    list_page,
    message_page,
)
from shared.monitor.silence_scope import covering_any, is_own, named, subjects_by_rule
from shared.monitor.silences import Desk, add, called, end, listed, names_of, views
from shared.rules.catalogue import RULES
from shared.settings_file import duration

SCHEMA = 1
LARGEST = 32 * 1024
"""Bytes of a request that are read."""

KEY_HEADER = "x-linekeeper-key"

_PLURALS = ("rules", "subjects", "severities")
_MAX_FIELDS = 200
_NO_ENTRY = (
    f"This address needs the link of a card, which works for 24 hours, or the service's key in the header {KEY_HEADER}."
)
_EXPIRED = (
    "Links on cards work for 24 hours. Take the link of a newer card, or use linekeeper silence add where the service "
    "runs."
)
_logger = logging.getLogger("linekeeper.silences")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request, as far as it matters. `token` is that of the query, `key` that of the header."""

    method: str
    body: bytes = b""
    token: str = ""
    key: str = ""
    accept: str = ""
    content_type: str = ""

    @property
    def as_json(self) -> bool:
        """Whether a program asks."""
        return self.sends_json or ("application/json" in self.accept.lower() and "text/html" not in self.accept.lower())

    @property
    def sends_json(self) -> bool:
        """Whether the body is JSON."""
        return self.content_type.partition(";")[0].strip().lower() == "application/json"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What to answer; `headers` are those of every answer and its own."""

    status: int
    body: bytes = b""
    mimetype: str = "application/json"
    headers: Mapping[str, str] = msgspec.field(default_factory=lambda: HEADERS)


class _Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a POST asks for; a silence lasts `for` a duration, or `until` a time."""

    action: Literal["add", "end"]
    token: str = ""
    id: str = ""
    rules: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    starts: datetime | None = msgspec.field(default=None, name="from")
    lasts: str = msgspec.field(default="", name="for")
    ends: datetime | None = msgspec.field(default=None, name="until")
    author: str = ""
    reason: str = ""


async def answer(request: Request, access: Access, desk: Desk) -> Answer:
    """Answer a request; whatever is wrong with it, the answer says what."""
    if len(request.body) > LARGEST:
        return _said(request, 413, "Too large", f"A request holds {LARGEST} bytes at most.")
    asked, problem = _asked(request) if request.method == "POST" else (None, "")
    token = token_of(request)
    grant = granted(access, token=token, api_key=request.key, now=desk.now())
    if isinstance(grant, Refused):
        return _refused(request, grant)
    try:
        if problem:
            return await _shown(request, desk, grant, token, problem=problem)
        if asked is None:
            return await _shown(request, desk, grant, token)
        return await _done(request, desk, grant, token, asked)
    except StoreError:
        _logger.exception("silences: the document could not be read or written")
        return _said(request, 503, "Not now", "The service's memory cannot be reached just now. Try again in a minute.")


class _Named(msgspec.Struct, frozen=True):
    token: str = ""


def token_of(request: Request) -> str:
    """The token of a request, which a POST may have in its body, whatever else is wrong with that; "" for none."""
    if request.method != "POST" or len(request.body) > LARGEST:
        return request.token
    try:
        if request.sends_json:
            return msgspec.json.decode(request.body, type=_Named).token or request.token
        return parse_qs(request.body.decode(), max_num_fields=_MAX_FIELDS).get(PARAMETER, [request.token])[-1]
    except (msgspec.DecodeError, ValueError, RecursionError):
        return request.token


async def _done(request: Request, desk: Desk, grant: Grant, token: str, asked: _Asked) -> Answer:
    try:
        if asked.action == "add":
            done = [await add(desk, each) for each in _wanted(asked, grant, desk.now())]
        else:
            await _check_may_end(desk, grant, asked.id)
            done = [await end(desk, asked.id)]
    except StoreError:
        raise
    except LinekeeperError as problem:
        return await _shown(request, desk, grant, token, problem=str(problem), asked=asked)
    for silence in done:
        _logger.info("silence %s: %s", silence.id, asked.action)
    if request.as_json:
        shown = {"silence": done[0]} if len(done) == 1 else {"silences": tuple(done)}
        return _json(201 if asked.action == "add" else 200, {"schema": SCHEMA, **shown})
    # Shown by another request, so that loading the page anew does not act anew.
    where = "silences" + (f"?{urlencode({PARAMETER: token})}" if grant.findings is not None else "")
    return Answer(status=303, mimetype="text/html", headers={**HEADERS, "Location": where})


async def _shown(
    request: Request, desk: Desk, grant: Grant, token: str, *, problem: str = "", asked: _Asked | None = None
) -> Answer:
    status = 400 if problem else 200
    if request.as_json and problem:
        return _json(status, {"schema": SCHEMA, "error": problem})
    if grant.findings is None:
        silences = await listed(desk)
        if request.as_json:
            return _json(status, {"schema": SCHEMA, "silences": silences})
        return _said(request, status, "Not done", problem) if problem else _html(status, list_page(silences))
    state, now = await desk.load(), desk.now()
    covering = covering_any(state, grant.findings, now)
    shown = views(state, covering, now)
    if request.as_json:
        return _json(status, {"schema": SCHEMA, "findings": grant.findings, "silences": shown})
    own = frozenset(each.id for each in covering if is_own(each, grant.findings))
    names = names_of(state)
    findings = [_finding_shown(state, key, names) for key in grant.findings]
    page = findings_page(findings, shown, token=token, own=own, typed=_typed(asked), problem=problem)
    return _html(status, page)


def _asked(request: Request) -> tuple[_Asked | None, str]:
    """What the body asks for, or what is wrong with it."""
    try:
        if request.sends_json:
            return msgspec.json.decode(request.body, type=_Asked), ""
        return msgspec.convert(_form_fields(request.body), _Asked), ""
    except (msgspec.DecodeError, ValueError, RecursionError) as problem:
        return None, f"the request cannot be read: {problem}."


def _form_fields(body: bytes) -> dict[str, Any]:
    """The fields of a form, what may be given several times as lists; what is left empty is not given."""
    fields = parse_qs(body.decode(), max_num_fields=_MAX_FIELDS)
    return {name: values if name in _PLURALS else values[-1] for name, values in fields.items()}


def _wanted(asked: _Asked, grant: Grant, now: datetime) -> list[Wanted]:
    """What is asked to be silenced; by a link its findings alone, one silence for each of their rules.

    Raises:
        LinekeeperError: no end is given, or two are, or more is asked of a link than it may.
    """
    if bool(asked.lasts) == (asked.ends is not None):
        raise LinekeeperError("say either `for` how long (such as 4h) or `until` when.")
    try:
        ends = asked.ends or (asked.starts or now) + duration(asked.lasts)
    except (ValueError, OverflowError):
        raise LinekeeperError(f"`for` is a duration such as 30m, 4h or 7d, not {asked.lasts[:40]!r}.") from None
    wanted = Wanted(
        rules=asked.rules,
        subjects=asked.subjects,
        severities=asked.severities,
        starts=asked.starts,
        ends=ends,
        author=asked.author,
        reason=asked.reason,
    )
    if grant.findings is None:
        return [wanted]
    if asked.rules or asked.subjects or asked.severities:
        raise LinekeeperError("a link silences what its card is about and nothing else.")
    # Of several rules in one silence each would cover the subjects of all.
    return [
        msgspec.structs.replace(wanted, rules=(rule,), subjects=tuple(subjects))
        for rule, subjects in subjects_by_rule(grant.findings).items()
    ]


async def _check_may_end(desk: Desk, grant: Grant, silence_id: str) -> None:
    if grant.findings is None:
        return
    silence = (await desk.load()).silences.get(silence_id)
    if silence is None or not is_own(silence, grant.findings):
        raise LinekeeperError("a link ends silences of what its card is about and no others.")


def _finding_shown(state: TenantState, key: str, names: Mapping[str, str]) -> FindingShown:
    rule_id, subject = named(key)
    rule = next((each for each in RULES if each.id == rule_id), None)
    alert: Alert | None = state.alerts.get(key)
    name = called(names, subject)
    shown = FindingShown(
        title=rule.title if rule is not None else rule_id,
        name=f"{name[:1].upper()}{name[1:]}" if subject == state.tenant else name,
        may_be_silenced=rule is None or rule.family != MONITOR,
    )
    if alert is None:
        return shown
    return msgspec.structs.replace(
        shown,
        summary=alert.finding.summary,
        severity=alert.finding.severity,
        firing_since=alert.since if alert.phase == "firing" else None,
    )


def _typed(asked: _Asked | None) -> Typed:
    if asked is None or asked.action != "add":
        return Typed()
    known = {value for value, _ in DURATIONS}
    return Typed(duration=asked.lasts if asked.lasts in known else USUAL, author=asked.author, reason=asked.reason)


def _refused(request: Request, refused: Refused) -> Answer:
    if refused.expired:
        return _said(request, 410, "This link has expired", _EXPIRED)
    said = _said(request, 401, "No entry", _NO_ENTRY)
    # A status of 401 must name a scheme (RFC 9110, section 11.6.1); no browser asks for a password by this one.
    return msgspec.structs.replace(said, headers={**said.headers, "WWW-Authenticate": "LinekeeperKey"})


def _said(request: Request, status: int, title: str, text: str) -> Answer:
    if request.as_json:
        return _json(status, {"schema": SCHEMA, "error": f"{title}. {text}"})
    return _html(status, message_page(title, text))


def _html(status: int, page: str) -> Answer:
    return Answer(status=status, body=page.encode("utf-8", "replace"), mimetype="text/html")


def _json(status: int, document: Mapping[str, object]) -> Answer:
    return Answer(status=status, body=msgspec.json.encode(document))
