"""What is special of the store on Azure: what is fetched, what goes wrong there, and what is said of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from azure.core.exceptions import ServiceResponseError
from azure.core.pipeline.transport import HttpTransport, RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse
from azure.identity import CredentialUnavailableError
from azure.storage.blob import LinearRetry

from shared.model.errors import DocumentUnreadable, StoreError
from shared.model.secret import Secret
from shared.model.tenant import TenantState
from shared.settings_storage import StorageConnection
from shared.state.blob import BlobStore
from shared.state.container import BlobContainer
from shared.state.document import decode, unpack
from shared.state.store import commit
from shared.storage.connection import blob_service

if TYPE_CHECKING:
    from tests.state.conftest import Container

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
KEY = "c2VjcmV0c2VjcmV0c2VjcmV0"
AT_ONCE = LinearRetry(backoff=0, retry_total=2, random_jitter_range=0)

Lose = Callable[[HttpRequest], bool]


class Watched(HttpTransport[Any, Any]):
    """Counts requests and the bytes of answers by method, and loses the answers that a test says."""

    def __init__(self, lose: Lose = lambda _: False) -> None:
        self._inner = RequestsTransport()
        self._lose = lose
        self.requests: Counter[str] = Counter()

    def send(self, request: HttpRequest, **options: Any) -> HttpResponse:  # noqa: ANN401 - the SDK's own
        answer: HttpResponse = self._inner.send(request, **options)
        self.requests[f"{request.method} {answer.status_code}"] += 1
        if self._lose(request):
            answer.close()
            raise ServiceResponseError("the answer was lost")
        return answer

    def open(self) -> None:
        self._inner.open()

    def close(self) -> None:
        self._inner.close()

    def __exit__(self, *error: object) -> None:
        self.close()


class First:
    """Meets the first request of a method, and no other."""

    def __init__(self, method: str) -> None:
        self._method = method
        self._met = False

    def __call__(self, request: HttpRequest) -> bool:
        first = request.method == self._method and not self._met
        self._met = self._met or first
        return first


def one_more(state: TenantState) -> TenantState:
    return msgspec.structs.replace(state, entitled=(state.entitled or 0) + 1)


def opened(connection: StorageConnection, container: str, watched: Watched) -> BlobStore:
    return BlobStore(lambda: blob_service(connection, transport=watched, retry_policy=AT_ONCE), container)


def changed(connection: StorageConnection, pattern: str, into: str) -> StorageConnection:
    assert connection.connection_string is not None
    return StorageConnection(connection_string=Secret(re.sub(pattern, into, connection.connection_string.reveal())))


async def test_a_tenants_document_is_one_packed_blob(container: Container) -> None:
    await commit(container.open(), TENANT, one_more)
    assert list(container.client.list_blob_names()) == [f"{TENANT}.json.gz"]
    packed = container.client.download_blob(f"{TENANT}.json.gz").readall()
    assert decode(unpack(packed), TENANT) == TenantState(tenant=TENANT, entitled=1)


async def test_a_document_that_is_known_is_not_fetched_again(
    connection: StorageConnection, container: Container
) -> None:
    watched = Watched()
    store = opened(connection, container.name, watched)
    await commit(store, TENANT, one_more)
    watched.requests.clear()
    first, second = await store.load(TENANT), await store.load(TENANT)
    assert first == second
    assert watched.requests == {"GET 304": 2}
    await commit(container.open(), TENANT, one_more)
    assert (await store.load(TENANT)).state.entitled == 2


async def test_one_compare_and_swap_of_a_known_document_is_two_requests(
    connection: StorageConnection, container: Container
) -> None:
    watched = Watched()
    store = opened(connection, container.name, watched)
    for _ in range(2):
        await commit(store, TENANT, one_more)
    watched.requests.clear()
    await commit(store, TENANT, one_more)
    assert watched.requests == {"GET 304": 1, "PUT 201": 1}


async def test_a_save_whose_answer_was_lost_is_known_as_done_and_not_done_twice(
    connection: StorageConnection, container: Container
) -> None:
    for _ in range(2):  # the first save of all, and one of a version
        watched = Watched(lose=First("PUT"))
        await commit(opened(connection, container.name, watched), TENANT, one_more)
        assert sum(count for kind, count in watched.requests.items() if kind.startswith("PUT")) > 1
    assert (await container.open().load(TENANT)).state.entitled == 2


async def test_a_claim_whose_answer_was_lost_is_known_as_taken(
    connection: StorageConnection, container: Container
) -> None:
    store = opened(connection, container.name, Watched(lose=First("PUT")))
    assert await store.claim(TENANT, "telling", now=NOW, until=NOW + timedelta(days=1))
    assert not await container.open().claim(TENANT, "telling", now=NOW, until=NOW + timedelta(days=1))


async def test_a_container_that_is_not_there_is_named_and_what_to_do(connection: StorageConnection) -> None:
    store = BlobStore(lambda: blob_service(connection), "nobody-made-this")
    for work in (store.load(TENANT), store.save(TenantState(tenant=TENANT), ""), store.kept(TENANT)):
        with pytest.raises(StoreError) as refused:
            await work
        assert str(refused.value) == (
            "LINEKEEPER_STORE: container nobody-made-this: it is not there: create it in the storage account."
        )


async def test_whoever_may_not_is_told_which_role_is_needed_and_no_secret(
    connection: StorageConnection, container: Container
) -> None:
    wrong = changed(connection, "AccountKey=[^;]+", f"AccountKey={KEY}")
    with pytest.raises(
        StoreError, match=r"refused it \(403 \w+\): the identity needs the role Storage Blob"
    ) as refused:
        await BlobStore(lambda: blob_service(wrong), container.name).load(TENANT)
    assert KEY not in str(refused.value)


async def test_an_account_that_cannot_be_reached_is_said_to_be_so(connection: StorageConnection) -> None:
    away = changed(connection, r"127\.0\.0\.1:\d+", "127.0.0.1:9")
    store = BlobStore(lambda: blob_service(away, retry_policy=AT_ONCE), "linekeeper")
    with pytest.raises(StoreError, match=r"cannot be reached \(ServiceRequestError\)") as refused:
        await store.load(TENANT)
    assert "127.0.0.1" not in str(refused.value)


async def test_storage_that_is_busy_is_asked_again_by_the_next_timer(
    connection: StorageConnection, container: Container
) -> None:
    store = opened(connection, container.name, Watched(lose=lambda _: True))
    with pytest.raises(StoreError, match=r"cannot be reached \(ServiceResponseError\)"):
        await store.load(TENANT)


async def test_without_an_identity_the_remedy_is_to_give_one() -> None:
    class Nobody:
        def get_token(self, *_: str, **__: object) -> None:
            raise CredentialUnavailableError("no managed identity endpoint found")

    connection = StorageConnection(blob_url="https://lines.blob.core.windows.net")
    store = BlobStore(lambda: blob_service(connection, credential=Nobody()), "linekeeper")
    with pytest.raises(StoreError, match=r"no identity was found .*: give the app a managed identity"):
        await store.load(TENANT)


async def test_what_ran_out_of_time_is_said_in_words(connection: StorageConnection, container: Container) -> None:
    def late(_: BlobContainer) -> None:
        raise TimeoutError

    with pytest.raises(StoreError, match="did not answer in time; the next timer tries again"):
        await BlobContainer(lambda: blob_service(connection), container.name, 1).run(late)


async def test_a_blob_that_is_larger_than_a_document_is_not_fetched(
    connection: StorageConnection, container: Container
) -> None:
    container.client.upload_blob("document", b"12345")
    small = BlobContainer(lambda: blob_service(connection), container.name, 4)
    with pytest.raises(DocumentUnreadable, match="has 5 bytes, and at most 4 are read; it is left as it is"):
        await small.run(lambda each: each.fetch("document"))


async def test_a_look_tells_whether_the_document_can_be_read_and_written_and_changes_nothing(
    container: Container,
) -> None:
    store = container.open()
    await store.look(TENANT)
    assert list(container.client.list_blob_names()) == []
    await commit(store, TENANT, one_more)
    before = container.found()
    await store.look(TENANT)
    assert container.found() == before
    container.lay(b"spoilt")
    with pytest.raises(DocumentUnreadable):
        await store.look(TENANT)


async def test_an_instance_whose_clock_is_wrong_keeps_the_same_documents_under_the_same_names(
    container: Container,
) -> None:
    for _ in range(2):
        await commit(container.open(), TENANT, one_more)
    (kept,) = await container.open().kept(TENANT)
    blob = container.client.get_blob_client(f"{TENANT}/versions/{kept.name}.json.gz")
    assert abs(kept.saved - blob.get_blob_properties().last_modified) < timedelta(minutes=1)
