"""A stand-in for Microsoft Graph and for a Teams channel, for demonstrations and tests.

It knows nothing of the service that it is used with: it speaks the documented protocols and keeps its own account of
what happened.
"""

from simulator.channel import PostedCard, SimulatedChannel
from simulator.contoso import contoso
from simulator.directory import SimulatedTenant
from simulator.export import ExportFile, export_document
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
from simulator.large_voice import LargeVoice, large_export
from simulator.notifier import Delivery, Notifier
from simulator.records import AssignedLicense, Change, RefusedError, ServicePlan, User
from simulator.server import SimulatorServer
from simulator.telephony import NumberAssignment, UserConfiguration
from simulator.tenants import TENANTS, tenant
from simulator.voice import VoiceConfiguration

__all__ = [
    "TENANTS",
    "AssignedLicense",
    "Change",
    "ClockSkewFault",
    "Delivery",
    "DeltaExpiredFault",
    "DeniedFault",
    "ExportFile",
    "Fault",
    "ForeignNextLinkFault",
    "HangFault",
    "HtmlFault",
    "LargeVoice",
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
    "VoiceConfiguration",
    "contoso",
    "export_document",
    "large_export",
    "large_tenant",
    "tenant",
]
