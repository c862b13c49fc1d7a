"""Contoso's telephone numbers and the Teams configurations of its people.

Numbers come from the ranges that regulators keep free for fiction: 555-01xx in North America, Ofcom's and ComReg's
numbers for drama, the Bundesnetzagentur's and ARCEP's numbers for films, ACMA's for creative works. Countries without
such a range get numbers whose subscriber part begins with zero, which nobody is given (an assumption).
"""

from collections.abc import Sequence

from simulator.directory import SimulatedTenant
from simulator.telephony import EffectivePolicy, NumberType, PolicyAssignment

# A city's prefix; with two digits more it is a number.
_PREFIXES = {
    "Seattle": "+142555501",
    "Chicago": "+131255501",
    "Atlanta": "+140455501",
    "Toronto": "+141655501",
    "London": "+4420794600",
    "Manchester": "+4416149600",
    "Dublin": "+3532091000",
    "Paris": "+331990000",
    "Berlin": "+4930231250",
    "Munich": "+4989999980",
    "Zurich": "+414400001",
    "Madrid": "+349100001",
    "Milan": "+3902000010",
    "Sydney": "+612555000",
    "Lisbon": "+3512100001",
}
# Where the main line's number is not one of Microsoft's.
_PROVIDERS: dict[str, NumberType] = {"Zurich": "directRouting", "Sydney": "operatorConnect"}
_SPARE = ("Seattle", "London", "Berlin")
_FIRST_PERSONAL = 10
_PERSONAL_FEATURES = ("Teams", "AudioConferencing", "PhoneSystem")
_CALLING_POLICY = EffectivePolicy(
    policy_type="TeamsCallingPolicy",
    policy_assignment=PolicyAssignment(display_name="AllowCalling", policy_id="f7593e81-772a-4455-88a3-fc9e5ebc1e4a"),
)


def add_telephony(tenant: SimulatedTenant, cities: Sequence[tuple[str, str]]) -> None:
    """Give every city's main line a number, every person a number and Enterprise Voice, and keep three numbers spare.

    Args:
        tenant: Contoso, with its users.
        cities: The cities' names and countries.
    """
    for city, country in cities:
        line = tenant.find(f"AA Main Line {city}")
        if line is not None:
            provider = _PROVIDERS.get(city, "callingPlan")
            tenant.assign_number(f"{_PREFIXES[city]}00", line.id, number_type=provider, country=country, city=city)
    for city, country in cities:
        if city in _SPARE:
            tenant.acquire_number(f"{_PREFIXES[city]}01", country=country, city=city)
    people = [user for user in tenant.users.values() if user.account_enabled]
    for number, person in enumerate(people):
        city, country = cities[number % len(cities)]
        tenant.assign_number(
            f"{_PREFIXES[city]}{_FIRST_PERSONAL + number // len(cities)}",
            person.id,
            number_type="directRouting",
            country=country,
            status="userAssigned",
            city=city,
        )
        tenant.configure_user(
            person.id, enterprise_voice=True, feature_types=_PERSONAL_FEATURES, policies=(_CALLING_POLICY,)
        )
