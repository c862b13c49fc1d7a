"""A stand-in for Microsoft Graph and for a Teams channel, for demonstrations and tests.

It knows nothing of the service that it is used with: it speaks the documented protocols and keeps its own account of
what happened.
"""

from simulator.channel import PostedCard, SimulatedChannel
from simulator.contoso import contoso
from simulator.directory import RefusedError, SimulatedTenant
from simulator.graph_api import SimulatedGraph
from simulator.notifier import Delivery, Notifier
from simulator.records import AssignedLicense, Change, ServicePlan, User
from simulator.server import SimulatorServer

__all__ = [
    "AssignedLicense",
    "Change",
    "Delivery",
    "Notifier",
    "PostedCard",
    "RefusedError",
    "ServicePlan",
    "SimulatedChannel",
    "SimulatedGraph",
    "SimulatedTenant",
    "SimulatorServer",
    "User",
    "contoso",
]
