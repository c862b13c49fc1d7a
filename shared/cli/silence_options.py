"""What can be typed behind `linekeeper silence`; it imports nothing that help would have to wait for."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from shared.model.finding import SEVERITIES

CommonOptions = Callable[[ArgumentParser], None]
"""Adds `--tenant` and `--json`, as every command words them."""


def silence_options(parser: ArgumentParser, common_options: CommonOptions) -> None:
    """Adds the actions; without one, silences are listed."""
    parser.set_defaults(action="list", json=False, tenant="")
    actions = parser.add_subparsers(metavar="add|list|end")
    add_parser = actions.add_parser(
        "add",
        help="silence findings for a while",
        description="Silence what matches every kind of matcher that is given; of one kind, any of them will do.",
        epilog="The monitor's own findings are never silenced. A silence lasts 90 days at most.",
    )
    _add_options(add_parser)
    common_options(add_parser)
    list_parser = actions.add_parser(
        "list", help="show what is silenced (the default)", description="Show what is, will be and was silenced."
    )
    list_parser.set_defaults(action="list")
    common_options(list_parser)
    end_parser = actions.add_parser("end", help="end a silence now", description="End a silence now.")
    end_parser.set_defaults(action="end")
    end_parser.add_argument("id", metavar="ID", help="its id, as the list shows it")
    common_options(end_parser)


def run(options: Namespace) -> int:
    """Run the action."""
    from shared.cli.silence import NewSilence, run_add, run_end, run_list  # noqa: PLC0415

    if options.action == "add":
        new = NewSilence(
            rules=tuple(options.rule),
            subjects=tuple(options.subject),
            severities=tuple(options.severity),
            starts=options.starts,
            lasts=options.lasts,
            until=options.until,
            reason=options.reason,
            author=options.author,
        )
        return run_add(os.environ, new, as_json=options.json, tenant=options.tenant)
    if options.action == "end":
        return run_end(os.environ, silence_id=options.id, as_json=options.json, tenant=options.tenant)
    return run_list(os.environ, as_json=options.json, tenant=options.tenant)


def _add_options(parser: ArgumentParser) -> None:
    parser.set_defaults(action="add")
    parser.add_argument(
        "--rule",
        action="append",
        default=[],
        metavar="RULE",
        help="a rule's id, or a pattern such as 'allocation-*' in quotes; may be repeated",
    )
    parser.add_argument(
        "--subject",
        action="append",
        default=[],
        metavar="SUBJECT",
        help="an account by its user principal name, id, telephone number or display name, an attendant or queue by "
        "its name or id, or 'tenant'; may be repeated",
    )
    parser.add_argument(
        "--severity", action="append", default=[], choices=SEVERITIES, help="only what is so severe; may be repeated"
    )
    parser.add_argument("--from", dest="starts", metavar="TIME", help="when it starts (default: now)")
    ends = parser.add_mutually_exclusive_group(required=True)
    ends.add_argument("--for", dest="lasts", metavar="DURATION", help="how long it lasts, such as 2h or 7d")
    ends.add_argument("--until", metavar="TIME", help="when it ends, such as 2026-12-01T08:00Z")
    parser.add_argument("--reason", required=True, help="why, for those who wonder")
    parser.add_argument("--author", default="", help="who wants it (default: your login name)")
