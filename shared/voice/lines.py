"""A tenant's lines as the rules see them: the call-flow graph, and what follows from it, each worked out once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from shared.model.voice import ApplicationInstance, Association, AutoAttendant, CallQueue, VoiceExport
from shared.voice.graph import CallFlowGraph, Node
from shared.voice.path import Circle, Ways, circles
from shared.voice.reach import Origins, Reach, apps_behind, numbers_behind, reach
from shared.voice.references import App, Inventory


class Lines:
    """What an export and the directory tell together.

    Args:
        export: the voice export, as last known.
        live: ids of the resource accounts that live.
        numbers: the numbers (E.164) that lead to each account, by the account's id.
        names: names of people, groups and accounts by id.
    """

    def __init__(
        self,
        export: VoiceExport,
        *,
        live: Collection[str],
        numbers: Mapping[str, tuple[str, ...]],
        names: Mapping[str, str],
    ) -> None:
        self.export = export
        self.graph = CallFlowGraph(export, live=live, numbers=numbers)
        self._names = names

    @property
    def attendants(self) -> tuple[AutoAttendant, ...]:
        """All auto attendants, by id, each once."""
        return tuple(app for app in self.apps if isinstance(app, AutoAttendant))

    @property
    def queues(self) -> tuple[CallQueue, ...]:
        """All call queues, by id, each once."""
        return tuple(app for app in self.apps if isinstance(app, CallQueue))

    @cached_property
    def apps(self) -> tuple[App, ...]:
        """All voice apps, by id, each once."""
        return tuple(self.graph.apps[app_id] for app_id in sorted(self.graph.apps))

    @cached_property
    def reach(self) -> Reach:
        """How calls come to every voice app."""
        return reach(self.graph)

    @cached_property
    def ways(self) -> Ways:
        """The shortest way of callers to every node."""
        return Ways(self.graph, self._names)

    @cached_property
    def circles(self) -> tuple[Circle, ...]:
        """Circles in which callers are sent round and round."""
        return circles(self.graph)

    @cached_property
    def inventory(self) -> Inventory:
        """What exists, as far as the export tells."""
        return Inventory(self.export, self.graph.live)

    @cached_property
    def instances(self) -> dict[str, ApplicationInstance]:
        """The resource accounts that Teams lists and that are not deleted, by id."""
        return {each.id: each for each in self.export.instances or () if not each.deleted}

    @cached_property
    def associations(self) -> dict[str, Association]:
        """What each account is associated with, by the account's id."""
        return {each.account: each for each in self.export.associations or ()}

    @cached_property
    def apps_by_account(self) -> dict[str, tuple[App, ...]]:
        """The voice apps that exist and for which an account stands, by the account's id."""
        by_account: dict[str, list[App]] = {}
        for app_id, accounts in sorted(self.graph.accounts_by_app.items()):
            app = self.graph.apps.get(app_id)
            for account in accounts if app is not None else ():
                by_account.setdefault(account, []).append(self.graph.apps[app_id])
        return {account: tuple(apps) for account, apps in by_account.items()}

    @cached_property
    def _numbers_behind(self) -> dict[Node, Origins]:
        return numbers_behind(self.graph)

    @cached_property
    def _apps_behind(self) -> dict[Node, Origins]:
        return apps_behind(self.graph)

    def is_reachable(self, app_id: str) -> bool:
        """Whether calls come to a voice app."""
        return app_id in self.reach.reachable

    def numbers_to(self, node: Node) -> Origins:
        """The first numbers whose callers come to a node."""
        return self._numbers_behind.get(node, Origins())

    def apps_to(self, node: Node) -> Origins:
        """The first other apps from which calls can come to a node."""
        return self._apps_behind.get(node, Origins())

    def way_to(self, app_id: str) -> str:
        """The way of callers to a voice app, in words."""
        return self.ways.text(self.graph.app(app_id))
