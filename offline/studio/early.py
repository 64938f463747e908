"""The page at once, and its data as soon as what detects is imported: a browser reads and compiles the one meanwhile.

GET /               the page
GET /page/NAME      its files
GET /colours.css    colours of both themes
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from samplechop.offline.common.palette import css
from samplechop.offline.studio.glimpse import Glimpse

TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_TURNS = 2e-4
"""Seconds after which an import lets the page's files be answered: each has several turns to wait for."""


def early(make: Callable[[], Starlette], glimpse: Glimpse | None = None) -> Starlette:
    """Give an application with the page, before another one, which is made in a thread and has all other requests.

    glimpse: answers what it can until then.
    """
    made: asyncio.Future[Starlette]

    async def rest(scope: Scope, receive: Receive, send: Send) -> None:
        if made.done() or glimpse is None or not await glimpse.answers(scope, receive, send, asyncio.shield(made)):
            await (await asyncio.shield(made))(scope, receive, send)

    async def run(ended: asyncio.Event) -> None:
        turns = sys.getswitchinterval()
        sys.setswitchinterval(_TURNS)
        try:
            app = await to_thread.run_sync(make)
        except BaseException as error:
            made.set_exception(error)
            raise
        finally:
            sys.setswitchinterval(turns)
        async with app.router.lifespan_context(app):
            made.set_result(app)
            await ended.wait()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        nonlocal made
        made, ended = asyncio.get_running_loop().create_future(), asyncio.Event()
        running = asyncio.create_task(run(ended))
        try:
            yield
        finally:
            ended.set()
            await running

    routes = [
        Route("/", _index),
        Route("/colours.css", _colours),
        Route("/page/{name}", _page),
        Mount("", app=rest),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def _index(_: Request) -> Response:
    return _static("index.html")


async def _page(request: Request) -> Response:
    return _static(request.path_params["name"])


async def _colours(_: Request) -> Response:
    return Response(css(), media_type=TYPES[".css"])


@cache
def _files() -> dict[str, Traversable]:
    """Give the files of the page, by name."""
    return {one.name: one for one in resources.files("samplechop.offline.studio.page").iterdir() if one.is_file()}


def _static(name: str) -> Response:
    """Give a file of the page; the names that are there are the only ones that lead anywhere."""
    files = _files()
    kind = TYPES.get("." + name.rpartition(".")[2])
    if name not in files or kind is None:
        return PlainTextResponse("there is no such file", 404)
    return Response(files[name].read_bytes(), media_type=kind)
