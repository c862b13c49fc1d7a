"""The body of a ``$batch``: its rules, the requests in it and how their answers are written.

Imitates "Combine multiple HTTP requests using JSON batching".
"""

from typing import Any
from urllib.parse import unquote

import msgspec

from simulator.exchange import GraphAnswer, GraphRequest, bad_request, query_options

_MOST_IN_BATCH = 20


class Step(msgspec.Struct, rename="camel", kw_only=True):
    """One request of a batch."""

    id: str
    method: str
    url: str
    headers: dict[str, str] = {}
    body: msgspec.Raw = msgspec.Raw()
    depends_on: list[str] = []


class _Batch(msgspec.Struct):
    requests: list[Step]


def steps_of(request: GraphRequest) -> list[Step]:
    """The requests of a batch.

    Raises:
        GraphError: 400: the batch as a whole breaks a rule.
    """
    steps = request.decoded(_Batch).requests
    if not 1 <= len(steps) <= _MOST_IN_BATCH:
        raise bad_request(f"A batch has between 1 and {_MOST_IN_BATCH} requests, not {len(steps)}.")
    if len({step.id.casefold() for step in steps}) < len(steps):
        raise bad_request("Request Id values in a batch must be unique.")
    for step in steps:
        if "://" in step.url.partition("?")[0]:
            raise bad_request(f"The URL of the request '{step.id}' is not relative.")
        if step.depends_on:
            raise bad_request(
                "This stand-in runs the requests of a batch at the same time: dependsOn is not supported."
            )
        if bytes(step.body) and "content-type" not in {name.lower() for name in step.headers}:
            raise bad_request(f"The request '{step.id}' has a body but no Content-Type header.")
    return steps


def inner_request(outer: GraphRequest, step: Step) -> GraphRequest:
    """A request of a batch as if it had come alone, with the authorisation of the batch."""
    path, _, query = step.url.partition("?")
    headers = {name.lower(): value for name, value in step.headers.items()}
    return GraphRequest(
        method=step.method.upper(),
        # A batch inside a batch is no path that leads anywhere.
        path=unquote(path).strip("/").replace("$batch", "batch"),
        query=query_options(query),
        headers={"authorization": outer.headers["authorization"]} | headers,
        body=bytes(step.body),
        root=outer.root,
    )


def inner_answer(step: Step, answer: GraphAnswer) -> dict[str, Any]:
    """An answer as it stands in the batch's ``responses``."""
    headers = dict(answer.headers)
    printed: dict[str, Any] = {"id": step.id, "status": answer.status, "headers": headers}
    if answer.body is not None:
        headers["Content-Type"] = "application/json"
        printed["body"] = answer.body
    return printed
