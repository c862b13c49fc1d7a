"""What an assignment does to the rest of a user: plans and assignment states follow the licences.

Imitates the Graph reference pages "user: assignLicense", "assignedPlan resource type" and "licenseAssignmentState
resource type". Pure functions: the tenant decides when they run.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from simulator.records import (
    AssignedLicense,
    AssignedPlan,
    LicenseAssignmentState,
    RefusedError,
    ServicePlan,
    Sku,
    Status,
    User,
)

_BEST_FIRST: tuple[Status, ...] = ("Enabled", "Warning", "Suspended", "LockedOut", "Deleted")


def with_licences(
    user: User, licences: Sequence[AssignedLicense], skus: Mapping[str, Sku], now: datetime, *, settled: bool = False
) -> User:
    """The user holding exactly these licences, with plans and assignment states that follow.

    Args:
        user: The user before.
        licences: What the user holds afterwards.
        skus: The tenant's SKUs by id.
        now: The time that new entries carry.
        settled: True when only the state of a SKU changed, which is no new assignment.
    """
    return msgspec.structs.replace(
        user,
        assigned_licenses=tuple(licences),
        assigned_plans=_plans_after(user.assigned_plans, licences, skus, now),
        license_assignment_states=_states_after(user, licences, now, settled=settled),
    )


def check_assignable(user: User, licence: AssignedLicense, sku: Sku | None, consumed: int) -> None:
    """Refuse what Entra refuses.

    Args:
        user: Who shall have the licence.
        licence: The licence.
        sku: The tenant's SKU of it, if there is one.
        consumed: The units of the SKU that are in use.

    Raises:
        RefusedError: Entra would not assign the licence.
    """
    if sku is None:
        raise RefusedError("InvalidValue", f"License {licence.sku_id} does not correspond to a valid company License.")
    unknown = set(licence.disabled_plans) - {plan.id for plan in sku.plans}
    if unknown:
        raise RefusedError("InvalidValue", f"The plans {sorted(unknown)} are not part of {sku.part_number}.")
    if user.usage_location is None:
        raise RefusedError(
            "ProhibitedInUsageLocationViolation",
            "License assignment cannot be done for user with invalid usage location.",
        )
    holds = any(held.sku_id == sku.id for held in user.assigned_licenses)
    if not holds and consumed >= sku.assignable:
        raise RefusedError("CountViolation", f"Subscription with SKU {sku.id} does not have any available licenses.")


def _plans_after(
    before: Sequence[AssignedPlan], licences: Sequence[AssignedLicense], skus: Mapping[str, Sku], now: datetime
) -> tuple[AssignedPlan, ...]:
    provided = _provided_plans(licences, skus)
    kept = {plan.service_plan_id: plan for plan in before}
    for plan_id in kept.keys() - provided.keys():
        # Entra keeps the entry of a plan that went away, which is how a reader can tell "lost" from "never had".
        kept[plan_id] = msgspec.structs.replace(kept[plan_id], capability_status="Deleted")
    for plan_id, (plan, status) in provided.items():
        known = kept.get(plan_id)
        if known is None or known.capability_status == "Deleted":
            known = AssignedPlan(now, status, plan.service, plan_id)
        kept[plan_id] = msgspec.structs.replace(known, capability_status=status)
    return tuple(kept.values())


def _provided_plans(
    licences: Sequence[AssignedLicense], skus: Mapping[str, Sku]
) -> dict[str, tuple[ServicePlan, Status]]:
    provided: dict[str, tuple[ServicePlan, Status]] = {}
    for licence in licences:
        sku = skus[licence.sku_id]
        for plan in sku.plans:
            if plan.id in licence.disabled_plans:
                continue
            known = provided.get(plan.id)
            if known is None or _BEST_FIRST.index(sku.status) < _BEST_FIRST.index(known[1]):
                provided[plan.id] = (plan, sku.status)
    return provided


def _states_after(
    user: User, licences: Sequence[AssignedLicense], now: datetime, *, settled: bool
) -> tuple[LicenseAssignmentState, ...]:
    known = {state.sku_id: state for state in user.license_assignment_states}
    held = set(user.assigned_licenses)
    return tuple(
        known[licence.sku_id]
        if licence.sku_id in known and (settled or licence in held)
        else LicenseAssignmentState(licence.sku_id, now, licence.disabled_plans)
        for licence in licences
    )
