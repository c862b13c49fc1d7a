"""The function app: registers the triggers, nothing else."""

from __future__ import annotations

import os

import azure.functions as func

from functions import changes, deliver, delta, health, licences, notifications, silences, sweep, upkeep, voice
from shared.monitor.runtime import Runtime

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

runtime = Runtime(os.environ)
for trigger in (notifications, changes, licences, delta, voice, sweep, upkeep, deliver, health, silences):
    app.register_functions(trigger.blueprint(runtime))
