"""What the server answers besides the page: its data under /api/, and a socket for edits and what changes.

GET /api/project?record                 all that is shown of a record, see `state`
GET /api/found?record                   all attacks, drums and chords that were detected
GET /api/peaks?record&level&from&to     int16 pairs of lowest and highest samples, see `peaks`
GET /api/curve?record&level&from&to     bytes, the highest probability of a chop in every `level` frames from..to
GET /api/audio?record&from&to           samples as wav
GET /api/shaped?record&from&to&shape&part   the same, as a file of the kit has them before its gain, a minute of it;
                                        shape: as in `state`; X-Begins: which sample it begins with, X-Goes-On: 0 or 1
GET /api/tags?record&slices             [start, stop, chord, drum] of slices "start-stop,start-stop", see `tags`
GET /api/slice?record&note              a slice as the kit has it
GET /api/compare?record&with            the kit beside other ways to choose; with: librosa or a model, too
GET /api/session-peaks, WS /api/session a session that is being recorded, see `growing_feed`
and those of library_routes, shelf_routes, export_routes, teach_routes
WS  /api/live?record                    {"id", "edits": […]} → {"id"} or {"id", "error"}; {"state": …}, {"job": …},
                                        {"attacks": […], "from"}: those from this number on, as they are detected;
                                        {"outdated": true}: the file is another one by now, look at it again
"""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, TypeVar

import numpy as np
from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from samplechop.offline.studio import beside, export_routes, found, library_routes, peaks, shelf_routes, sound, tags
from samplechop.offline.studio.answers import (
    as_text,
    attached,
    in_bytes,
    in_json,
    number,
    parsed,
    part_asked,
    told,
)
from samplechop.offline.studio.desk import Desk
from samplechop.offline.studio.glimpse import SHOWN
from samplechop.offline.studio.growing_feed import Feeds
from samplechop.offline.studio.hub import Hub
from samplechop.offline.studio.opened import OpenRecord
from samplechop.offline.studio.teach_routes import Teach
from samplechop.offline.studio.viewer import Message, Viewer
from samplechop.offline.studio.wording import in_page_words
from samplechop.realtime.core.errors import UserError

CURVE_LEVELS = tuple(4**power for power in range(7))
"""Frames that a value of the curve stands for: 1 … 4096."""
MOST_WAITING = 64
"""Messages that a page has not taken yet, before no more is done for it."""
NOT_OPENED = 4404
"""Code with which a socket is closed that need not be tried again."""
Result = TypeVar("Result")


def application(hub: Hub) -> Starlette:
    """Make the application that answers for what is open."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> Any:
        watching = asyncio.create_task(hub.watch())
        hub.expect()
        yield
        watching.cancel()
        await hub.close()

    routes = [
        Route("/api/project", told(partial(_of_desk, hub, lambda desk, _: desk.state()))),
        Route("/api/found", told(partial(_of_desk, hub, lambda desk, _: found.found(desk)))),
        Route("/api/peaks", told(partial(_peaks, hub))),
        Route("/api/curve", told(partial(_curve, hub))),
        Route("/api/audio", told(partial(_audio, hub))),
        Route("/api/shaped", told(partial(_shaped, hub))),
        Route("/api/tags", told(partial(_tags, hub))),
        Route("/api/slice", told(partial(_slice, hub))),
        Route("/api/compare", told(partial(_compare, hub))),
        WebSocketRoute("/api/live", partial(_live, hub)),
        *Feeds(hub.library, hub.cache).routes(),
    ]
    routes += [*library_routes.routes(hub), *shelf_routes.routes(hub)]
    routes += [*export_routes.routes(hub), *Teach(hub).routes()]
    return Starlette(routes=routes, lifespan=lifespan)


async def _of_desk(hub: Hub, work: Callable[[Desk, Request], Any], request: Request) -> Response:
    return in_json(await _done(hub, request, lambda desk: work(desk, request)))


async def _peaks(hub: Hub, request: Request) -> Response:
    level, first, last = part_asked(request, peaks.LEVELS, "are no peaks")
    async with hub.using(request.query_params.get("record", "")) as one:
        return in_bytes(await one.peaks(level, first, last))


async def _curve(hub: Hub, request: Request) -> Response:
    level, first, last = part_asked(request, CURVE_LEVELS, "is no curve")
    async with hub.using(request.query_params.get("record", "")) as one:
        curve = one.curve or await one.call(one.desk.curve)
    return in_bytes(np.zeros(0, np.uint8) if curve is None else curve.highest(level, first, last))


async def _audio(hub: Hub, request: Request) -> Response:
    first, last = number(request, "from"), number(request, "to")
    async with hub.using(request.query_params.get("record", "")) as one:
        # Beside what else is done with the record: a press does not wait until a kit was chosen or peaks were made.
        content = await to_thread.run_sync(sound.wav_of, one.desk.record, first, last)
    return Response(content, media_type="audio/wav")


async def _shaped(hub: Hub, request: Request) -> Response:
    first, last, part = (number(request, name) for name in ("from", "to", "part"))
    shape = request.query_params.get("shape", "")
    async with hub.using(request.query_params.get("record", "")) as one:
        shaper = await one.call(one.desk.shaper, shape)
        made = await to_thread.run_sync(shaper.wav, first, last, part)
    facts = {"X-Begins": str(made.begins), "X-Goes-On": str(int(made.goes_on))}
    return Response(made.wav, media_type="audio/wav", headers=facts)


async def _tags(hub: Hub, request: Request) -> Response:
    wanted = tags.read(request.query_params.get("slices", ""))
    async with hub.using(request.query_params.get("record", "")) as one:
        tagger = await one.call(tags.tagger, one.desk)
        return in_json(await to_thread.run_sync(tagger.tags, wanted))


async def _slice(hub: Hub, request: Request) -> Response:
    note = number(request, "note")
    name, content = await _done(hub, request, lambda desk: sound.slice_on_pad(desk, note))
    return Response(content, media_type="audio/wav", headers=attached(f"{name}.wav"))


async def _compare(hub: Hub, request: Request) -> Response:
    async with hub.using(request.query_params.get("record", "")) as one:
        return in_json(await beside.compared(one, request.query_params.getlist("with")))


async def _done(hub: Hub, request: Request, work: Callable[[Desk], Result]) -> Result:
    """Do something with the record that is asked about. Raises UserError."""
    async with hub.using(request.query_params.get("record", "")) as one:
        return await one.call(work, one.desk)


async def _live(hub: Hub, socket: WebSocket) -> None:
    """Take edits from a page, and send it what changes."""
    await socket.accept()
    name, viewer = socket.query_params.get("record", ""), Viewer(socket.scope.get(SHOWN, {}))
    sending = asyncio.create_task(_send(socket, viewer))
    try:
        async with hub.looking(name, viewer) as one:
            while True:
                message = await socket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                answer = await _answer(hub, name, one, viewer, message.get("text") or "")
                if viewer.waits > MOST_WAITING:
                    return  # it takes nothing: it comes again when it does
                viewer.tell(answer)
    except UserError as error:
        sending.cancel()
        with suppress(WebSocketDisconnect, RuntimeError):
            await socket.send_text(as_text({"error": _why_not(hub, name, error)}))
            await socket.close(NOT_OPENED)
    finally:
        sending.cancel()


def _why_not(hub: Hub, name: str, error: UserError) -> str:
    """Say why a record cannot be opened."""
    with suppress(UserError):
        return in_page_words(str(error), hub.library.item(name).path)
    return in_page_words(str(error))


async def _send(socket: WebSocket, viewer: Viewer) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.send_text(as_text(await viewer.next()))


async def _answer(hub: Hub, name: str, one: OpenRecord, viewer: Viewer, text: str) -> Message:
    """Do what a message of the page says; give the answer."""
    number: int | None = None
    try:
        message = parsed(text)
        if isinstance(message, dict) and isinstance(given := message.get("id"), int):
            number = given
        match message:
            case {"preview": list(commands)}:
                return {"id": number, "state": viewer.other(await one.call(one.desk.preview, commands))}
            case {"edits": edits}:
                try:
                    await one.call(one.desk.edit, _checked(edits))
                finally:
                    await one.show()
                    await hub.listen(name, one)
                return {"id": number}
        raise UserError("a message has edits or a preview")
    except UserError as error:
        return {"id": number, "error": in_page_words(str(error))}


def _checked(edits: Any) -> list[Any]:
    """Give the edits of a message. Raises UserError."""
    if not isinstance(edits, list) or not edits:
        raise UserError("edits must be a list of commands")
    return edits
