"""A local host: runs an azure-functions FunctionApp, unchanged, without Azure.

Triggers and outputs are found in the app's own bindings. Queues and the timers' memory live in one SQLite file.

What is imitated:

* HTTP triggers: route prefix, `{name}` and closing `{*rest}` segments, GET and POST by default, 404 for anything else;
  lower-case header names, repeated values joined by a comma, empty query values dropped, an empty body where the
  request has no Content-Length, 100 MB at most. A function that raises is answered by an empty 500, one that returns
  nothing by 204.
* Queue triggers and outputs: invisibility while a message is worked on (10 minutes when the host dies, renewed while it
  lives), dequeue count, pop receipts, 7 days to live, 48 KiB of raw body, `batchSize` and `newBatchThreshold`,
  `maxDequeueCount` and then `<queue>-poison`, `visibilityTimeout` between attempts, arrays and objects in JSON texts
  taken apart and indented, outputs written only when the function has succeeded.
* Timer triggers: six-field NCRONTAB in UTC, `use_monitor`, `run_on_startup`, no overlap.
* The worker: async functions on the loop, others in `PYTHON_THREADPOOL_THREAD_COUNT` threads; the `context` argument;
  parameters and bindings must match; a function without a `$return` binding must return nothing.
* `POST /admin/functions/{name}`: a timer or queue function runs at once; 202. Only for requests made on this machine.
* `%SETTING%` in queue names, schedules and routes, and `AzureFunctionsJobHost__…` over values of host.json.

What differs, on purpose:

* An HTTP function whose queue output cannot be written is answered by 503, where Azure's host says 500: a sender such
  as Microsoft Graph repeats its request after either.
* All outputs of an invocation are written together or not at all; on Azure one by one.
* A run is past due whenever it is a second late; on Azure only when it was missed while the host was down.
* A message put by this process is taken at once, any other within 2 seconds; on Azure within `maxPollingInterval`.
* The trace context is empty: there is no host span.

What is not imitated: function, host and master keys (every route answers without one; what protects it is that the host
binds to loopback unless told otherwise, and a tunnel or a proxy in front undoes that), other triggers and bindings and
`$return` for queues (refused at the start), retry policies (refused), binding expressions other than `%SETTING%`, route
constraints and optional segments (refused), `functionTimeout`, disabled functions, scale-out and the timers' lock (one
host per queue file, or timers run in each), time zones, the worker's extensions, .NET's re-reading of dates in JSON.
"""

from __future__ import annotations

from shared.host.bindings import (
    BoundFunction,
    HttpRoute,
    QueueOutput,
    QueueTrigger,
    TimerTrigger,
    read_functions,
)
from shared.host.errors import (
    BindingError,
    HostError,
    HostSettingsError,
    InvocationError,
    OutputError,
    QueueStoreError,
    UnknownFunctionError,
)
from shared.host.invoke import InvocationContext, Invoker
from shared.host.local_host import LocalHost
from shared.host.outputs import encode_messages
from shared.host.queue import MAX_MESSAGE_BYTES, Message, SqliteQueueStore
from shared.host.queue_depth import LocalQueueDepth
from shared.host.schedule import Schedule
from shared.host.settings import HostSettings, read_host_settings
from shared.host.signals import serve_until_signal

__all__ = [
    "MAX_MESSAGE_BYTES",
    "BindingError",
    "BoundFunction",
    "HostError",
    "HostSettings",
    "HostSettingsError",
    "HttpRoute",
    "InvocationContext",
    "InvocationError",
    "Invoker",
    "LocalHost",
    "LocalQueueDepth",
    "Message",
    "OutputError",
    "QueueOutput",
    "QueueStoreError",
    "QueueTrigger",
    "Schedule",
    "SqliteQueueStore",
    "TimerTrigger",
    "UnknownFunctionError",
    "encode_messages",
    "read_functions",
    "read_host_settings",
    "serve_until_signal",
]
