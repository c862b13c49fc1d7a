"""The bot's tokens: client credentials of Microsoft Entra, kept until shortly before they end.

Source: Microsoft Learn, "Authentication with the Bot Connector API"; the US government's endpoints are those of the Bot
Framework SDK (`GovernmentConstants`). New bots belong to one tenant, whose endpoint gives their tokens; those that were
registered for many tenants before that ended get theirs from `botframework.com`.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from shared.delivery.posting import Answer, Clock, Poster
from shared.delivery.sender import Delayed, Refused
from shared.model.addresses import is_loopback
from shared.model.receiver import BotReceiver
from shared.model.secret import Secret

MARGIN = timedelta(minutes=5)
"""How long before its end a token is no longer used."""

_GOVERNMENT_HOSTS = (".teams.microsoft.us", ".botframework.azure.us")
_PUBLIC = ("https://login.microsoftonline.com", "botframework.com", "https://api.botframework.com/.default")
_GOVERNMENT = (
    "https://login.microsoftonline.us",
    "MicrosoftServices.onmicrosoft.us",
    "https://api.botframework.us/.default",
)


class _Granted(msgspec.Struct, frozen=True):
    access_token: str = ""
    expires_in: int = 0


class _Denied(msgspec.Struct, frozen=True):
    error: str = ""
    error_description: str = ""


class BotTokens:
    """Gives a bot its token; it is shown nowhere."""

    def __init__(self, bot: BotReceiver, poster: Poster, clock: Clock) -> None:
        self._bot = bot
        self._poster = poster
        self._clock = clock
        self._token: Secret | None = None
        self._until: datetime | None = None

    async def token(self) -> Secret | Delayed | Refused:
        """A token that holds for a while yet."""
        if self._token is not None and self._until is not None and self._clock() < self._until:
            return self._token
        url, scope = _endpoint(self._bot)
        form = {
            "grant_type": "client_credentials",
            "client_id": self._bot.app_id,
            "client_secret": self._bot.app_password.reveal(),
            "scope": scope,
        }
        answer = await self._poster.ask(
            "POST",
            url,
            content=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        return self._taken(answer) if isinstance(answer, Answer) else answer

    def forget(self) -> None:
        """Use the token no more: it was refused."""
        self._token = None

    def _taken(self, answer: Answer) -> Secret | Delayed | Refused:
        problem = self._poster.verdict(answer)
        if isinstance(problem, Refused):
            return Refused(f"the bot's sign-in was refused{_why(answer.body)}")
        if problem is not None:
            return problem
        granted = _granted(answer.body)
        # What fits into no header is no token (RFC 6750, section 2.1).
        if not re.fullmatch("[!-~]+", granted.access_token):
            return Delayed("the bot's sign-in was answered without a token")
        self._token = Secret(granted.access_token)
        self._until = self._clock() + timedelta(seconds=granted.expires_in) - MARGIN
        return self._token


def _endpoint(bot: BotReceiver) -> tuple[str, str]:
    """Where the cloud of the bot's service URL gives tokens, and for what scope."""
    service = urlsplit(bot.service_url)
    login, shared_tenant, scope = _GOVERNMENT if (service.hostname or "").endswith(_GOVERNMENT_HOSTS) else _PUBLIC
    if is_loopback(bot.service_url):
        login = f"{service.scheme}://{service.netloc}"  # a stand-in on this machine plays both parts
    tenant = shared_tenant if bot.multi_tenant else bot.tenant
    return f"{login}/{quote(tenant, safe='')}/oauth2/v2.0/token", scope


def _granted(body: bytes) -> _Granted:
    try:
        return msgspec.json.decode(body, type=_Granted)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _Granted()


def _why(body: bytes) -> str:
    """The codes of a refusal; its sentences name ids."""
    try:
        denied = msgspec.json.decode(body, type=_Denied)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    codes = [*re.findall(r"^[a-z_]{1,40}$", denied.error), *re.findall(r"^AADSTS[0-9]+", denied.error_description)]
    return f" ({', '.join(codes)})" if codes else ""
