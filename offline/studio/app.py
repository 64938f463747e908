"""What the server answers: the page, its data under /api/, and a socket for edits and what changes.

GET /                                   the page
GET /api/library                        what was opened
GET /api/project?record                 all that is shown of a record, see `state`
GET /api/found?record                   all attacks, drums and chords that were detected
GET /api/peaks?record&level&from&to     int16 pairs of lowest and highest samples, see `peaks`
GET /api/audio?record&from&to           samples as wav
GET /api/slice?record&note              a slice as the kit has it
WS  /api/live?record                    {"id", "edits": […]} → {"id"} or {"id", "error"}; {"state": …}, {"job": …}
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib import resources
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from samplechop.offline.common.palette import css
from samplechop.offline.studio import found, sound
from samplechop.offline.studio.desk import Desk, check_edits
from samplechop.offline.studio.hub import Hub, OpenRecord, Viewer
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError

TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
MOST_MESSAGE = 1 << 20
"""Bytes of a message of the page's."""
Answer = Callable[[Request], Awaitable[Response]]


def application(hub: Hub) -> Starlette:
    """Make the application that answers for what is open."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> Any:
        yield
        await hub.close()

    routes = [
        Route("/", partial(_file, "index.html")),
        Route("/colours.css", _colours),
        Route("/page/{name}", _page),
        Route("/api/library", _told(partial(_library, hub))),
        Route("/api/project", _told(partial(_of_desk, hub, lambda desk, _: desk.state()))),
        Route("/api/found", _told(partial(_of_desk, hub, lambda desk, _: found.found(desk.record, desk.options())))),
        Route("/api/peaks", _told(partial(_peaks, hub))),
        Route("/api/audio", _told(partial(_audio, hub))),
        Route("/api/slice", _told(partial(_slice, hub))),
        WebSocketRoute("/api/live", partial(_live, hub)),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def _told(answer: Answer) -> Answer:
    """Tell what the user can mend in one sentence, with status 400."""

    async def guarded(request: Request) -> Response:
        try:
            return await answer(request)
        except UserError as error:
            return JSONResponse({"error": str(error)}, 400)

    return guarded


async def _file(name: str, _: Request) -> Response:
    return _static(name)


async def _page(request: Request) -> Response:
    return _static(request.path_params["name"])


def _static(name: str) -> Response:
    """Give a file of the page; the names that are there are the only ones that lead anywhere."""
    files = {one.name: one for one in resources.files("samplechop.offline.studio.page").iterdir() if one.is_file()}
    kind = TYPES.get("." + name.rpartition(".")[2])
    if name not in files or kind is None:
        return PlainTextResponse("there is no such file", 404)
    return Response(files[name].read_bytes(), media_type=kind)


async def _colours(_: Request) -> Response:
    return Response(css(), media_type=TYPES[".css"])


async def _library(hub: Hub, _: Request) -> Response:
    return JSONResponse({"items": [item.facts() for item in hub.library.look()]})


async def _of_desk(hub: Hub, work: Callable[[Desk, Request], Any], request: Request) -> Response:
    one = await _record(hub, request)
    return JSONResponse(await one.call(work, one.desk, request))


async def _peaks(hub: Hub, request: Request) -> Response:
    one = await _record(hub, request)
    level, first, last = (_number(request, name) for name in ("level", "from", "to"))
    try:
        pairs = await one.call(one.desk.peaks, level, first, last)
    except ValueError:
        raise UserError(f"there are no peaks of level {level}") from None
    return Response(pairs.astype("<i2").tobytes(), media_type="application/octet-stream")


async def _audio(hub: Hub, request: Request) -> Response:
    one = await _record(hub, request)
    first, last = _number(request, "from"), _number(request, "to")
    return Response(await one.call(sound.wav_of, one.desk.record, first, last), media_type="audio/wav")


async def _slice(hub: Hub, request: Request) -> Response:
    one = await _record(hub, request)
    name, content = await one.call(sound.slice_on_pad, one.desk, _number(request, "note"))
    headers = {"Content-Disposition": f'attachment; filename="{name}.wav"'}
    return Response(content, media_type="audio/wav", headers=headers)


async def _record(hub: Hub, request: Request) -> OpenRecord:
    return await hub.record(request.query_params.get("record", ""))


def _number(request: Request, name: str) -> int:
    given = request.query_params.get(name, "")
    if not given.isascii() or not given.isdecimal() or len(given) > 15:
        raise UserError(f"{name} must be a whole number, got {given!r:.40}")
    return int(given)


async def _live(hub: Hub, socket: WebSocket) -> None:
    """Take edits from a page, and send it what changes."""
    await socket.accept()
    name, viewer = socket.query_params.get("record", ""), Viewer()
    try:
        one = await hub.look(name, viewer)
    except UserError as error:
        await socket.send_json({"error": str(error)})
        await socket.close()
        return
    sending = asyncio.create_task(_send(socket, viewer))
    try:
        while True:
            text = await socket.receive_text()
            viewer.queue.put_nowait(await _answer(hub, one, text))
    except WebSocketDisconnect:
        pass
    finally:
        sending.cancel()
        await hub.leave(name, viewer)


async def _send(socket: WebSocket, viewer: Viewer) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.send_text(json.dumps(await viewer.queue.get(), allow_nan=False, separators=(",", ":")))


async def _answer(hub: Hub, one: OpenRecord, text: str) -> dict[str, Any]:
    """Do what a message of the page says; give the answer."""
    number: Any = None
    try:
        if len(text) > MOST_MESSAGE:
            raise UserError("a message is too long")
        message = documents.parse_json(text)
        number = message.get("id") if isinstance(message, dict) else None
        match message:
            case {"preview": list(commands)}:
                return {"id": number, "state": await one.call(one.desk.preview, commands)}
            case {"edits": edits}:
                try:
                    await one.call(one.desk.edit, check_edits(edits))
                finally:
                    await one.show()
                    await hub.listen(one)
                return {"id": number}
        raise UserError("a message has edits or a preview")
    except ValueError as error:
        return {"id": number, "error": f"a message is no JSON ({error})"}
    except UserError as error:
        return {"id": number, "error": str(error)}
