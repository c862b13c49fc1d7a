"""Why Azure Storage did not do what it was asked, in words: with the remedy, and without an address or a secret."""

from __future__ import annotations

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

_NOT_ALLOWED = 401, 403
_BUSY = 429, 500, 503, 504


def code_of(problem: HttpResponseError) -> str:
    """Storage's own word for what is wrong, "" where it gave none."""
    code = getattr(problem, "error_code", None)
    return str(getattr(code, "value", code) or "")


def reason(problem: AzureError | TimeoutError, role: str) -> str:
    """What went wrong and what to do about it, as the end of a sentence.

    Args:
        problem: what the SDK raised, or that an operation took too long.
        role: the role that the identity needs for what was asked.
    """
    if isinstance(problem, TimeoutError):
        return "Azure Storage did not answer in time; the next timer tries again"
    if isinstance(problem, HttpResponseError) and problem.status_code is not None:
        return _of_an_answer(problem.status_code, code_of(problem), role)
    if isinstance(problem, ClientAuthenticationError):
        return (
            f"no identity was found to reach Azure Storage with ({type(problem).__name__}): give the app a managed "
            "identity, and name one that was assigned by a user in AzureWebJobsStorage__clientId; elsewhere, az login"
        )
    if isinstance(problem, ServiceRequestError | ServiceResponseError):
        return (
            f"Azure Storage cannot be reached ({type(problem).__name__}): see that AzureWebJobsStorage names the right "
            "account, and that the network leads to it"
        )
    return f"Azure Storage failed ({type(problem).__name__}); the next timer tries again"


def _of_an_answer(status: int, code: str, role: str) -> str:
    shown = f"{status} {code}".strip()
    if status in _NOT_ALLOWED:
        return (
            f"Azure Storage refused it ({shown}): the identity needs the role {role}, which takes some minutes to come "
            "into force, and the account's network rules must let the app in"
        )
    if status in _BUSY:
        return f"Azure Storage is busy ({shown}); the next timer tries again"
    return f"Azure Storage refused it ({shown})"
