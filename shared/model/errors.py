"""The one exception tree. What a user can mend is a `LinekeeperError`; anything else is a defect.

LinekeeperError
├── SettingsError          a setting or the TOML file is missing or wrong
├── UnreadableMessage      a queue message of another version or shape
├── StoreError             the document cannot be read or written
│   ├── Conflict           somebody else saved first, too often in a row
│   ├── DocumentUnreadable what is stored is no document of this tenant and version
│   └── DocumentTooLarge   the document has grown beyond what would be read again
└── SourceError            a source could not be read
    ├── Denied             refused for lack of a permission or a valid identity
    ├── NotThere           Graph has no such thing, or this cloud has no such API
    ├── OutOfTime          the read's time budget ran out: what was read is part of the truth
    ├── Throttled          asked to come back later
    ├── DeltaExpired       the delta link is no longer honoured: read the baseline again
    └── ExportUnreadable   the voice export is no document of this tenant and version
"""

from __future__ import annotations


class LinekeeperError(Exception):
    """Something a user can mend; its text is one sentence that names the place and the remedy."""


class SettingsError(LinekeeperError):
    """A setting is missing or wrong. The text names it and its form, never a secret's value."""


class UnreadableMessage(LinekeeperError):  # noqa: N818 - says what it is
    """A queue message of another version or shape. It ends in the poison queue, where it can be looked at.

    It is `foreseen`: the local host logs its sentence, without the place in the code.
    """

    foreseen = True


class StoreError(LinekeeperError):
    """The tenant's document cannot be read or written."""


class Conflict(StoreError):  # noqa: N818 - the word that every store uses for it
    """The document was saved by somebody else each time this step was tried."""


class DocumentUnreadable(StoreError):  # noqa: N818 - says what it is
    """What is stored is no document of this tenant and version. It is left as it is, and nothing is saved over it."""


class DocumentTooLarge(StoreError):  # noqa: N818 - says what it is
    """The document has more bytes than would be read again. What was saved before is left as it is."""


class SourceError(LinekeeperError):
    """A source could not be read. The text is fit for a finding: no URL, no token, no personal data."""


class Denied(SourceError):  # noqa: N818 - an outcome of a read, named as the metrics name it
    """Graph refused the read: a permission is missing (`forbidden`), or the identity is not valid."""

    def __init__(self, message: str, *, forbidden: bool) -> None:
        super().__init__(message)
        self.forbidden = forbidden


class NotThere(SourceError):  # noqa: N818 - an outcome of a read
    """Graph has no such thing; for a whole listing: this cloud has no such API."""


class OutOfTime(SourceError):  # noqa: N818 - an outcome of a read
    """The read's time budget ran out before its end."""


class Throttled(SourceError):  # noqa: N818 - an outcome of a read
    """Graph asked to come back after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DeltaExpired(SourceError):  # noqa: N818 - an outcome of a read
    """The delta link is no longer honoured: what happened since can only be found by a new baseline."""


class ExportUnreadable(SourceError):  # noqa: N818 - an outcome of a read
    """The voice export is no document of this tenant and version. Its text names the JSON path."""
