"""The function app: registers the triggers, nothing else."""

from __future__ import annotations

import os

import azure.functions as func

from functions import (
    changes,
    deliver,
    delta,
    health,
    jobs,
    licences,
    notifications,
    notifications_hub,
    runbooks,
    silences,
    status,
    sweep,
    upkeep,
    voice,
)
from shared.monitor.runtime import Runtime

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

runtime = Runtime(os.environ)
always = (notifications, changes, licences, delta, voice, sweep, upkeep, deliver, health, silences, status, runbooks)
for trigger in always:
    app.register_functions(trigger.blueprint(runtime))
# What only some sites need: a list of tenants stands in the TOML file, and an event hub has a name.
for optional, setting in ((jobs, "LINEKEEPER_CONFIG"), (notifications_hub, notifications_hub.EVENT_HUB)):
    if os.environ.get(setting, "").strip():
        app.register_functions(optional.blueprint(runtime))
