"""Service-plan ids that decide. Matching is by id, in every cloud: names repeat, change and lie.

Source: "Product names and service plan identifiers for licensing" (Microsoft Entra documentation).
"""

from __future__ import annotations

from shared.model.licences import ServicePlan

MCOEV = "4828c8ec-dc2e-4779-b502-87ac9ce28ab7"
MCOEV_GOV = "db23fce2-a974-42ef-9002-d78dd42a0f22"
MCOEVSMB = "ed777b71-af04-42ca-9798-84344c66f7c6"
MCOEV_VIRTUALUSER = "f47330e9-c134-43b3-9993-e7f004506889"
MCOEV_VIRTUALUSER_GOV = "0628a73f-3b4a-4989-bd7b-0f8823144313"
MCOFMC1 = "cb22fbd7-ed7d-4786-a27a-e4cd617b69c0"

PHONE_PLANS = frozenset({MCOEV, MCOEV_GOV, MCOEVSMB})
"""Teams Phone for a person or a device; on a resource account it is the wrong licence."""

RESOURCE_ACCOUNT_PLANS = frozenset({MCOEV_VIRTUALUSER, MCOEV_VIRTUALUSER_GOV})
"""Teams Phone Resource Account, the licence that an auto attendant's or call queue's account must hold."""

MOBILE_PLANS = frozenset({MCOFMC1})
"""Teams Phone Mobile: no Phone System inside, and not named by the allocation rule."""

ROOMS_PLANS = frozenset(
    {
        "92c6b761-01de-457a-9dd9-793a975238f7",  # Teams_Room_Standard
        "8081ca9c-188c-4b49-a8e5-c23b5e9463a8",  # Teams_Room_Basic
        "ec17f317-f4bc-451e-b2da-0167e5c260f9",  # Teams_Room_Pro
        "0374d34c-6be4-4dbb-b3f0-26105db0b28a",  # Teams_Rooms_Pro
        "ecc74eae-eeb7-4ad5-9c88-e8b2bfca75b8",  # MTRProManagement
        "bdaa59a3-74fd-4137-981a-31d4f84eb8a0",  # MMR_P1
    }
)
"""Plans that only Teams Rooms SKUs carry: they mark a room's SKU that the published table does not list."""

PAY_AS_YOU_GO = frozenset({"156a1efe-17cd-4b03-9f17-2eb512298fb3"})  # MCOPSTN_PAYG_1
"""Calling plans that include no minutes: each call is charged for as it is made."""

CALLING_PLANS = PAY_AS_YOU_GO | {
    "4ed3ff63-69d7-4fb7-b984-5aec7f605ca8",  # MCOPSTN1
    "3c8a8792-7866-409b-bb61-1b20ace0368b",  # MCOPSTN1_GOV
    "5a10155d-f5c1-411a-a8ec-e99aae125390",  # MCOPSTN2
    "6b340437-d6f9-4dc5-8cc2-99163f7f83d6",  # MCOPSTN3
    "54a152dc-90de-4996-93d2-bc47e670fc06",  # MCOPSTN5
    "346d83bf-6fe6-42ca-b424-b9300d2e21bf",  # MCOPSTN6
    "16935b20-87c0-4908-934a-22aa267d0d26",  # MCOPSTN8
    "7861360b-dc3b-4eba-a3fc-0d323a035746",  # MCOPSTNEAU, Australia
    "1346d5e6-15a6-4b88-9693-806ff7296a7a",  # PSTN5_US
    "9a0125a5-c8f8-4526-b231-49e2abe0ebce",  # a small domestic calling plan
}
"""Microsoft as the carrier: whoever holds one can call outside."""

COMMUNICATIONS_CREDITS = frozenset({"505e180f-f7e0-4b65-91d4-00d670bbd18c"})  # MCOPSTNC
"""Prepaid minutes for what calling plans do not include; by itself no calling plan."""

KNOWN_PHONE_PLANS = PHONE_PLANS | RESOURCE_ACCOUNT_PLANS


def looks_like_unknown_phone_plan(plan: ServicePlan) -> bool:
    """Whether a plan is named like a phone plan under an id that nothing here knows: it is not counted, and shown."""
    name = plan.name.strip().upper()
    return plan.id not in KNOWN_PHONE_PLANS and (name.startswith("MCOEV") or "VIRTUALUSER" in name)
