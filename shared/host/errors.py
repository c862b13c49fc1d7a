"""What can go wrong between an app and the host that runs it."""

from __future__ import annotations


class HostError(Exception):
    """The host cannot do what it was asked; the text is one sentence that says what and where."""


class BindingError(HostError):
    """A function cannot be run here as it is declared; the text names the function."""


class ListenError(HostError):
    """The address or port cannot be listened on: another program does, or it is not allowed."""


class HostSettingsError(HostError):
    """A host.json that cannot be used; the text names the file and the JSON path."""


class QueueStoreError(HostError):
    """The queue file cannot be opened, or a message or a queue name is not one that Azure would take."""


class UnknownFunctionError(HostError):
    """No timer or queue function of that name is in the app."""


class InvocationError(HostError):
    """A function ran and failed, or gave something that its bindings cannot take. It has been logged already."""


class OutputError(InvocationError):
    """A function ran to its end, but its output could not be written."""
