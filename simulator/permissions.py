"""Which application permission each route needs, by its name in Graph's permissions reference.

The least of the permissions that suffice; where the service reads a route with a wider one, the wider one is named.
"""

from collections.abc import Mapping
from typing import Final

PERMISSIONS: Final[Mapping[str, frozenset[str]]] = {
    "User.Read.All": frozenset(
        {
            "GET users",
            "GET users/delta",
            "GET users/{id}",
            "GET directory/deletedItems",
            "GET directory/deletedItems/{id}",
            "GET subscriptions",
            "GET subscriptions/{id}",
            "POST subscriptions",
            "PATCH subscriptions/{id}",
            "POST subscriptions/{id}/reauthorize",
            "DELETE subscriptions/{id}",
        }
    ),
    "Organization.Read.All": frozenset({"GET subscribedSkus", "GET directory/subscriptions"}),
    "LicenseAssignment.ReadWrite.All": frozenset({"POST users/{id}/assignLicense"}),
    "TeamsTelephoneNumber.Read.All": frozenset({"GET admin/teams/telephoneNumberManagement/numberAssignments"}),
    "TeamsUserConfiguration.Read.All": frozenset(
        {"GET admin/teams/userConfigurations", "GET admin/teams/userConfigurations/{id}"}
    ),
}
