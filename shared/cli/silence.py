"""`linekeeper silence`: what is not to be told for a while, added, listed and ended."""

from __future__ import annotations

import asyncio
import getpass
import logging
import sys
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from shared.alerting.silence_request import Wanted
from shared.cli.output import console, reader_may_leave
from shared.cli.silence_view import show, show_one
from shared.model.errors import LinekeeperError
from shared.monitor.assembly import naming_store, store_exists, store_of, store_place
from shared.monitor.confirm import nothing_stored
from shared.monitor.runtime import utc_now
from shared.monitor.silences import Desk, SilenceView, add, end, listed
from shared.settings import load
from shared.settings_file import duration

SCHEMA = 1

T = TypeVar("T")


class NewSilence(msgspec.Struct, frozen=True, kw_only=True):
    """A silence as it is typed; `lasts` is a duration, and `starts` and `until` are times."""

    rules: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    starts: str | None = None
    lasts: str | None = None
    until: str | None = None
    reason: str
    author: str = ""


def run_add(
    environment: Mapping[str, str],
    new: NewSilence,
    *,
    as_json: bool = False,
    tenant: str = "",
    clock: Callable[[], datetime] = utc_now,
    login: Callable[[], str] = getpass.getuser,
) -> int:
    """Add a silence and show it, with what it keeps quiet now.

    Raises:
        SettingsError: a setting is missing or wrong.
        LinekeeperError: it cannot be added as it was typed; the text says what to type.
    """
    desk = _desk(environment, tenant, clock)
    made = _run(desk, add(desk, wanted(new, desk.now(), login)))
    _print_one(made, as_json=as_json)
    return 0


def run_end(
    environment: Mapping[str, str],
    *,
    silence_id: str,
    as_json: bool = False,
    tenant: str = "",
    clock: Callable[[], datetime] = utc_now,
) -> int:
    """End a silence and show it.

    Raises:
        SettingsError: a setting is missing or wrong.
        LinekeeperError: there is none of that id, or it has ended.
    """
    desk = _desk(environment, tenant, clock)
    _print_one(_run(desk, end(desk, silence_id)), as_json=as_json)
    return 0


def run_list(
    environment: Mapping[str, str],
    *,
    as_json: bool = False,
    tenant: str = "",
    clock: Callable[[], datetime] = utc_now,
) -> int:
    """Show all silences.

    Raises:
        SettingsError: a setting is missing or wrong.
        LinekeeperError: nothing is stored of the tenant.
    """
    desk = _desk(environment, tenant, clock)
    silences = _run(desk, listed(desk))
    with reader_may_leave():
        if as_json:
            _print_json({"schema": SCHEMA, "silences": silences})
        else:
            show(silences, console())
    return 0


def wanted(new: NewSilence, now: datetime, login: Callable[[], str]) -> Wanted:
    """What was typed, with its times read and its author filled in.

    Raises:
        LinekeeperError: a time or duration is none, or nobody is logged in by a name.
    """
    starts = _time(new.starts, "--from") if new.starts is not None else None
    return Wanted(
        rules=new.rules,
        subjects=new.subjects,
        severities=new.severities,
        starts=starts,
        ends=_time(new.until, "--until") if new.until is not None else _after(starts or now, new.lasts or ""),
        author=new.author or _login_name(login),
        reason=new.reason,
    )


def _after(start: datetime, text: str) -> datetime:
    try:
        return start + duration(text)
    except (ValueError, OverflowError):
        raise LinekeeperError(f"--for takes a duration such as 30m, 2h or 7d, not {text!r}.") from None


def _time(text: str, option: str) -> datetime:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise LinekeeperError(f"{option} takes a time such as 2026-12-01T08:00Z, not {text!r}.") from None
    if time.tzinfo is None:
        raise LinekeeperError(
            f"{option} needs its time zone: {text.strip()}Z for UTC, or one such as +01:00 behind it."
        )
    return time


def _login_name(login: Callable[[], str]) -> str:
    try:
        return login()
    except (ImportError, KeyError, OSError):  # what getpass lets through where the system knows no name
        raise LinekeeperError("nobody is logged in here by a name: give --author.") from None


def _desk(environment: Mapping[str, str], tenant: str, clock: Callable[[], datetime]) -> Desk:
    logging.getLogger("linekeeper").setLevel(logging.ERROR)
    settings = load(environment).chosen(tenant)
    if not store_exists(settings):
        raise nothing_stored(store_place(settings))
    return Desk(tenant=settings.tenant, store=store_of(settings), clock=clock, place=store_place(settings))


def _run(desk: Desk, work: Coroutine[Any, Any, T]) -> T:
    with naming_store(desk.place):
        return asyncio.run(work)


def _print_one(silence: SilenceView, *, as_json: bool) -> None:
    with reader_may_leave():
        if as_json:
            _print_json({"schema": SCHEMA, "silence": silence})
        else:
            show_one(silence, console())


def _print_json(document: Mapping[str, object]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(document) + b"\n")
