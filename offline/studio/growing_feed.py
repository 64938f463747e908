"""The page of a session that is being recorded: what is new ten times a second, marks and keeps from the user.

WS  /api/session?record   {"live": facts}, {"grown": {length, events, level}} …, {"ended": decisions}
                          {"id", "do": "mark" | "keep"} → {"id", "sample" | "kept"} or {"id", "error"}
GET /api/session-peaks    as /api/peaks
GET /api/session-audio    as /api/audio

When it has ended the marks are decisions of its project, and the page opens it as any record.
"""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.studio import peaks
from samplechop.offline.studio.answers import number, told
from samplechop.offline.studio.growing import Growing, decide
from samplechop.offline.studio.library import Library
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError

LOOKS_PER_SECOND = 10
NOT_GROWING = 4404
"""Code with which a socket is closed whose session is not being recorded."""


class Feeds:
    """The sessions that are being recorded, as far as pages look at them: each is read once for all."""

    def __init__(self, library: Library, cache: ArrayCache) -> None:
        """Serve the sessions of a library."""
        self._library, self._cache = library, cache
        self._growing: dict[str, tuple[Growing, asyncio.Lock]] = {}

    def routes(self) -> list[BaseRoute]:
        """Give what is answered."""
        return [
            WebSocketRoute("/api/session", self._feed),
            Route("/api/session-peaks", self._peaks),
            Route("/api/session-audio", told(self._audio)),
        ]

    async def _feed(self, socket: WebSocket) -> None:
        await socket.accept()
        name = socket.query_params.get("record", "")
        try:
            growing = await to_thread.run_sync(Growing, self._library.item(name).path)
        except UserError as error:
            await socket.send_json({"error": str(error)})
            await socket.close(NOT_GROWING)
            return
        turn = asyncio.Lock()
        self._growing[name] = growing, turn
        asking = asyncio.create_task(self._take(socket, growing, turn))
        try:
            await socket.send_json({"live": growing.facts()})
            await self._grow(socket, growing, turn)
        except (WebSocketDisconnect, RuntimeError):  # the page is gone
            pass
        finally:
            asking.cancel()
            growing.close()
            if self._growing.get(name, (None,))[0] is growing:
                del self._growing[name]

    async def _grow(self, socket: WebSocket, growing: Growing, turn: asyncio.Lock) -> None:
        """Send what is new until the session has ended, or is gone."""
        try:
            while True:
                goes_on = await to_thread.run_sync(lambda: growing.is_recorded)
                async with turn:
                    await socket.send_json({"grown": await to_thread.run_sync(growing.look)})
                if not goes_on:
                    break
                await asyncio.sleep(1 / LOOKS_PER_SECOND)
            decided = await to_thread.run_sync(self._decide, growing.folder)
            await socket.send_json({"ended": decided})
        except UserError as error:
            await socket.send_json({"error": str(error)})
        await socket.close()

    def _decide(self, folder: Path) -> int:
        """[any thread] Make decisions of what was marked."""
        with TemporaryDirectory() as scratch:
            return decide(folder, self._cache, Path(scratch))

    async def _take(self, socket: WebSocket, growing: Growing, turn: asyncio.Lock) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            while True:
                answer = await self._answer(await socket.receive_text(), growing, turn)
                await socket.send_text(json.dumps(answer))

    async def _answer(self, text: str, growing: Growing, turn: asyncio.Lock) -> dict[str, Any]:
        number: Any = None
        try:
            message = documents.parse_json(text)
            number = message.get("id") if isinstance(message, dict) else None
            async with turn:
                match message:
                    case {"do": "mark"}:
                        return {"id": number, "sample": await to_thread.run_sync(growing.press)}
                    case {"do": "keep"}:
                        return {"id": number, "kept": await to_thread.run_sync(growing.keep)}
            raise UserError("a live session takes mark and keep")
        except ValueError as error:
            return {"id": number, "error": f"a message is no JSON ({error})"}
        except UserError as error:
            return {"id": number, "error": str(error)}

    async def _audio(self, request: Request) -> Response:
        known = self._growing.get(request.query_params.get("record", ""))
        if known is None:
            raise UserError("there is no such session that is being recorded")
        first, last = number(request, "from"), number(request, "to")
        # Beside what is read of it meanwhile: a press does not wait.
        return Response(await to_thread.run_sync(known[0].sound, first, last), media_type="audio/wav")

    async def _peaks(self, request: Request) -> Response:
        given = [request.query_params.get(name, "") for name in ("level", "from", "to")]
        known = self._growing.get(request.query_params.get("record", ""))
        whole = all(text.isascii() and text.isdecimal() and len(text) <= 15 for text in given)
        if known is None or not whole or int(given[0]) not in peaks.LEVELS:
            return JSONResponse({"error": "there are no such peaks of a session that is being recorded"}, 400)
        growing, turn = known
        async with turn:
            level, first, last = (int(text) for text in given)
            pairs = await to_thread.run_sync(growing.peaks, level, first, last)
        return Response(pairs.astype("<i2").tobytes(), media_type="application/octet-stream")
