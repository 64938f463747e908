"""Who may ask the server: the page it gave to the browser of this user, and nobody else on this machine or beyond.

A page of another site can make a browser ask any address, this machine's own too. It knows no token, so it gets no
cookie; its Origin is its own; and where it had its name point here (DNS rebinding), the Host is not ours.
"""

import hmac
import secrets
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN = "token"
"""Of the address that is printed; a browser that brings it is given the cookie."""
TOKEN_BYTES = 24
_SAFE = ("GET", "HEAD")
_POLICY_VIOLATION = 1008


class Guard:
    """An ASGI application before another, which lets through what comes from the page. hosts: names with port, as in
    the header Host.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: Sequence[str]) -> None:
        """Let through whoever knows the token, asked for under one of these names."""
        self._app, self._token, self._hosts = app, token, frozenset(hosts)
        self._once: set[str] = set()
        port = next(iter(hosts)).rpartition(":")[2]
        self._cookie = f"samplechop-{port}"
        sockets = " ".join(sorted(f"ws://{host}" for host in hosts))
        self._headers = {
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
                f"connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }

    def token_for_once(self) -> str:
        """Give a token that is good for one time: other users of this machine see what a browser is started with."""
        self._once.add(token := secrets.token_urlsafe(TOKEN_BYTES))
        return token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or have it answered."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        why = self._refused(headers, needs_origin=changes)
        if scope["type"] == "websocket":
            if why or not self._is_known(headers):
                await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
                return
            await self._app(scope, receive, send)
            return
        answer: ASGIApp = self._app
        if why:
            answer = PlainTextResponse(why, 403)
        elif (token := self._brought(scope)) is not None:
            answer = self._welcome(scope, token, self._is_known(headers))
        elif not self._is_known(headers):
            answer = PlainTextResponse(_UNKNOWN, 403)
        await answer(scope, receive, self._with_headers(send))

    def _refused(self, headers: Headers, needs_origin: bool) -> str:
        """Say why something is not answered, whoever asks; "" where it may be."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if host not in self._hosts:
            return "this address is not served"
        if (origin is None and needs_origin) or (origin is not None and origin != f"http://{host}"):
            return "another page may not ask this one's server"
        return ""

    def _is_known(self, headers: Headers) -> bool:
        return self._is_token(cookie_parser(headers.get("cookie", "")).get(self._cookie, ""))

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode())

    def _brought(self, scope: Scope) -> str | None:
        """Give the token in the address of the page, None where there is none."""
        return dict(_query(scope)).get(TOKEN) if scope["path"] == "/" and scope["method"] in _SAFE else None

    def _welcome(self, scope: Scope, token: str, known: bool) -> ASGIApp:
        """Give the cookie for a token, and lead to the address without it."""
        once = token in self._once
        self._once.discard(token)
        if not (known or once or self._is_token(token)):
            return PlainTextResponse(_UNKNOWN, 403)
        rest = urlencode([(name, value) for name, value in _query(scope) if name != TOKEN])
        answer = RedirectResponse(f"/?{rest}" if rest else "/", 303)
        answer.set_cookie(self._cookie, self._token, path="/", httponly=True, samesite="strict")
        return answer

    def _with_headers(self, send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        return sent


_UNKNOWN = "open the address that samplechop studio has printed, with its token"


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope["query_string"].decode("latin-1"))
