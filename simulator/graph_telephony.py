"""Telephone numbers and Teams user configurations as Graph's v1.0 lists them.

Imitates the reference pages "List numberAssignments", "List userConfigurations" and "Get teamsUserConfiguration". The
page of the numbers names ``$filter``, ``$top`` (default 500, at most 1,000) and ``$skip``; that a listing goes on with
a nextLink even where ``$top`` is given, and the size of a page of user configurations, are assumptions.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import msgspec

from simulator.directory import SimulatedTenant
from simulator.exchange import GraphAnswer, GraphRequest, not_found
from simulator.listings import Printed, matching, only, page_size, skipped
from simulator.odata import Filterable
from simulator.records import User
from simulator.telephony import NumberAssignment, UserConfiguration, number_properties

NUMBERS = "admin/teams/telephoneNumberManagement/numberAssignments"
CONFIGURATIONS = "admin/teams/userConfigurations"

_COLLECTIONS = ("capabilities", "supportedCustomerActions", "reverseNumberLookupOptions")
# "All fields from the number assignments can be filtered except id and city."
_NUMBER_FILTERABLE = Filterable(
    texts=frozenset(number_properties()) - {"id", "city", *_COLLECTIONS},
    collections=dict.fromkeys(_COLLECTIONS),
)
_CONFIGURATION_FILTERABLE = Filterable(texts=frozenset({"id", "userPrincipalName"}))
_CONFIGURATION_PROPERTIES = (
    "id",
    "tenantId",
    "userPrincipalName",
    "accountType",
    "featureTypes",
    "isEnterpriseVoiceEnabled",
    "telephoneNumbers",
    "effectivePolicyAssignments",
    "createdDateTime",
    "modifiedDateTime",
)
_LARGEST_PAGE = 1_000
_LARGEST_CONFIGURATION_PAGE = 999
_EVERY_MEMBER = "include-unknown-enum-members"


class _Configured(msgspec.Struct, frozen=True):
    """A user's configuration with what is printed beside it."""

    user: User
    configuration: UserConfiguration
    numbers: tuple[NumberAssignment, ...]


class TelephonyRoutes:
    """The routes below ``admin/teams``.

    Attributes:
        number_page_size: Numbers on a page when the request names no ``$top``.
        configuration_page_size: User configurations on a page when the request names no ``$top``.
        listing_lag: Seconds until a change shows in both listings, by the tenant's clock.
        read_lag: Seconds until a change shows where one configuration is read, by the tenant's clock.
    """

    def __init__(self, tenant: SimulatedTenant) -> None:
        self.number_page_size = 500
        self.configuration_page_size = 100
        self.listing_lag = 0.0
        self.read_lag = 0.0
        self._tenant = tenant

    def list_numbers(self, request: GraphRequest) -> GraphAnswer:
        """``GET admin/teams/telephoneNumberManagement/numberAssignments``."""
        request.allow("$filter", "$top", "$skip")
        size, start = page_size(request, self.number_page_size, _LARGEST_PAGE), skipped(request)
        numbers = self._tenant.seen_after(self._tenant.numbers, self.listing_lag)
        properties = number_properties()
        found = list(matching(request, numbers.values(), _NUMBER_FILTERABLE, lambda each: Printed(each, properties)))
        body = _head(request, NUMBERS, start + size, len(found))
        body["value"] = [msgspec.to_builtins(each) for each in found[start : start + size]]
        return GraphAnswer(200, body)

    def list_configurations(self, request: GraphRequest) -> GraphAnswer:
        """``GET admin/teams/userConfigurations``."""
        request.allow("$select", "$filter", "$top", "$skip")
        select = request.selected(_CONFIGURATION_PROPERTIES) or _CONFIGURATION_PROPERTIES
        size, start = page_size(request, self.configuration_page_size, _LARGEST_CONFIGURATION_PAGE), skipped(request)
        found = list(
            matching(
                request,
                self._configured(self.listing_lag).values(),
                _CONFIGURATION_FILTERABLE,
                lambda each: {"id": each.user.id, "userPrincipalName": each.user.user_principal_name},
            )
        )
        body = _head(request, CONFIGURATIONS, start + size, len(found))
        body["value"] = [only(self._printed(request, each), select) for each in found[start : start + size]]
        return GraphAnswer(200, body)

    def get_configuration(self, request: GraphRequest, key: str) -> GraphAnswer:
        """``GET admin/teams/userConfigurations/{id}``; Graph's words for an unknown id are an assumption."""
        request.allow("$select")
        select = request.selected(_CONFIGURATION_PROPERTIES) or _CONFIGURATION_PROPERTIES
        found = self._configured(self.read_lag).get(key.lower())
        if found is None:
            raise not_found(key)
        context = f"{request.root}/$metadata#{CONFIGURATIONS}/$entity"
        return GraphAnswer(200, {"@odata.context": context} | only(self._printed(request, found), select))

    def _configured(self, lag: float) -> dict[str, _Configured]:
        """The configurations of users that are there; those in the deleted items have none."""
        users = self._tenant.seen_after(self._tenant.users, lag)
        numbers: Mapping[str, list[NumberAssignment]] = defaultdict(list)
        for number in self._tenant.seen_after(self._tenant.numbers, lag).values():
            if number.assignment_target_id is not None:
                numbers[number.assignment_target_id].append(number)
        return {
            user_id: _Configured(users[user_id], configuration, tuple(numbers.get(user_id, ())))
            for user_id, configuration in self._tenant.seen_after(self._tenant.configurations, lag).items()
            if user_id in users
        }

    def _printed(self, request: GraphRequest, found: _Configured) -> dict[str, Any]:
        configuration = found.configuration
        account_type: str = configuration.account_type
        if account_type == "ineligibleUser" and _EVERY_MEMBER not in request.headers.get("prefer", ""):
            # The last member of an evolvable enumeration is told only to those who ask for it.
            account_type = "unknownFutureValue"
        return {
            "id": found.user.id,
            "tenantId": self._tenant.tenant_id,
            "userPrincipalName": found.user.user_principal_name,
            "accountType": account_type,
            "featureTypes": list(configuration.feature_types),
            "isEnterpriseVoiceEnabled": configuration.enterprise_voice,
            "telephoneNumbers": [
                {"telephoneNumber": each.telephone_number, "assignmentCategory": each.assignment_category}
                for each in found.numbers
            ],
            "effectivePolicyAssignments": msgspec.to_builtins(configuration.policies),
            "createdDateTime": msgspec.to_builtins(configuration.created),
            "modifiedDateTime": msgspec.to_builtins(configuration.modified),
        }


def _head(request: GraphRequest, path: str, end: int, total: int) -> dict[str, Any]:
    body = {"@odata.context": f"{request.root}/$metadata#{path}"}
    if end < total:
        others = {name.removeprefix("$"): value for name, value in request.query.items() if name != "$skip"}
        body["@odata.nextLink"] = request.link(request.path, **others, skip=str(end))
    return body
