from __future__ import annotations

from collections.abc import Callable
from typing import List

import azure.functions as func
import pytest

from shared.host import (
    BindingError,
    HttpRoute,
    QueueOutput,
    QueueTrigger,
    Schedule,
    TimerTrigger,
    read_functions,
)

STORAGE = "AzureWebJobsStorage"


def test_triggers_and_outputs_are_found_in_the_apps_own_bindings() -> None:
    blueprint = func.Blueprint()

    @blueprint.route(route="items/{id}", methods=["PUT"], auth_level=func.AuthLevel.ANONYMOUS)
    @blueprint.queue_output(arg_name="out", queue_name="%QUEUE%", connection=STORAGE)
    async def save(req: func.HttpRequest, out: func.Out[List[str]], context: func.Context) -> func.HttpResponse:
        raise NotImplementedError

    @blueprint.queue_trigger(arg_name="text", queue_name="pre-%QUEUE%", connection=STORAGE)
    @blueprint.queue_output(arg_name="one", queue_name="next", connection=STORAGE)
    def work(text: str, one: func.Out[str]) -> None:
        raise NotImplementedError

    @blueprint.timer_trigger(arg_name="timer", schedule="%WHEN%", run_on_startup=True, use_monitor=False)
    def tick(timer: func.TimerRequest) -> None:
        raise NotImplementedError

    @blueprint.route()
    def plain(req: func.HttpRequest) -> str:
        raise NotImplementedError

    app = func.FunctionApp()
    app.register_functions(blueprint)
    functions = {f.name: f for f in read_functions(app, {"QUEUE": "items", "WHEN": "0 0 3 * * *"})}

    assert list(functions) == ["save", "work", "tick", "plain"]
    assert functions["save"].trigger == HttpRoute(
        parameter="req", template="items/{id}", methods=frozenset({"PUT"}), auth_level="anonymous"
    )
    assert functions["save"].outputs == (QueueOutput(parameter="out", queue="items"),)
    assert (functions["save"].is_async, functions["save"].takes_context) == (True, True)
    assert functions["work"].trigger == QueueTrigger(parameter="text", queue="pre-items", payload="text")
    assert functions["work"].outputs == (QueueOutput(parameter="one", queue="next", single=True),)
    assert (functions["work"].is_async, functions["work"].takes_context) == (False, False)
    assert functions["tick"].trigger == TimerTrigger(
        parameter="timer", schedule=Schedule("0 0 3 * * *"), use_monitor=False, run_on_startup=True
    )
    assert functions["plain"].trigger == HttpRoute(
        parameter="req", template="plain", methods=frozenset({"GET", "POST"}), auth_level="function"
    )


def test_an_app_may_be_read_more_than_once() -> None:
    app = func.FunctionApp()

    @app.route()
    def hello(req: func.HttpRequest) -> str:
        raise NotImplementedError

    assert read_functions(app, {}) == read_functions(app, {})


def test_two_functions_of_one_name_are_refused() -> None:
    app = func.FunctionApp()

    def hello(req: func.HttpRequest) -> str:
        raise NotImplementedError

    app.route(route="a")(hello)
    app.route(route="b")(hello)
    with pytest.raises(BindingError, match="hello does not have a unique function name"):
        read_functions(app, {})


def setting_missing(app: func.FunctionApp) -> None:
    @app.queue_trigger(arg_name="m", queue_name="%QUEUE%", connection=STORAGE)
    def bad(m: func.QueueMessage) -> None: ...


def trigger_unknown(app: func.FunctionApp) -> None:
    @app.blob_trigger(arg_name="blob", path="a/b", connection=STORAGE)
    def bad(blob: func.InputStream) -> None: ...


def binding_unknown(app: func.FunctionApp) -> None:
    @app.route()
    @app.blob_output(arg_name="blob", path="a/b", connection=STORAGE)
    def bad(req: func.HttpRequest, blob: func.Out[str]) -> None: ...


def returned_to_a_queue(app: func.FunctionApp) -> None:
    @app.queue_output(arg_name="$return", queue_name="work", connection=STORAGE)
    @app.queue_trigger(arg_name="m", queue_name="work", connection=STORAGE)
    def bad(m: func.QueueMessage) -> str:
        return str(m)


def queue_misnamed(app: func.FunctionApp) -> None:
    @app.queue_trigger(arg_name="m", queue_name="My_Queue", connection=STORAGE)
    def bad(m: func.QueueMessage) -> None: ...


def schedule_wrong(app: func.FunctionApp) -> None:
    @app.timer_trigger(arg_name="t", schedule="*/5 * * * *")
    def bad(t: func.TimerRequest) -> None: ...


def route_constrained(app: func.FunctionApp) -> None:
    @app.route(route="items/{id:int}")
    def bad(req: func.HttpRequest) -> None: ...


def retried(app: func.FunctionApp) -> None:
    @app.timer_trigger(arg_name="t", schedule="0 0 * * * *")
    @app.retry(strategy="fixed_delay", max_retry_count="3", delay_interval="00:00:01")
    def bad(t: func.TimerRequest) -> None: ...


def parameter_unbound(app: func.FunctionApp) -> None:
    @app.timer_trigger(arg_name="t", schedule="0 0 * * * *")
    def bad(t: func.TimerRequest, ctx: func.Context) -> None: ...


def binding_unused(app: func.FunctionApp) -> None:
    @app.timer_trigger(arg_name="t", schedule="0 0 * * * *")
    def bad() -> None: ...


def trigger_misannotated(app: func.FunctionApp) -> None:
    @app.timer_trigger(arg_name="t", schedule="0 0 * * * *")
    def bad(t: str) -> None: ...


def output_misannotated(app: func.FunctionApp) -> None:
    @app.route()
    @app.queue_output(arg_name="out", queue_name="work", connection=STORAGE)
    def bad(req: func.HttpRequest, out: str) -> None: ...


def output_of_a_builtin_list(app: func.FunctionApp) -> None:
    @app.route()
    @app.queue_output(arg_name="out", queue_name="work", connection=STORAGE)
    def bad(req: func.HttpRequest, out: func.Out[list[str]]) -> None: ...


@pytest.mark.parametrize(
    ("declare", "complaint"),
    [
        (setting_missing, "needs the setting QUEUE, which is not set"),
        (trigger_unknown, "has a binding of type 'blobTrigger' on 'blob', which the local host does not know"),
        (binding_unknown, "has a binding of type 'blob' on 'blob', which the local host does not know"),
        (returned_to_a_queue, "has a binding of type 'queue' on '$return', which the local host does not know"),
        (queue_misnamed, "is bound to a queue that cannot be: 'My_Queue' is no queue name"),
        (schedule_wrong, "'*/5 * * * *' is no schedule"),
        (route_constrained, "route 'items/{id:int}'"),
        (retried, "has a retry policy"),
        (parameter_unbound, "has parameters without a binding: ctx"),
        (binding_unused, "has bindings without a parameter: t"),
        (trigger_misannotated, "must annotate its parameter 't' as azure.functions.TimerRequest"),
        (output_misannotated, "must annotate its output 'out' as azure.functions.Out"),
        (output_of_a_builtin_list, "must annotate its output 'out' with typing.List"),
    ],
)
def test_a_function_that_cannot_be_run_is_refused_by_name(
    declare: Callable[[func.FunctionApp], None], complaint: str
) -> None:
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    declare(app)
    with pytest.raises(BindingError) as caught:
        read_functions(app, {})
    assert str(caught.value).startswith(f"function bad {complaint}")
