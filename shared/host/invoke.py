"""Invokes one function the way the Python worker does."""

from __future__ import annotations

import asyncio
import logging
import threading
import uuid
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import azure.functions as func

from shared.host.bindings import BoundFunction, HttpRoute
from shared.host.errors import InvocationError, OutputError
from shared.host.outputs import encode_messages

_logger = logging.getLogger("linekeeper.host")

WriteMessages = Callable[[Sequence[tuple[str, bytes]]], Awaitable[object]]
"""Puts messages, each with its queue: all of them or none."""


class TraceContext:
    """The trace that the host is part of: none, as there is no host span here. Both spellings of the worker exist."""

    Traceparent = ""
    Tracestate = ""
    trace_parent = ""
    trace_state = ""

    @property
    def Attributes(self) -> dict[str, str]:  # noqa: N802 - the worker's name
        """Always empty."""
        return {}

    @property
    def attributes(self) -> dict[str, str]:
        """Always empty."""
        return {}


class InvocationContext(func.Context):
    """What a function learns about its own invocation."""

    def __init__(self, invocation_id: str, function_name: str, directory: str, local: threading.local) -> None:
        self._invocation_id = invocation_id
        self._function_name = function_name
        self._directory = directory
        self._local = local
        self._trace_context = TraceContext()

    @property
    def invocation_id(self) -> str:
        """A GUID, new for every invocation."""
        return self._invocation_id

    @property
    def thread_local_storage(self) -> Any:  # noqa: ANN401 - the library declares another type than its worker gives
        """Carries `invocation_id` in the thread that a synchronous function runs in."""
        return self._local

    @property
    def function_name(self) -> str:
        """The function's name in the app."""
        return self._function_name

    @property
    def function_directory(self) -> str:
        """The app's folder: the host's working directory."""
        return self._directory

    @property
    def trace_context(self) -> Any:  # noqa: ANN401 - has the worker's attributes, beyond the library's type
        """A trace context that is empty."""
        return self._trace_context

    @property
    def retry_context(self) -> Any:  # noqa: ANN401 - None, which the library does not declare
        """None: there are no retry policies here."""
        return None


class _Out(func.Out[object]):
    def __init__(self) -> None:
        self._value: object = None

    def set(self, val: object) -> None:
        self._value = val

    def get(self) -> object:
        return self._value


class Invoker:
    """Calls functions with their inputs and writes what they put out.

    Args:
        write: puts the messages of an invocation's outputs.
        threads: how many synchronous functions may run at once; None for Python's default.
    """

    def __init__(self, write: WriteMessages, *, threads: int | None = None) -> None:
        self._write = write
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="host-function")
        self._local = threading.local()
        self._directory = str(Path.cwd())

    def close(self) -> None:
        """Takes no further invocation; does not wait for a synchronous function that still runs."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def invoke(self, function: BoundFunction, trigger_value: object) -> object:
        """Runs the function and writes its outputs.

        Returns:
            What an HTTP function returned; None for any other.

        Raises:
            OutputError: the function succeeded, its outputs could not be written.
            InvocationError: the function failed. Either has been logged.
        """
        invocation_id = str(uuid.uuid4())
        outputs = {output.parameter: _Out() for output in function.outputs}
        arguments: dict[str, Any] = {function.trigger.parameter: trigger_value, **outputs}
        context = InvocationContext(invocation_id, function.name, self._directory, self._local)
        if function.takes_context:
            arguments["context"] = context
        try:
            result = await self._call(function, context, arguments)
            if result is not None and not isinstance(function.trigger, HttpRoute):
                raise TypeError(f"function {function.name} without a $return binding returned a value")  # noqa: TRY301 - one place logs failures
        except (Exception, SystemExit) as error:
            if getattr(error, "foreseen", False):
                # The app says it all in a sentence: where it was raised helps nobody.
                _logger.error("function %s failed, invocation %s: %s", function.name, invocation_id, error)  # noqa: TRY400
            else:
                _logger.exception("function %s failed, invocation %s", function.name, invocation_id)
            raise InvocationError(f"function {function.name} failed") from error
        await self._put_out(function, invocation_id, outputs)
        return result

    async def _call(self, function: BoundFunction, context: InvocationContext, arguments: dict[str, Any]) -> object:
        try:
            if function.is_async:
                return await function.call(**arguments)
            return await asyncio.get_running_loop().run_in_executor(
                self._pool, self._call_in_thread, function, context, arguments
            )
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Not the host's: something inside the function was cancelled, which is a failure like any other.
            raise RuntimeError("the function was cancelled from within") from error

    def _call_in_thread(self, function: BoundFunction, context: InvocationContext, arguments: dict[str, Any]) -> object:
        self._local.invocation_id = context.invocation_id
        return function.call(**arguments)

    async def _put_out(self, function: BoundFunction, invocation_id: str, outputs: dict[str, _Out]) -> None:
        try:
            messages = [
                (output.queue, body)
                for output in function.outputs
                for body in encode_messages(outputs[output.parameter].get(), single=output.single)
            ]
            if messages:
                await self._write(messages)
        except TypeError as error:
            _logger.exception("function %s failed, invocation %s", function.name, invocation_id)
            raise InvocationError(f"function {function.name} set an output that its binding does not take") from error
        except Exception as error:
            _logger.exception("the output of function %s was not written, invocation %s", function.name, invocation_id)
            raise OutputError(f"the output of function {function.name} was not written") from error
