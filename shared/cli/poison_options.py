"""What can be typed behind `linekeeper poison`; it imports nothing that help would have to wait for."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace

ACTIONS = {
    "list": "show what lies in the poison queue (the default)",
    "requeue": "have every message that lies there now worked off once more",
    "clear": "drop every message that lies there now",
}


def poison_options(parser: ArgumentParser, json_help: str) -> None:
    """Adds the actions; without one, the messages are listed."""
    parser.set_defaults(action="list", json=False, azure=False)
    actions = parser.add_subparsers(metavar="|".join(ACTIONS))
    for name, purpose in ACTIONS.items():
        description = f"{purpose[0].upper()}{purpose[1:]}."
        action = actions.add_parser(name, help=purpose, description=description)
        action.set_defaults(action=name)
        action.add_argument(
            "--azure",
            action="store_true",
            help="the queue that AzureWebJobsStorage leads to, even where linekeeper serve has one on this machine",
        )
        action.add_argument("--json", action="store_true", help=json_help)


def run(options: Namespace) -> int:
    """Run the action."""
    from shared.cli.poison import run_clear, run_list, run_requeue  # noqa: PLC0415

    actions = {"list": run_list, "requeue": run_requeue, "clear": run_clear}
    return actions[options.action](os.environ, azure=options.azure, as_json=options.json)
