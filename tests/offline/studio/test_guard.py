"""Nobody but the page asks the server."""

import asyncio
from typing import Any

import pytest
from starlette.responses import PlainTextResponse

from samplechop.offline.studio.guard import TOKEN, Guard

HOST, KEY = "127.0.0.1:8347", "the-token"
COOKIE = f"samplechop-8347={KEY}"


async def _inner(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await PlainTextResponse("inside")(scope, receive, send)


def guard() -> Guard:
    return Guard(_inner, KEY, [HOST, "localhost:8347"])


def asked(
    headers: dict[str, str], path: str = "/api/library", kind: str = "http", guarded: Guard | None = None
) -> list[dict[str, Any]]:
    """Give the messages of an answer. Of the path a method may stand before, a query behind."""
    method, _, rest = path.rpartition(" ")
    place, _, query = rest.partition("?")
    scope = {
        "type": kind,
        "method": method or "GET",
        "path": place,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    asyncio.run((guarded or guard())(scope, receive, send))
    return sent


def status(sent: list[dict[str, Any]]) -> int:
    return int(sent[0]["status"])


def test_whoever_has_the_cookie_comes_in() -> None:
    sent = asked({"Host": HOST, "Cookie": COOKIE})
    assert status(sent) == 200
    assert sent[1]["body"] == b"inside"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": HOST},
        {"Cookie": COOKIE},
        {"Host": HOST, "Cookie": "samplechop-8347=another"},
        {"Host": HOST, "Cookie": "samplechop-8348=" + KEY},
        {"Host": "attacker.example:8347", "Cookie": COOKIE},
        {"Host": "127.0.0.1:80", "Cookie": COOKIE},
        {"Host": HOST, "Cookie": COOKIE, "Origin": "http://attacker.example"},
        {"Host": HOST, "Cookie": COOKIE, "Origin": "null"},
        {"Host": HOST, "Cookie": COOKIE, "Origin": "http://localhost:8347"},
        {"Host": HOST, "Cookie": COOKIE, "Origin": f"https://{HOST}"},
    ],
)
def test_what_comes_from_elsewhere_is_refused(headers: dict[str, str]) -> None:
    assert status(asked(headers)) == 403
    assert asked(headers, kind="websocket")[0]["type"] == "websocket.close"


def test_the_socket_is_for_the_page_alone() -> None:
    opened = asked({"Host": HOST, "Cookie": COOKIE, "Origin": f"http://{HOST}"}, kind="websocket")
    assert opened == [{"type": "websocket.accept"}]
    assert asked({"Host": HOST, "Cookie": COOKIE}, kind="websocket")[0]["type"] == "websocket.close"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_changes_something_needs_an_origin(method: str) -> None:
    assert status(asked({"Host": HOST, "Cookie": COOKIE}, f"{method} /api/library")) == 403
    assert status(asked({"Host": HOST, "Cookie": COOKIE, "Origin": f"http://{HOST}"}, f"{method} /api/library")) == 200


def test_the_token_is_exchanged_for_a_cookie_and_goes_from_the_address() -> None:
    sent = asked({"Host": HOST}, f"/?{TOKEN}={KEY}&record=ab")
    headers = dict(sent[0]["headers"])
    assert status(sent) == 303
    assert headers[b"location"] == b"/?record=ab"
    assert headers[b"set-cookie"].startswith(COOKIE.encode())
    assert b"httponly" in headers[b"set-cookie"].lower() and b"samesite=strict" in headers[b"set-cookie"].lower()


def test_the_token_goes_from_the_address_of_whoever_is_known_too() -> None:
    assert status(asked({"Host": HOST, "Cookie": COOKIE}, f"/?{TOKEN}={KEY}")) == 303


@pytest.mark.parametrize("path", ["/?token=", "/?token=another", "/api/library?token=" + KEY, "/page/start.js"])
def test_without_the_token_nothing_is_given(path: str) -> None:
    assert status(asked({"Host": HOST}, path)) == 403


def test_the_token_of_a_browser_that_is_started_is_good_for_one_time() -> None:
    guarded = guard()
    token = guarded.token_for_once()
    assert status(asked({"Host": HOST}, f"/?{TOKEN}={token}", guarded=guarded)) == 303
    assert status(asked({"Host": HOST}, f"/?{TOKEN}={token}", guarded=guarded)) == 403


@pytest.mark.parametrize("cookie", ["a@b=1; ", "expires=; path; =; ", '"; \xe4={}; '])
def test_cookies_of_other_servers_of_this_machine_do_not_matter(cookie: str) -> None:
    assert status(asked({"Host": HOST, "Cookie": cookie + COOKIE})) == 200
    assert status(asked({"Host": HOST, "Cookie": cookie})) == 403


def test_every_answer_says_what_a_page_may_do() -> None:
    for headers in ({"Host": HOST, "Cookie": COOKIE}, {"Host": "attacker.example"}):
        given = dict(asked(headers)[0]["headers"])
        policy = given[b"content-security-policy"].decode()
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert given[b"cache-control"] == b"no-store"
        assert given[b"x-content-type-options"] == b"nosniff"
        assert given[b"cross-origin-resource-policy"] == b"same-origin"
