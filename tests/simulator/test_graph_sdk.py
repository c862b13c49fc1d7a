"""The stand-in is close enough to the real service for the real client library."""

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiohttp import web
from azure.core.credentials import AccessToken
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.subscription import Subscription
from msgraph_core import GraphClientFactory

from simulator import SimulatorServer, StatusFault
from simulator.contoso import DEPARTMENT_MARKER, RESOURCE_ACCOUNT, user_id

LINE = user_id("AA Main Line Seattle")

# The library imports its request builders when they are first used, and they define classes that it deprecated itself.
pytestmark = [
    pytest.mark.filterwarnings("ignore:GetQueryParameters is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:This class is deprecated. Please use the generic:DeprecationWarning"),
]


class DevelopmentCredential:
    async def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        return AccessToken("development", int(time.time()) + 3600)

    async def close(self) -> None:
        pass


def provider() -> Any:  # noqa: ANN401 - the library is not type-checked
    return AzureIdentityAuthenticationProvider(
        DevelopmentCredential(), scopes=["https://graph.microsoft.com/.default"], allowed_hosts=["127.0.0.1"]
    )


@pytest_asyncio.fixture
async def adapter(server: SimulatorServer) -> AsyncIterator[Any]:
    async with httpx.AsyncClient() as client:
        made = GraphRequestAdapter(provider(), client=client)
        made.base_url = server.graph_url
        yield made


@pytest.fixture
def client(adapter: Any) -> Any:  # noqa: ANN401 - the library is not type-checked
    return GraphServiceClient(request_adapter=adapter)


def native() -> list[Any]:
    return [ResponseHandlerOption(NativeResponseHandler())]


async def test_users_are_filtered_and_paged(client: Any) -> None:  # noqa: ANN401 - as above
    query = client.users.UsersRequestBuilderGetQueryParameters(
        filter=f"department eq '{DEPARTMENT_MARKER}'", select=["id", "displayName", "assignedLicenses"], top=60
    )
    first = await client.users.get(request_configuration=RequestConfiguration(query_parameters=query))
    second = await client.users.with_url(first.odata_next_link).get()
    assert len(first.value) + len(second.value) == 90
    assert second.odata_next_link is None
    assert any(str(licence.sku_id) == RESOURCE_ACCOUNT for user in first.value for licence in user.assigned_licenses)


async def test_a_delta_query_reports_a_lost_licence(server: SimulatorServer, client: Any) -> None:  # noqa: ANN401 - as above
    query = client.users.delta.DeltaRequestBuilderGetQueryParameters(select=["id", "assignedLicenses"])
    round_ = await client.users.delta.get(request_configuration=RequestConfiguration(query_parameters=query))
    assert len(round_.value) == len(server.tenant.users)
    server.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    round_ = await client.users.delta.with_url(round_.odata_delta_link).get()
    assert [(user.id, user.assigned_licenses) for user in round_.value] == [(LINE, [])]


async def test_skus_and_purchases_are_read(client: Any) -> None:  # noqa: ANN401 - as above
    skus = (await client.subscribed_skus.get()).value
    assert {str(sku.sku_id): sku.prepaid_units.enabled for sku in skus}[RESOURCE_ACCOUNT] == 85
    purchases = (await client.directory.subscriptions.get()).value
    assert {purchase.sku_id: purchase.total_licenses for purchase in purchases}[RESOURCE_ACCOUNT] == 85


async def test_numbers_are_filtered_and_paged(client: Any) -> None:  # noqa: ANN401 - as above
    numbers = client.admin.teams.telephone_number_management.number_assignments
    query = numbers.NumberAssignmentsRequestBuilderGetQueryParameters(
        filter="assignmentStatus eq 'voiceApplicationAssigned'", top=10
    )
    first = await numbers.get(request_configuration=RequestConfiguration(query_parameters=query))
    second = await numbers.with_url(first.odata_next_link).get()
    found = {number.assignment_target_id: number for number in first.value + second.value}
    assert len(found) == 15
    assert found[LINE].telephone_number == "+14255550100"
    assert found[LINE].activation_state.value == "activated"
    assert [capability.value for capability in found[LINE].capabilities] == [
        "conferenceAssignment",
        "voiceApplicationAssignment",
    ]


async def test_user_configurations_are_read(client: Any) -> None:  # noqa: ANN401 - as above
    configurations = client.admin.teams.user_configurations
    person = await configurations.by_teams_user_configuration_id(user_id("Adele Archer")).get()
    assert (person.is_enterprise_voice_enabled, person.account_type.value) == (True, "user")
    assert person.telephone_numbers[0].telephone_number == "+14255550110"
    assert person.effective_policy_assignments[0].policy_assignment.display_name == "AllowCalling"
    assert len((await configurations.get()).value) == 48


async def test_a_throttled_request_is_tried_again_by_the_library(server: SimulatorServer) -> None:
    fault = StatusFault(route="GET subscribedSkus", status=429, retry_after=1, retry_after_as="date", times=1)
    server.graph.faults.add(fault)
    # The library puts its middleware around the transport, and never closes what is inside.
    async with httpx.AsyncHTTPTransport() as transport:
        retrying = GraphClientFactory.create_with_default_middleware(client=httpx.AsyncClient(transport=transport))
        adapter = GraphRequestAdapter(provider(), client=retrying)
        adapter.base_url = server.graph_url
        assert len((await GraphServiceClient(request_adapter=adapter).subscribed_skus.get()).value) == 3
    assert server.graph.requests["GET subscribedSkus"] == 2


async def test_deleted_users_are_read(server: SimulatorServer, client: Any) -> None:  # noqa: ANN401 - as above
    server.tenant.soft_delete(LINE)
    assert [user.id for user in (await client.directory.deleted_items.graph_user.get()).value] == [LINE]


async def test_an_error_becomes_the_librarys_error(client: Any) -> None:  # noqa: ANN401 - as above
    with pytest.raises(ODataError) as raised:
        await client.users.by_user_id("nobody").get()
    assert raised.value.response_status_code == 404
    assert raised.value.error.code == "Request_ResourceNotFound"


async def test_a_native_response_is_returned_as_it_is(client: Any) -> None:  # noqa: ANN401 - as above
    response = await client.users.by_user_id("nobody").get(request_configuration=RequestConfiguration(options=native()))
    assert isinstance(response, httpx.Response)
    assert response.status_code == 404


async def test_a_batch_goes_through_the_adapter_as_raw_json(adapter: Any) -> None:  # noqa: ANN401 - as above
    body = {"requests": [{"id": "1", "method": "GET", "url": f"/users/{LINE}?$select=id"}]}
    request = RequestInformation(Method.POST, "{+baseurl}/$batch", {})
    request.headers.add("Content-Type", "application/json")
    request.content = json.dumps(body).encode()
    request.add_request_options(native())
    response = await adapter.send_primitive_async(request, "bytes", {})
    assert isinstance(response, httpx.Response)
    assert response.json()["responses"][0]["body"]["id"] == LINE


async def test_a_subscription_is_created_listed_and_deleted(client: Any) -> None:  # noqa: ANN401 - as above
    async def echo(request: web.Request) -> web.Response:
        return web.Response(text=request.query["validationToken"])

    application = web.Application()
    application.router.add_post("/api/notifications", echo)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        wanted = Subscription(
            change_type="updated,deleted",
            resource="users",
            notification_url=f"http://127.0.0.1:{runner.addresses[0][1]}/api/notifications",
            expiration_date_time=datetime.now(UTC) + timedelta(days=20),
            client_state="a secret of thirty-two characters",
        )
        created = await client.subscriptions.post(wanted)
        assert [held.id for held in (await client.subscriptions.get()).value] == [created.id]
        await client.subscriptions.by_subscription_id(created.id).delete()
        assert (await client.subscriptions.get()).value == []
    finally:
        await runner.cleanup()
