"""The SKUs that matter to Teams Phone resource accounts, as Microsoft publishes them.

Source: "Product names and service plan identifiers for licensing" (Microsoft Entra documentation), values trimmed and
GUIDs lower-cased. The table is a hint for what plans alone cannot tell apart (rooms, shared devices); what a tenant's
SKU really contains is in its own `subscribedSkus`, and where the two differ the tenant wins.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal[
    "resource_account",
    "phone_standard",
    "phone_with_calling_plan",
    "shared_device",
    "bundle",
    "teams_rooms",
    "phone_mobile",
]


class PhoneSku(msgspec.Struct, frozen=True):
    """A published SKU. `part_number` is for people; only `id` is a key."""

    id: str
    part_number: str
    kind: Kind


PHONE_SKUS: tuple[PhoneSku, ...] = (
    PhoneSku("440eaaa8-b3e0-484b-a8be-62870b9ba70a", "PHONESYSTEM_VIRTUALUSER", "resource_account"),
    PhoneSku("0e142028-345e-45da-8d92-8bfd4093bbb9", "PHONESYSTEM_VIRTUALUSER_FACULTY", "resource_account"),
    PhoneSku("2cf22bcb-0c9e-4bc6-8daf-7e7654c0f285", "PHONESYSTEM_VIRTUALUSER_GOV", "resource_account"),
    PhoneSku("e3f0522e-ebb7-4561-9f90-b44516d65b77", "PHONESYSTEM_VIRTUALUSER_USGOV_GCCHIGH", "resource_account"),
    PhoneSku("e43b5b99-8dfb-405f-9987-dc307f34bcbd", "MCOEV", "phone_standard"),
    PhoneSku("d01d9287-694b-44f3-bcc5-ada78c8d953e", "MCOEV_DOD", "phone_standard"),
    PhoneSku("d979703c-028d-4de5-acbf-7955566b69b9", "MCOEV_FACULTY", "phone_standard"),
    PhoneSku("7035277a-5e49-4abc-a24f-0ec49c501bb5", "MCOEV_GCCHIGH", "phone_standard"),
    PhoneSku("a460366a-ade7-4791-b581-9fbff1bdaa85", "MCOEV_GOV", "phone_standard"),
    PhoneSku("1f338bbc-767e-4a1e-a2d4-b73207cc5b93", "MCOEV_STUDENT", "phone_standard"),
    PhoneSku("ffaf2d68-1c95-4eb3-9ddd-59b81fba0f61", "MCOEV_TELSTRA", "phone_standard"),
    PhoneSku("b0e7de67-e503-4934-b729-53d595ba5cd1", "MCOEV_USGOV_DOD", "phone_standard"),
    PhoneSku("985fcb26-7b94-475b-b512-89356697be71", "MCOEV_USGOV_GCCHIGH", "phone_standard"),
    PhoneSku("aa6791d3-bb09-4bc2-afed-c30c3fe26032", "MCOEVSMB_1", "phone_standard"),
    PhoneSku("ae2343d1-0999-43f6-ae18-d816516f6e78", "MCOTEAMS_ESSENTIALS", "phone_with_calling_plan"),
    PhoneSku("295a8eb0-f78d-45c7-8b5b-1eed5ed02dff", "MCOCAP", "shared_device"),
    PhoneSku("420c7602-7f70-4895-9394-d3d679ea36fb", "MCOCAP_FACULTY", "shared_device"),
    PhoneSku("b1511558-69bd-4e1b-8270-59ca96dba0f3", "MCOCAP_GOV", "shared_device"),
    PhoneSku("e5a17adf-8f0d-4b57-bc14-d331235f9307", "BUSINESS_VOICE", "bundle"),
    PhoneSku("d52db95a-5ecb-46b6-beb0-190ab5cda4a8", "BUSINESS_VOICE_DIRECTROUTING", "bundle"),
    PhoneSku("8330dae3-d349-44f7-9cad-1b23c64baabe", "BUSINESS_VOICE_DIRECTROUTING_MED", "bundle"),
    PhoneSku("a6051f20-9cbc-47d2-930d-419183bf6cf1", "BUSINESS_VOICE_MED2", "bundle"),
    PhoneSku("c42b9cae-ea4f-4ab7-9717-81576235ccac", "DEVELOPERPACK_E5", "bundle"),
    PhoneSku("c7df2760-2c81-4ef7-b578-5b5392b571df", "ENTERPRISEPREMIUM", "bundle"),
    PhoneSku("a4585165-0533-458a-97e3-c400570268c4", "ENTERPRISEPREMIUM_FACULTY", "bundle"),
    PhoneSku("8900a2c0-edba-4079-bdf3-b276e293b6a8", "ENTERPRISEPREMIUM_GOV", "bundle"),
    PhoneSku("26d45bd9-adf1-46cd-a9e1-51e9a5524128", "ENTERPRISEPREMIUM_NOPSTNCONF", "bundle"),
    PhoneSku("1341559b-49df-443c-8e79-fa604fed2d82", "ENTERPRISEPREMIUM_NOPSTNCONF_NOPBI_GOV", "bundle"),
    PhoneSku("ee656612-49fa-43e5-b67e-cb1fdf7699df", "ENTERPRISEPREMIUM_STUDENT", "bundle"),
    PhoneSku("e2be619b-b125-455f-8660-fb503e431a5d", "M365_G5_GCC", "bundle"),
    PhoneSku("b0f809d5-a662-4391-a5aa-136e9c565b9d", "M365_G5_GOV", "bundle"),
    PhoneSku("e97c048c-37a4-45fb-ab50-922fbf07a370", "M365EDU_A5_FACULTY", "bundle"),
    PhoneSku("46c119d4-0379-4a9d-85e4-97c66d3f909e", "M365EDU_A5_STUDENT", "bundle"),
    PhoneSku("db684ac5-c0e7-4f92-8284-ef9ebde75d33", "Microsoft_365_E5", "bundle"),
    PhoneSku("18a4bd3f-0b5b-4887-b04f-61dd0ee15f5e", "Microsoft_365_E5_(no_Teams)", "bundle"),
    PhoneSku("6ee4114a-9b2d-4577-9e7a-49fa43d222d3", "Microsoft_365_E5_EEA_(no_Teams)_with_Calling_Minutes", "bundle"),
    PhoneSku(
        "90277bc7-a6fe-4181-99d8-712b08b8d32b", "Microsoft_365_E5_EEA_(no_Teams)_without_Audio_Conferencing", "bundle"
    ),
    PhoneSku(
        "a640eead-25f6-4bec-97e3-23cfd382d7c2",
        "Microsoft_365_E5_EEA_(no_Teams)_without_Audio_Conferencing_(500_seats_min)_HUB",
        "bundle",
    ),
    PhoneSku("2113661c-6509-4034-98bb-9c47bd28d63c", "Microsoft_365_E5_without_Audio_Conferencing", "bundle"),
    PhoneSku("9a18296a-025f-4e37-9ffa-30bf8d1ce775", "MICROSOFT_365_E7", "bundle"),
    PhoneSku("3271cf8e-2be5-4a09-a549-70fd05baaa17", "O365_w/o_Teams_Bundle_M5", "bundle"),
    PhoneSku("1e988bf3-8b7c-4731-bec0-4e2a2946600c", "O365_w/o_Teams_Bundle_M5_(500_seats_min)_HUB", "bundle"),
    PhoneSku(
        "71772aeb-4bb8-4f74-9dd4-36c7a9b5ca74", "Office_365_E5_EEA_(no_Teams)_without_Audio_Conferencing", "bundle"
    ),
    PhoneSku("cf50bae9-29e8-4775-b07c-56ee10e3776d", "Office_365_w/o_Teams_Bundle_E5", "bundle"),
    PhoneSku("06ebc4ee-1bb5-47dd-8120-11324bc54e06", "SPE_E5", "bundle"),
    PhoneSku("a91fc4e0-65e5-4266-aa76-4037509c1626", "SPE_E5_CALLINGMINUTES", "bundle"),
    PhoneSku("cd2925a3-5076-4233-8931-638a8c94f773", "SPE_E5_NOPSTNCONF", "bundle"),
    PhoneSku("4eb45c5b-0d19-4e33-b87c-adfc25268f20", "SPE_E5_USGOV_GCCHIGH", "bundle"),
    PhoneSku("6070a4c8-34c6-4937-8dfb-39bbc6397a60", "MEETING_ROOM", "teams_rooms"),
    PhoneSku("9571e9ac-2741-4b63-95fd-a79696f0d0ac", "MEETING_ROOM_GOV", "teams_rooms"),
    PhoneSku("b4348f75-a776-4061-ac6c-36b9016b01d1", "MEETING_ROOM_GOV_NOAUDIOCONF", "teams_rooms"),
    PhoneSku("61bec411-e46a-4dab-8f46-8b58ec845ffe", "MEETING_ROOM_NOAUDIOCONF", "teams_rooms"),
    PhoneSku("4cde982a-ede4-4409-9ae6-b003453c8ea6", "Microsoft_Teams_Rooms_Pro", "teams_rooms"),
    PhoneSku("c25e2b36-e161-4946-bef2-69239729f690", "Microsoft_Teams_Rooms_Pro_FAC", "teams_rooms"),
    PhoneSku("31ecb341-2a17-483e-9140-c473006d1e1a", "Microsoft_Teams_Rooms_Pro_GCC", "teams_rooms"),
    PhoneSku(
        "21943e3a-2429-4f83-84c1-02735cd49e78", "Microsoft_Teams_Rooms_Pro_without_Audio_Conferencing", "teams_rooms"
    ),
    PhoneSku("4fb214cb-a430-4a91-9c91-4976763aa78f", "MTR_PREM", "teams_rooms"),
    PhoneSku("b84d58c9-0a0d-46cf-8a4b-d9f23c1674d5", "Operator_Connect_Mobile", "phone_mobile"),
)
