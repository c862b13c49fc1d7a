"""Reads from a FunctionApp what its functions are triggered by and where their outputs go."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import azure.functions as func
import msgspec

from shared.host.errors import BindingError, QueueStoreError
from shared.host.queue import check_queue_name
from shared.host.routing import parse_route
from shared.host.schedule import Schedule

PayloadKind = Literal["message", "text", "bytes"]


class HttpRoute(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP trigger: the parameter that takes the request, and what requests it takes."""

    parameter: str
    template: str
    methods: frozenset[str]
    auth_level: str


class QueueTrigger(msgspec.Struct, frozen=True, kw_only=True):
    """A queue trigger; `payload` is what the parameter is annotated as: the message itself, its text or its bytes."""

    parameter: str
    queue: str
    payload: PayloadKind = "message"


class TimerTrigger(msgspec.Struct, frozen=True, kw_only=True):
    """A timer trigger with its schedule in UTC."""

    parameter: str
    schedule: Schedule
    use_monitor: bool = True
    run_on_startup: bool = False


class QueueOutput(msgspec.Struct, frozen=True, kw_only=True):
    """A queue output; `single` when it is annotated `Out[str]` or `Out[bytes]` and so takes no list."""

    parameter: str
    queue: str
    single: bool = False


class BoundFunction(msgspec.Struct, frozen=True, kw_only=True):
    """A function of the app with everything that is needed to invoke it."""

    name: str
    call: Callable[..., Any]
    is_async: bool
    takes_context: bool
    trigger: HttpRoute | QueueTrigger | TimerTrigger
    outputs: tuple[QueueOutput, ...] = ()


def read_functions(app: func.FunctionApp, environment: Mapping[str, str]) -> tuple[BoundFunction, ...]:
    """The app's functions in their order, with `%SETTING%` replaced from the environment.

    Raises:
        BindingError: a function has a binding that the local host does not know, a setting is missing, or its
            parameters and its bindings differ; one sentence names the function.
    """
    # The library counts a second reading of the same app as duplicate names.
    app.functions_bindings = {}
    try:
        declared = app.get_functions()
    except ValueError as error:
        raise BindingError(str(error)) from error
    return tuple(_Reader(function, environment).read() for function in declared)


class _Reader:
    """Reads one function; every complaint names it."""

    def __init__(self, function: func.Function, environment: Mapping[str, str]) -> None:
        described: Any = function
        self._name = str(described.get_function_name())
        self._call: Callable[..., Any] = described.get_user_function()
        self._bindings: list[dict[str, Any]] = described.get_bindings_dict()["bindings"]
        self._retries = described.get_setting("retry_policy") is not None
        self._environment = environment
        try:
            self._annotations = typing.get_type_hints(self._call)
        except NameError as error:
            raise self._error(f"has an annotation that cannot be read: {error}") from error

    def read(self) -> BoundFunction:
        if self._retries:
            raise self._error("has a retry policy, which the local host does not imitate")
        trigger: HttpRoute | QueueTrigger | TimerTrigger | None = None
        outputs: list[QueueOutput] = []
        for binding in self._bindings:
            match binding["type"]:
                case "httpTrigger":
                    trigger = self._http(binding)
                case "queueTrigger":
                    trigger = self._queue(binding)
                case "timerTrigger":
                    trigger = self._timer(binding)
                case "queue" if binding["name"] != "$return":
                    outputs.append(self._output(binding))
                case "http" if binding["name"] == "$return":
                    pass
                case kind:
                    raise self._error(
                        f"has a binding of type {kind!r} on {binding['name']!r}, which the local host does not know"
                    )
        if trigger is None:
            raise self._error("has no trigger")
        return BoundFunction(
            name=self._name,
            call=self._call,
            is_async=inspect.iscoroutinefunction(self._call),
            takes_context=self._takes_context({trigger.parameter, *(output.parameter for output in outputs)}),
            trigger=trigger,
            outputs=tuple(outputs),
        )

    def _http(self, binding: dict[str, Any]) -> HttpRoute:
        methods: Iterable[Any] = binding.get("methods") or ("GET", "POST")
        self._check_annotation(binding["name"], func.HttpRequest)
        template = self._resolved(binding.get("route", self._name))
        try:
            parse_route(template)
        except ValueError as error:
            raise self._error(str(error)) from error
        return HttpRoute(
            parameter=binding["name"],
            template=template,
            methods=frozenset(str(getattr(method, "value", method)).upper() for method in methods),
            auth_level=str(binding.get("authLevel") or "FUNCTION").lower().removeprefix("authlevel."),
        )

    def _queue(self, binding: dict[str, Any]) -> QueueTrigger:
        annotation = self._annotations.get(binding["name"])
        payload: PayloadKind = "text" if annotation is str else "bytes" if annotation is bytes else "message"
        if payload == "message":
            self._check_annotation(binding["name"], func.QueueMessage)
        return QueueTrigger(parameter=binding["name"], queue=self._queue_name(binding), payload=payload)

    def _timer(self, binding: dict[str, Any]) -> TimerTrigger:
        self._check_annotation(binding["name"], func.TimerRequest)
        try:
            schedule = Schedule(self._resolved(binding["schedule"]))
        except ValueError as error:
            raise self._error(str(error)) from error
        return TimerTrigger(
            parameter=binding["name"],
            schedule=schedule,
            use_monitor=binding.get("useMonitor", True),
            run_on_startup=binding.get("runOnStartup", False),
        )

    def _output(self, binding: dict[str, Any]) -> QueueOutput:
        annotation = self._annotations.get(binding["name"])
        if annotation is not None and typing.get_origin(annotation) is not func.Out and annotation is not func.Out:
            raise self._error(f"must annotate its output {binding['name']!r} as azure.functions.Out")
        arguments = typing.get_args(annotation)
        if any(isinstance(argument, types.GenericAlias) for argument in arguments):
            # Azure's worker (azure-functions-runtime 1.3.0) refuses such an app when it indexes it.
            raise self._error(f"must annotate its output {binding['name']!r} with typing.List, not with list[…]")
        single = arguments in {(str,), (bytes,)}
        return QueueOutput(parameter=binding["name"], queue=self._queue_name(binding), single=single)

    def _queue_name(self, binding: dict[str, Any]) -> str:
        try:
            return check_queue_name(self._resolved(binding["queueName"]))
        except QueueStoreError as error:
            raise self._error(f"is bound to a queue that cannot be: {error}") from error

    def _resolved(self, text: str) -> str:
        def setting(match: re.Match[str]) -> str:
            value = self._environment.get(match[1])
            if value is None:
                raise self._error(f"needs the setting {match[1]}, which is not set")
            return value

        return re.sub(r"%([^%]+)%", setting, text)

    def _check_annotation(self, parameter: str, wanted: type) -> None:
        annotation = self._annotations.get(parameter, wanted)
        if not (isinstance(annotation, type) and issubclass(annotation, wanted)):
            raise self._error(f"must annotate its parameter {parameter!r} as azure.functions.{wanted.__name__}")

    def _takes_context(self, bound: set[str]) -> bool:
        parameters = set(inspect.signature(self._call).parameters)
        takes_context = "context" in parameters - bound
        if takes_context:
            self._check_annotation("context", func.Context)
            parameters.discard("context")
        if unbound := parameters - bound:
            raise self._error(f"has parameters without a binding: {', '.join(sorted(unbound))}")
        if unused := bound - parameters:
            raise self._error(f"has bindings without a parameter: {', '.join(sorted(unused))}")
        return takes_context

    def _error(self, complaint: str) -> BindingError:
        return BindingError(f"function {self._name} {complaint}")
