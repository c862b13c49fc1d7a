"""Which application permission each route needs, by its name in Graph's permissions reference.

The least of the permissions that suffice; where the service reads a route with a wider one, the wider one is named.
For ``getByIds`` the reference names Directory.Read.All and says that objects whose kind may not be read come with
little in them; that users come whole with User.Read.All, and groups with their names, is an assumption.
"""

from collections.abc import Mapping
from typing import Final

PERMISSIONS: Final[Mapping[str, frozenset[str]]] = {
    "User.Read.All": frozenset(
        {
            "GET users",
            "GET users/delta",
            "GET users/{id}",
            "POST directoryObjects/getByIds",
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
