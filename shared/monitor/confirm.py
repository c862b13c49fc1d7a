"""Somebody called, and the line answered: what only a test call can mend is mended."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.alerting.lifecycle import ended
from shared.licensing.history import confirmed
from shared.model.errors import LinekeeperError
from shared.model.finding import key_of
from shared.model.history import LicenceHistory
from shared.model.tenant import TenantState
from shared.monitor.lookup import ids_of, nearest
from shared.monitor.monitor import Monitor
from shared.rules import resource_account_two_step_swap


def nothing_stored(place: str) -> LinekeeperError:
    """The error where a store knows nothing of the tenant; `place` names the store."""
    return LinekeeperError(
        f"{place} holds nothing of this tenant yet: set LINEKEEPER_STORE to the store of the service (`linekeeper "
        "serve`), which must have watched the tenant."
    )


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """The account whose test call was confirmed, and when its licences had been swapped."""

    id: str
    name: str
    swapped: datetime
    confirmed: datetime


async def confirm(monitor: Monitor, text: str, place: str = "LINEKEEPER_STORE") -> Confirmed:
    """End the two-step swap of the account that is meant by an id, a UPN, a telephone number or a display name.

    The service need not run; where it does, its channel hears of the end within a minute. `place` names the store, for
    errors.

    Raises:
        LinekeeperError: nothing is stored of the tenant, nobody or several are meant, or no test call is awaited.
    """
    state = await monitor.load()
    if not state.accounts:
        raise nothing_stored(place)
    account_id = _awaited(state, text)
    now = monitor.clock()
    state = await monitor.commit(lambda document: with_confirmed(document, account_id, now))
    swap = state.licence_histories[account_id].swap
    if swap is None:
        raise LinekeeperError(f"{account_id} was read anew meanwhile, and awaits no test call any more.")
    return Confirmed(
        id=account_id, name=state.accounts[account_id].name, swapped=swap.licensed_at, confirmed=swap.confirmed or now
    )


def with_confirmed(state: TenantState, account_id: str, now: datetime) -> TenantState:
    """The document in which an account's test call got through; only what rests on it ends."""
    history = state.licence_histories.get(account_id, LicenceHistory())
    lives = ended(state.alerts, key_of(resource_account_two_step_swap.RULE.id, account_id), now)
    return msgspec.structs.replace(
        state,
        licence_histories={**state.licence_histories, account_id: confirmed(history, now)},
        alerts=lives.alerts,
        recent=(*state.recent, *lives.transitions),
    )


def _awaited(state: TenantState, text: str) -> str:
    """The one account of those that a text may mean whose test call is awaited."""
    waiting = {
        key for key, history in state.licence_histories.items() if key in state.accounts and _awaits_call(history)
    }
    meant = ids_of(state, text, {})
    found = [each for each in meant if each in waiting]
    if len(found) == 1:
        return found[0]
    if found:
        raise LinekeeperError(f"{text!r} may be any of {len(found)} accounts: give one id of {', '.join(found)}.")
    names = sorted(state.accounts[each].name or each for each in waiting)
    those = f"Those that await a test call: {', '.join(names) or 'none'}."
    known = [state.accounts[each].name or each for each in meant if each in state.accounts]
    if known:
        raise LinekeeperError(f"{known[0]!r} awaits no test call. {those}")
    near = nearest(state, text)
    hint = f" The nearest known is {near!r}." if near else ""
    raise LinekeeperError(f"no account is known by {text!r}.{hint} {those}")


def _awaits_call(history: LicenceHistory) -> bool:
    return history.swap is not None and history.swap.confirmed is None
