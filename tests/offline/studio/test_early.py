"""The page comes before what detects is imported, and all of its modules at once."""

import asyncio
import re
import socket
import threading
from importlib import resources

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message

from samplechop.offline.studio.early import early
from samplechop.offline.studio.server import listening

PAGE = resources.files("samplechop.offline.studio.page")
IMPORTED = re.compile(r'^(?:import|export)[^;]*?"\./([\w-]+\.js)"', re.MULTILINE)


async def status(app: Starlette, path: str) -> int:
    """Ask for something; give the status of the answer."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    await app(scope, receive, send)
    return int(sent[0]["status"])


def test_the_page_is_answered_while_the_rest_is_imported() -> None:
    imported = threading.Event()

    def make() -> Starlette:
        imported.wait()
        return Starlette(routes=[Route("/api/library", lambda _: PlainTextResponse("all"))])

    async def asked() -> list[int]:
        app = early(make)
        async with app.router.lifespan_context(app):
            rest = asyncio.create_task(status(app, "/api/library"))
            try:
                found = [await status(app, path) for path in ("/", "/page/start.js", "/colours.css", "/page/none.js")]
                assert not rest.done()
            finally:
                imported.set()
            return [*found, await rest]

    assert asyncio.run(asked()) == [200, 200, 200, 404, 200]


def test_a_page_names_all_modules_that_it_will_need() -> None:
    needed, left = set(), ["start.js"]
    while left:
        name = left.pop()
        new = set(IMPORTED.findall((PAGE / name).read_text())) - needed
        needed |= new
        left += new
    named = re.findall(r'<link rel="modulepreload" href="/page/([\w-]+\.js)">', (PAGE / "index.html").read_text())
    assert named == sorted(needed)


def test_small_answers_do_not_wait_for_the_other_side() -> None:
    """By Nagle's algorithm each would, 40 ms."""

    async def set_on_it() -> int:
        option = asyncio.get_running_loop().create_future()

        async def answered(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            option.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with listening("127.0.0.1", 0) as listener:
            async with await asyncio.start_server(answered, sock=listener):
                _, writer = await asyncio.open_connection(*listener.getsockname())
                writer.close()
                return int(await option)

    assert asyncio.run(set_on_it())
