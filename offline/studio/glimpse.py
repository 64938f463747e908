"""Answers for records that were shown before, until what detects is imported: the library, the waveform, the kit.

GET /api/library, GET /api/peaks, and of WS /api/live the first state, as `app` has them. Everything else waits, and so
does a record that is another by now.
"""

from collections.abc import Awaitable, Mapping
from functools import partial
from typing import Any

import numpy as np
from anyio import to_thread
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.studio import peaks
from samplechop.offline.studio.answers import as_text, in_bytes, in_json, part_asked, told
from samplechop.offline.studio.library import Library, is_growing
from samplechop.offline.studio.remembered import Shown, recall
from samplechop.realtime.core.errors import UserError

SHOWN = "samplechop.shown"
"""Of a socket's scope: sections that its page has already."""
_GONE = None, None


class Glimpse:
    """What can be answered of some records by what was shown of them before."""

    def __init__(self, library: Library, cache: ArrayCache, usual: Mapping[str, Any]) -> None:
        """Answer for a library. usual: options of kits, below those of projects."""
        self._library, self._cache, self._usual = library, cache, dict(usual)
        self._known: dict[str, tuple[Shown | None, NDArray[np.int16] | None]] = {}

    async def answers(self, scope: Scope, receive: Receive, send: Send, rest: Awaitable[Starlette]) -> bool:
        """Answer, if this can be; say whether it was. rest: the application, for what comes over a socket later."""
        kind, path = scope["type"], scope["path"]
        if (kind, path) == ("http", "/api/library"):
            items = await to_thread.run_sync(self._library.told)
            await in_json({"items": items})(scope, receive, send)
        elif (kind, path) == ("http", "/api/peaks"):
            request = Request(scope)
            shown, pairs = await self._of(request.query_params.get("record", ""))
            if shown is None or pairs is None:
                return False
            answer = await told(partial(_peaks, pairs, shown.length))(request)
            await answer(scope, receive, send)
        elif (kind, path) == ("websocket", "/api/live"):
            shown, _ = await self._of(Request({**scope, "type": "http"}).query_params.get("record", ""))
            if shown is None:
                return False
            await self._looked_at(shown, scope, receive, send, rest)
        else:
            return False
        return True

    async def _of(self, name: str) -> tuple[Shown | None, NDArray[np.int16] | None]:
        if name not in self._known:
            self._known[name] = await to_thread.run_sync(self._recalled, name)
        return self._known[name]

    def _recalled(self, name: str) -> tuple[Shown | None, NDArray[np.int16] | None]:
        """[any thread] Give what was shown of a record, and its peaks; None for what is not kept."""
        try:
            path = self._library.item(name).path
        except UserError:
            return _GONE
        shown = None if is_growing(path) else recall(path, self._cache, self._usual)
        if shown is None:
            return _GONE
        return shown, self._cache.kept_array(shown.peaks)

    @staticmethod
    async def _looked_at(shown: Shown, scope: Scope, receive: Receive, send: Send, rest: Awaitable[Starlette]) -> None:
        """Send the state, and leave the socket to the application, as if it were to be accepted yet."""
        opening: list[Message] = [await receive()]
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": as_text({"state": shown.sections})})

        async def received() -> Message:
            return opening.pop() if opening else await receive()

        async def sent(message: Message) -> None:
            if message["type"] != "websocket.accept":
                await send(message)

        await (await rest)({**scope, SHOWN: shown.sections}, received, sent)


async def _peaks(pairs: NDArray[np.int16], length: int, request: Request) -> Response:
    level, first, last = part_asked(request, peaks.LEVELS, "are no peaks")
    return in_bytes(peaks.part(pairs, length, level, first, last))
