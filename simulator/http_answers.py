"""Graph's answers as HTTP, whole or damaged on their way."""

import socket
import struct
from contextlib import suppress

import msgspec
from aiohttp import web

from simulator.exchange import GraphAnswer
from simulator.faults import HtmlFault, ResetFault, TruncatedFault

_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Our services aren't available right now</title></head><body></body></html>\n"
)


def http_answer(request: web.Request, answer: GraphAnswer) -> web.Response:
    """The response to send; where the connection is to be reset, it is reset before anything is sent."""
    body = None if answer.body is None else msgspec.json.encode(answer.body)
    match answer.damage:
        case HtmlFault(status=status):
            return web.Response(status=status, text=_PAGE, content_type="text/html")
        case TruncatedFault() if body is not None:
            body = body[: len(body) // 2]
        case ResetFault():
            _reset(request)
    content_type = None if body is None else "application/json"
    return web.Response(status=answer.status, body=body, content_type=content_type, headers=answer.headers)


def _reset(request: web.Request) -> None:
    """Send RST, not FIN, so that the client sees a connection that broke and not one that was closed."""
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
