"""What mended a finding, as far as it is known: what the newest complete reads show instead of the fault.

An account may also have been deleted, or may need nothing any more: each sentence is true then too.
"""

from __future__ import annotations

from shared.model.alert import Item

MENDED: dict[str, str] = {
    "resource-account-unlicensed": "It holds a licence again, or no longer needs one.",
    "resource-account-phone-licence": "It no longer holds a user's phone licence alone.",
    "resource-account-double-licensed": "It no longer holds two phone licences.",
    "resource-account-plan-unusable": "Its licence works again, or is no longer needed.",
    "resource-account-assignment-error": "Its licence is no longer in error.",
    "resource-account-two-step-swap": "A test call got through, or the line has moved to another account.",
    "resource-account-sign-in-enabled": "Its sign-in is blocked.",
    "resource-account-usage-location": "Its usage location is right.",
    "resource-account-deleted-with-number": "The number no longer leads to a deleted account.",
    "resource-account-vanished": "It is a known resource account again, or is no longer used.",
    "resource-account-licence-unused": "The licence is used again, or was taken back.",
    "person-holds-resource-account-licence": "The resource-account licence is off this person.",
    "allocation-unclaimed": "Every licence that is free of charge and needed has been ordered.",
    "allocation-short": "Every account that needs a licence is covered.",
    "allocation-exceeded": "No more licences are owned than are free of charge.",
    "allocation-margin-low": "The margin of the free allocation is large enough again.",
    "spare-licences-low": "There are enough licences to spare again.",
    "licence-subscription-ending": "The subscription was renewed, or its end no longer leaves anything uncovered.",
    "licence-subscription-suspended": "The subscription is in force again, or has gone for good.",
    "phone-plan-unknown": "The tenant no longer has an unknown phone plan in this licence.",
    "voice-app-unreachable": "Calls can come to it again.",
    "voice-app-target-missing": "It no longer leads to something that does not exist.",
    "voice-app-loop": "Callers are no longer sent round in a circle.",
    "voice-app-external-transfer-blocked": "Its transfer to an outside number can be made.",
    "voice-app-provisioning-failed": "Teams no longer reports an error for it.",
    "call-queue-without-agents": "It has agents again, or sends its callers on.",
    "call-queue-nobody-opted-in": "At least one agent has opted in, or callers are sent on.",
    "call-queue-agent-unable": "All its agents can take calls.",
    "resource-account-unassociated": "It stands for an attendant or queue again.",
    "resource-account-type-mismatch": "The account's type fits its attendant or queue.",
    "number-assignment-failed": "The number's assignment is no longer in error.",
    "toll-free-without-credits": "The toll-free number has credits, or has moved.",
    "source-stale": "It is being read completely again.",
    "subscription-missing": "Changes are being notified again.",
    "permission-missing": "The permission is there.",
    "delivery-failing": "Messages are being taken again.",
    "messages-poisoned": "No message is left that could not be worked off.",
}
"""One sentence a rule: what is true once it no longer holds."""


def what_mended(item: Item) -> str:
    """The sentence that says what is true instead of an ended finding."""
    return MENDED.get(item.rule, "Newer reads no longer find this.")
