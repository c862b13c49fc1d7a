"""Many GETs in few requests (Microsoft Graph, "Combine multiple requests in one HTTP call using JSON batching")."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice

import msgspec
from kiota_abstractions.method import Method

from shared.graph.answers import BAD_REQUEST, OK, TOO_MANY_REQUESTS, decode, error_from, error_of, seconds_of
from shared.graph.transport import ATTEMPTS, PATIENCE_SECONDS, UNCERTAIN, GraphTransport, backoff
from shared.graph.wire import WireBatch, WireBatchAnswer
from shared.model.errors import OutOfTime, SourceError, Throttled

LIMIT = 20
"""Requests in one batch."""

ASK_AGAIN = UNCERTAIN | {TOO_MANY_REQUESTS}
"""Statuses of an inner request that may pass: all of them only read."""


async def get_all(
    transport: GraphTransport, paths: Mapping[str, str], *, out_of_time: Callable[[], bool] = lambda: False
) -> dict[str, WireBatchAnswer]:
    """GET many paths, each by an id of its own, and give the answers by id.

    Each inner request is throttled alone: one that is asked to wait a little is asked again with the others like it.

    Args:
        transport: where to send them.
        paths: the path of each id, below the root of Graph.
        out_of_time: whether the time of the read has run out; looked at between batches.

    Raises:
        Throttled: Graph asks to come back later; the longest of its waits.
        OutOfTime: there is more to ask than the time allows.
        SourceError: Graph cannot be reached, or leaves a request unanswered.
    """
    answers: dict[str, WireBatchAnswer] = {}
    remaining = iter(paths.items())
    while portion := dict(islice(remaining, LIMIT)):
        if answers and out_of_time():
            raise OutOfTime("there was more to read than one read's time allows.")
        answers |= await _get_portion(transport, portion)
    waits = [problem for answer in answers.values() if isinstance(problem := error_in(answer), Throttled)]
    if waits:
        raise max(waits, key=lambda problem: problem.retry_after)
    return answers


async def _get_portion(transport: GraphTransport, paths: dict[str, str]) -> dict[str, WireBatchAnswer]:
    answers = await _get_once(transport, paths)
    for attempt in range(1, ATTEMPTS):
        throttled = {key: paths[key] for key, answer in answers.items() if answer.status in ASK_AGAIN}
        if not throttled:
            break
        pauses = [_seconds(answers[key]) or backoff(attempt) for key in throttled]
        if max(pauses) > PATIENCE_SECONDS:
            break
        await transport.wait(max(pauses))
        answers |= await _get_once(transport, throttled)
    return answers


async def _get_once(transport: GraphTransport, paths: dict[str, str]) -> dict[str, WireBatchAnswer]:
    requests = [{"id": key, "method": "GET", "url": path} for key, path in paths.items()]
    request = transport.request(Method.POST, f"{transport.url}/$batch", {"requests": requests})
    response = await transport.send(request)
    if response.status_code != OK:
        raise error_from(response)
    # A Retry-After that is a date is seen from the clock of the answer that it came in.
    dated = {"Date": response.headers.get("Date", "")}
    answers = {
        answer.id: msgspec.structs.replace(answer, headers=dated | answer.headers)
        for answer in decode(response.content, WireBatch).responses
    }
    if answers.keys() != paths.keys():
        raise SourceError("Microsoft Graph did not answer every request of a batch.")
    return answers


def error_in(answer: WireBatchAnswer) -> SourceError | None:
    """What an error answer inside a batch means; None for an answer that is none."""
    if answer.status < BAD_REQUEST:
        return None
    return error_of(answer.status, bytes(answer.body), _seconds(answer))


def _seconds(answer: WireBatchAnswer) -> float | None:
    return seconds_of(answer.header("Retry-After"), answer.header("Date"))
