"""All rules, in the order in which they are documented."""

from __future__ import annotations

from shared.rules import (
    allocation_exceeded,
    allocation_short,
    allocation_unclaimed,
    number_assignment_failed,
    permission_missing,
    person_holds_resource_account_licence,
    resource_account_assignment_error,
    resource_account_deleted_with_number,
    resource_account_double_licensed,
    resource_account_phone_licence,
    resource_account_plan_unusable,
    resource_account_sign_in_enabled,
    resource_account_unlicensed,
    resource_account_usage_location,
    resource_account_vanished,
    source_stale,
    subscription_missing,
)
from shared.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    resource_account_unlicensed.RULE,
    resource_account_phone_licence.RULE,
    resource_account_double_licensed.RULE,
    resource_account_plan_unusable.RULE,
    resource_account_assignment_error.RULE,
    resource_account_sign_in_enabled.RULE,
    resource_account_usage_location.RULE,
    resource_account_deleted_with_number.RULE,
    resource_account_vanished.RULE,
    person_holds_resource_account_licence.RULE,
    allocation_unclaimed.RULE,
    allocation_short.RULE,
    allocation_exceeded.RULE,
    number_assignment_failed.RULE,
    source_stale.RULE,
    subscription_missing.RULE,
    permission_missing.RULE,
)
