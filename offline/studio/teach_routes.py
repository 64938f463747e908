"""What the server answers about a model that learns from what was decided.

GET  /api/teach                     {records, advised, missing, job, uses}
POST /api/teach  {}                 begin; pages are told {"teach": …}
POST /api/teach/stop  {}            break it off
POST /api/teach/use  {use: true}    choose kits by it, until the studio ends
"""

import asyncio

import platformdirs
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.studio.answers import in_json, posted, told
from samplechop.offline.studio.hub import Hub
from samplechop.offline.studio.teaching import ADVISED, Teaching, lessons, missing
from samplechop.offline.studio.viewer import Message
from samplechop.offline.studio.worker import Stopped
from samplechop.realtime.core.errors import UserError

_MODEL = "mine"


class Teach:
    """A training at a time, what came of it, and whether kits are chosen by it."""

    def __init__(self, hub: Hub) -> None:
        """Teach from the library of a hub."""
        self._hub = hub
        self._teaching: Teaching | None = None
        self._job: Message | None = None
        self._model, self._before, self._uses = "", str(hub.usual.get("model", ChopOptions().model)), False
        hub.at_end.append(self._end)

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            Route("/api/teach", told(self._state), methods=["GET"]),
            Route("/api/teach", told(self._begin), methods=["POST"]),
            Route("/api/teach/stop", told(self._stop), methods=["POST"]),
            Route("/api/teach/use", told(self._use), methods=["POST"]),
        ]

    async def _state(self, _: Request) -> Response:
        count = len(await to_thread.run_sync(lessons, self._hub.library))
        facts = {"records": count, "advised": ADVISED, "missing": missing(count)}
        return in_json(facts | {"job": self._job, "uses": self._uses})

    async def _begin(self, request: Request) -> Response:
        await posted(request)
        learned = await to_thread.run_sync(lessons, self._hub.library)
        if why := missing(len(learned)):
            raise UserError(why)
        if self._teaching is not None:
            raise UserError("a model is learning already: wait for it, or stop it")
        folder = platformdirs.user_data_path("samplechop", appauthor=False) / "models"
        self._teaching = Teaching(learned, folder / _MODEL)
        self._show({"stage": "reading the records", "done": 0, "length": 0})
        self._hub.start(self._teach(self._teaching))
        return in_json({"records": len(learned)}, 202)

    async def _teach(self, teaching: Teaching) -> None:
        loop = asyncio.get_running_loop()
        try:
            said = await to_thread.run_sync(
                teaching.run, lambda message: loop.call_soon_threadsafe(self._show, message)
            )
            ended: Message = {"stage": "taught", **said}
            self._model = said["model"]
        except Stopped:
            ended = {"stage": "stopped"}
        except UserError as error:
            ended = {"stage": "failed", "error": str(error)}
        self._teaching = None
        self._show(ended)

    def _show(self, message: Message) -> None:
        self._job = message
        self._hub.tell({"teach": message})

    async def _stop(self, request: Request) -> Response:
        await posted(request)
        self._end()
        return in_json({})

    def _end(self) -> None:
        if self._teaching is not None:
            self._teaching.stop()

    async def _use(self, request: Request) -> Response:
        uses = (await posted(request)).get("use") is True
        if uses and not self._model:
            raise UserError("no model was taught since the studio began")
        self._uses = uses
        await self._hub.use_model(self._model if uses else self._before)
        return in_json({})
