"""A stand-in for Microsoft Graph and for a Teams channel, for demonstrations and tests.

It knows nothing of the service that it is used with: it speaks the documented protocols and keeps its own account of
what happened.
"""

from simulator.channel import PostedCard, SimulatedChannel
from simulator.contoso import contoso
from simulator.directory import SimulatedTenant
from simulator.faults import (
    ClockSkewFault,
    DeltaExpiredFault,
    DeniedFault,
    Fault,
    ForeignNextLinkFault,
    HangFault,
    HtmlFault,
    LostAnswerFault,
    QuotaFault,
    ResetFault,
    StatusFault,
    TruncatedFault,
)
from simulator.graph_api import SimulatedGraph
from simulator.large import large_tenant
from simulator.notifier import Delivery, Notifier
from simulator.records import AssignedLicense, Change, RefusedError, ServicePlan, User
from simulator.server import SimulatorServer
from simulator.telephony import NumberAssignment, UserConfiguration

__all__ = [
    "AssignedLicense",
    "Change",
    "ClockSkewFault",
    "Delivery",
    "DeltaExpiredFault",
    "DeniedFault",
    "Fault",
    "ForeignNextLinkFault",
    "HangFault",
    "HtmlFault",
    "LostAnswerFault",
    "Notifier",
    "NumberAssignment",
    "PostedCard",
    "QuotaFault",
    "RefusedError",
    "ResetFault",
    "ServicePlan",
    "SimulatedChannel",
    "SimulatedGraph",
    "SimulatedTenant",
    "SimulatorServer",
    "StatusFault",
    "TruncatedFault",
    "User",
    "UserConfiguration",
    "contoso",
    "large_tenant",
]
