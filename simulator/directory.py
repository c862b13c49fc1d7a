"""An Entra tenant in memory: users, SKUs and purchases, and the log of what happened to users.

A mutation is what an administrator would do in one save. Each that changes a user appends to the change log, from which
delta queries are answered, and tells the listeners, from which change notifications are made.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec

from simulator.journal import Clock, utc_now
from simulator.licences import check_assignable, with_licences
from simulator.records import (
    AssignedLicense,
    Change,
    ChangeKind,
    CommerceSubscription,
    Group,
    RefusedError,
    ServicePlan,
    Sku,
    Status,
    User,
    changed_properties,
    user_properties,
)
from simulator.telephony import Telephony
from simulator.voice import VoiceConfiguration

Listener = Callable[[Change], None]


class SimulatedTenant(Telephony):
    """The directory of one tenant, and its telephony.

    Attributes:
        name: The account name that SKUs carry.
        users: Users by id, in the order of their creation.
        deleted: Soft-deleted users by id.
        groups: Groups by id.
        skus: SKUs by id.
        purchases: Commerce subscriptions by id.
        voice: Its auto attendants and call queues.
        changes: The change log; entry n has the number n + 1.
        misprints: What is printed of a SKU or a commerce subscription in the place of what it has, by its id.
        national_cloud: Whether Graph's roots for the tenant are those of a national cloud, which have no Teams
            administration.
    """

    def __init__(self, tenant_id: str, *, name: str = "contoso", clock: Clock = utc_now) -> None:
        super().__init__(tenant_id, clock)
        self.name = name
        self.users: dict[str, User] = {}
        self.deleted: dict[str, User] = {}
        self.voice = VoiceConfiguration()
        self.groups: dict[str, Group] = {}
        self.skus: dict[str, Sku] = {}
        self.purchases: dict[str, CommerceSubscription] = {}
        self.changes: list[Change] = []
        self.misprints: dict[str, dict[str, Any]] = {}
        self.national_cloud = False
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` after each change of a user; returns what ends it."""
        self._listeners.append(listener)

        def stop() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return stop

    def find(self, key: str) -> User | None:
        """The active user with this id, user principal name or display name."""
        folded = key.casefold()
        if (by_id := self.users.get(folded)) is not None:
            return by_id
        matches = (
            u for u in self.users.values() if folded in (u.user_principal_name.casefold(), u.display_name.casefold())
        )
        return next(matches, None)

    def consumed(self, *, lag: float = 0.0) -> Counter[str]:
        """Units in use by SKU: what active users hold, never a number of its own, as seen after so many seconds."""
        users = self.seen_after(self.users, lag).values()
        return Counter(licence.sku_id.lower() for user in users for licence in user.assigned_licenses)

    def add_user(
        self,
        display_name: str,
        user_principal_name: str,
        *,
        user_id: str | None = None,
        created: datetime | None = None,
        account_enabled: bool = True,
        department: str | None = None,
        usage_location: str | None = None,
        user_type: str | None = "Member",
    ) -> User:
        """Create a user without licences."""
        user = User(
            id=(user_id or str(uuid.uuid4())).lower(),
            display_name=display_name,
            user_principal_name=user_principal_name,
            created_date_time=created or self._now(),
            account_enabled=account_enabled,
            department=department,
            usage_location=usage_location,
            user_type=user_type,
        )
        if user.id in self.users or user.id in self.deleted:
            raise RefusedError("ObjectConflict", f"An object with the id {user.id} exists.")
        return self._commit("created", user, frozenset(user_properties()), created)

    def add_group(self, display_name: str, *, group_id: str | None = None) -> Group:
        """Create a group; its id follows from its name unless it is given."""
        derived = uuid.uuid5(uuid.UUID(self.tenant_id), f"group {display_name}")
        group = Group(id=(group_id or str(derived)).lower(), display_name=display_name)
        self.journal.note(self.groups, group.id, self.clock())
        self.groups[group.id] = group
        return group

    def delete_group(self, group_id: str) -> None:
        """Delete a group; what refers to it goes on referring to it."""
        if group_id not in self.groups:
            raise RefusedError("Request_ResourceNotFound", f"The tenant has no group {group_id!r}.")
        self.journal.note(self.groups, group_id, self.clock())
        del self.groups[group_id]

    def set_property(self, user_id: str, name: str, value: Any) -> User:  # noqa: ANN401 - Graph decides the type by the name
        """Set one property, named and shaped as Graph names and shapes it.

        Also reaches what assignments usually decide (``assignedPlans``, ``licenseAssignmentStates``), to make states
        that no administrator could make.
        """
        user = self._active(user_id)
        field = user_properties().get(name)
        if field is None or name == "id":
            raise RefusedError("InvalidProperty", f"A user has no property {name!r} that can be set.")
        converted = msgspec.convert(value, type=field.type, strict=False)
        return self._update(msgspec.structs.replace(user, **{field.name: converted}))

    def soft_delete(self, user_id: str) -> User:
        """Move a user to the deleted items, from where it can be restored; its units become free."""
        user = msgspec.structs.replace(self._active(user_id), deleted_date_time=self._now())
        return self._commit("deleted", user, frozenset(user_properties()))

    def restore(self, user_id: str) -> User:
        """Bring a soft-deleted user back, with the licences it had."""
        user = msgspec.structs.replace(self._soft_deleted(user_id), deleted_date_time=None)
        return self._commit("restored", user, frozenset(user_properties()))

    def purge(self, user_id: str) -> User:
        """Delete a user for good; an active one is soft-deleted on the way, as in Entra."""
        if user_id.lower() in self.users:
            self.soft_delete(user_id)
        return self._commit("purged", self._soft_deleted(user_id), frozenset(user_properties()))

    def assign_license(
        self,
        user_id: str,
        sku_id: str,
        disabled_plans: Iterable[str] = (),
        *,
        forced: bool = False,
        at: datetime | None = None,
    ) -> User:
        """Assign a SKU, or change which of its plans are off if the user holds it.

        Args:
            user_id: The user.
            sku_id: The SKU.
            disabled_plans: Plans of it that stay off.
            forced: Assign even where Entra refuses: no unit left, or no usage location.
            at: The time that the entries carry, if not now.
        """
        return self.change_licenses(
            user_id, add=[AssignedLicense(sku_id.lower(), tuple(disabled_plans))], forced=forced, at=at
        )

    def remove_license(self, user_id: str, sku_id: str) -> User:
        """Take a SKU away from a user."""
        return self.change_licenses(user_id, remove=[sku_id])

    def swap_license(self, user_id: str, remove_sku_id: str, add_sku_id: str) -> User:
        """Remove one SKU and add another in one save, the way that keeps a resource account working."""
        return self.change_licenses(user_id, add=[AssignedLicense(add_sku_id.lower())], remove=[remove_sku_id])

    def change_licenses(
        self,
        user_id: str,
        *,
        add: Sequence[AssignedLicense] = (),
        remove: Sequence[str] = (),
        forced: bool = False,
        at: datetime | None = None,
    ) -> User:
        """Add and remove SKUs in one save, all or nothing, as ``assignLicense`` does."""
        user = self._active(user_id)
        held = {licence.sku_id: licence for licence in user.assigned_licenses}
        for sku_id in (sku_id.lower() for sku_id in remove):
            if held.pop(sku_id, None) is None:
                raise RefusedError("InvalidValue", f"User does not have a corresponding license: {sku_id}.")
        for licence in add:
            if not forced:
                check_assignable(user, licence, self.skus.get(licence.sku_id), self.consumed()[licence.sku_id])
            held[licence.sku_id] = licence
        changed = with_licences(user, tuple(held.values()), self.skus, (at or self._now()).replace(microsecond=0))
        return self._update(changed, at)

    def add_sku(
        self,
        sku_id: str,
        part_number: str,
        plans: Sequence[ServicePlan],
        units: int,
        *,
        next_lifecycle: datetime | None = None,
        created: datetime | None = None,
        is_trial: bool = False,
    ) -> Sku:
        """Buy a SKU through one commerce subscription; buying it again adds units through another one."""
        known = self.skus.get(sku_id)
        sku = Sku(id=sku_id, part_number=part_number, plans=tuple(plans), units=units + (known.units if known else 0))
        number = sum(purchase.sku_id == sku_id for purchase in self.purchases.values())
        purchase = CommerceSubscription(
            id=str(uuid.uuid5(uuid.UUID(self.tenant_id), f"purchase {sku_id} {number}")),
            commerce_subscription_id=str(uuid.uuid5(uuid.UUID(self.tenant_id), f"commerce {sku_id} {number}")),
            sku_id=sku_id,
            sku_part_number=part_number,
            total_licenses=units,
            created_date_time=created or self._now(),
            next_lifecycle_date_time=next_lifecycle,
            is_trial=is_trial,
        )
        self._put_sku(sku)
        self._put_purchase(purchase)
        return sku

    def set_enabled_units(self, sku_id: str, units: int) -> None:
        """Renew a SKU at another size: its units, and the size of its first purchase, which takes the difference."""
        self._put_sku(msgspec.structs.replace(self.skus[sku_id], units=units))
        first, *others = [purchase for purchase in self.purchases.values() if purchase.sku_id == sku_id]
        rest = sum(purchase.total_licenses for purchase in others)
        self._put_purchase(msgspec.structs.replace(first, total_licenses=max(0, units - rest)))

    def set_sku_status(self, sku_id: str, status: Status) -> None:
        """Move a SKU, its purchases and its holders' plans to another state, as an expiry does."""
        self._put_sku(msgspec.structs.replace(self.skus[sku_id], status=status))
        for purchase in list(self.purchases.values()):
            if purchase.sku_id == sku_id:
                self._put_purchase(msgspec.structs.replace(purchase, status=status))
        for user in list(self.users.values()):
            if any(licence.sku_id == sku_id for licence in user.assigned_licenses):
                self._update(with_licences(user, user.assigned_licenses, self.skus, self._now(), settled=True))

    def misprint(self, record_id: str, **values: Any) -> None:  # noqa: ANN401 - what should not come may be anything
        """Print a SKU or a commerce subscription with these values under Graph's names; ``UNSET`` leaves one out."""
        self.misprints[record_id] = {**self.misprints.get(record_id, {}), **values}

    def _put_sku(self, sku: Sku) -> None:
        self.journal.note(self.skus, sku.id, self.clock())
        self.skus[sku.id] = sku

    def _put_purchase(self, purchase: CommerceSubscription) -> None:
        self.journal.note(self.purchases, purchase.id, self.clock())
        self.purchases[purchase.id] = purchase

    def _active(self, user_id: str) -> User:
        try:
            return self.users[user_id.lower()]
        except KeyError:
            raise RefusedError("Request_ResourceNotFound", f"Resource '{user_id}' does not exist.") from None

    def _soft_deleted(self, user_id: str) -> User:
        try:
            return self.deleted[user_id.lower()]
        except KeyError:
            raise RefusedError("Request_ResourceNotFound", f"Resource '{user_id}' is not deleted.") from None

    def _update(self, user: User, at: datetime | None = None) -> User:
        properties = changed_properties(self.users[user.id], user)
        return self._commit("updated", user, properties, at) if properties else user

    def _commit(self, kind: ChangeKind, user: User, properties: frozenset[str], at: datetime | None = None) -> User:
        moment = at or self.clock()
        self.journal.note(self.users, user.id, moment)
        self.journal.note(self.deleted, user.id, moment)
        if kind != "updated":
            self.users.pop(user.id, None)
            self.deleted.pop(user.id, None)
        if kind == "deleted":
            self.deleted[user.id] = user
        elif kind != "purged":
            self.users[user.id] = user
        change = Change(len(self.changes) + 1, kind, moment, user, properties)
        self.changes.append(change)
        for listener in tuple(self._listeners):
            listener(change)
        return user

    def _now(self) -> datetime:
        # Graph prints whole seconds.
        return self.clock().replace(microsecond=0)
