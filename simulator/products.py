"""Products that tenants buy for calls, with the plans in them that decide what a licence is good for.

Ids and part numbers are those of Microsoft's "Product names and service plan identifiers for licensing". A bundle's
other plans, dozens of them, are left out: nothing here depends on them.
"""

from typing import Final, NamedTuple

from simulator.records import ServicePlan

_CALLS = "MicrosoftCommunicationsOnline"

TEAMS: Final = ServicePlan("57ff2da0-773e-42df-b2af-ffb7a2317929", "TEAMS1", "TeamspaceAPI")
TEAMS_GOV: Final = ServicePlan("304767db-7d23-49e8-a945-4a7eb65f9f28", "TEAMS_GOV", "TeamspaceAPI")
PHONE: Final = ServicePlan("4828c8ec-dc2e-4779-b502-87ac9ce28ab7", "MCOEV", _CALLS)
PHONE_GOV: Final = ServicePlan("db23fce2-a974-42ef-9002-d78dd42a0f22", "MCOEV_GOV", _CALLS)
VIRTUAL_USER: Final = ServicePlan("f47330e9-c134-43b3-9993-e7f004506889", "MCOEV_VIRTUALUSER", _CALLS)
VIRTUAL_USER_GOV: Final = ServicePlan("0628a73f-3b4a-4989-bd7b-0f8823144313", "MCOEV_VIRTUALUSER_GOV", _CALLS)
CALLING_PLAN: Final = ServicePlan("4ed3ff63-69d7-4fb7-b984-5aec7f605ca8", "MCOPSTN1", _CALLS)
ROOM_STANDARD: Final = ServicePlan("92c6b761-01de-457a-9dd9-793a975238f7", "Teams_Room_Standard", "TeamspaceAPI")
ROOMS_PRO: Final = ServicePlan("0374d34c-6be4-4dbb-b3f0-26105db0b28a", "Teams_Rooms_Pro", "TeamspaceAPI")
_EXCHANGE = ServicePlan("efb87545-963c-4e0d-99df-69c6916d9eb0", "EXCHANGE_S_ENTERPRISE", "exchange")
_SHAREPOINT = ServicePlan("5dbe027f-2339-4123-9542-606e4d348a72", "SHAREPOINTENTERPRISE", "SharePoint")


class Product(NamedTuple):
    """What a SKU is: its id, its part number and its plans."""

    sku_id: str
    part_number: str
    plans: tuple[ServicePlan, ...]


E3 = Product("6fd2c87f-b296-42f0-b197-1e91e994b900", "ENTERPRISEPACK", (TEAMS, _EXCHANGE, _SHAREPOINT))
E5 = Product("06ebc4ee-1bb5-47dd-8120-11324bc54e06", "SPE_E5", (TEAMS, PHONE, _EXCHANGE, _SHAREPOINT))
G5 = Product("e2be619b-b125-455f-8660-fb503e431a5d", "M365_G5_GCC", (TEAMS_GOV, PHONE_GOV))
E5_GCC_HIGH = Product("4eb45c5b-0d19-4e33-b87c-adfc25268f20", "SPE_E5_USGOV_GCCHIGH", (PHONE,))
A5_FACULTY = Product("e97c048c-37a4-45fb-ab50-922fbf07a370", "M365EDU_A5_FACULTY", (TEAMS, PHONE, _EXCHANGE))
A5_STUDENT = Product("46c119d4-0379-4a9d-85e4-97c66d3f909e", "M365EDU_A5_STUDENT", (TEAMS, PHONE, _EXCHANGE))

PHONE_STANDARD = Product("e43b5b99-8dfb-405f-9987-dc307f34bcbd", "MCOEV", (PHONE,))
PHONE_STANDARD_GOV = Product("a460366a-ade7-4791-b581-9fbff1bdaa85", "MCOEV_GOV", (PHONE_GOV,))
PHONE_STANDARD_GCC_HIGH = Product("7035277a-5e49-4abc-a24f-0ec49c501bb5", "MCOEV_GCCHIGH", (PHONE,))
PHONE_STANDARD_FACULTY = Product("d979703c-028d-4de5-acbf-7955566b69b9", "MCOEV_FACULTY", (PHONE,))

SHARED_DEVICES = Product("295a8eb0-f78d-45c7-8b5b-1eed5ed02dff", "MCOCAP", (TEAMS, PHONE))
SHARED_DEVICES_GOV = Product("b1511558-69bd-4e1b-8270-59ca96dba0f3", "MCOCAP_GOV", (TEAMS_GOV, PHONE_GOV))
SHARED_DEVICES_FACULTY = Product("420c7602-7f70-4895-9394-d3d679ea36fb", "MCOCAP_FACULTY", (TEAMS, PHONE))

TEAMS_ROOMS_PRO = Product(
    "4cde982a-ede4-4409-9ae6-b003453c8ea6", "Microsoft_Teams_Rooms_Pro", (TEAMS, PHONE, ROOMS_PRO)
)
MEETING_ROOM = Product("6070a4c8-34c6-4937-8dfb-39bbc6397a60", "MEETING_ROOM", (TEAMS, PHONE, ROOM_STANDARD))
DOMESTIC_CALLING_PLAN = Product("0dab259f-bf13-4952-b7f8-7db8f131b28d", "MCOPSTN1", (CALLING_PLAN,))

RESOURCE_ACCOUNT = Product("440eaaa8-b3e0-484b-a8be-62870b9ba70a", "PHONESYSTEM_VIRTUALUSER", (VIRTUAL_USER,))
RESOURCE_ACCOUNT_FACULTY = Product(
    "0e142028-345e-45da-8d92-8bfd4093bbb9", "PHONESYSTEM_VIRTUALUSER_FACULTY", (VIRTUAL_USER,)
)
RESOURCE_ACCOUNT_GOV = Product(
    "2cf22bcb-0c9e-4bc6-8daf-7e7654c0f285", "PHONESYSTEM_VIRTUALUSER_GOV", (VIRTUAL_USER_GOV,)
)
# The commercial plan in a government product is no slip of the pen: so it is published.
RESOURCE_ACCOUNT_GCC_HIGH = Product(
    "e3f0522e-ebb7-4561-9f90-b44516d65b77", "PHONESYSTEM_VIRTUALUSER_USGOV_GCCHIGH", (VIRTUAL_USER,)
)
