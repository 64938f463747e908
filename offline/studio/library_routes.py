"""What the server answers about what was opened.

GET  /api/library              records
GET  /api/picture?record       {heights: COLUMNS numbers 0..255, seconds}
GET  /api/similar?record&at    places like the slice that begins there, see `similar`
"""

from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from samplechop.offline.studio.answers import in_json, number, told
from samplechop.offline.studio.hub import Hub
from samplechop.offline.studio.pictures import picture
from samplechop.offline.studio.similar import similar


def routes(hub: Hub) -> list[Route]:
    """Give the routes."""
    # Pictures of a large folder are asked for all at once: what somebody hears meanwhile comes first.
    one_at_a_time = CapacityLimiter(1)
    return [
        Route("/api/library", told(partial(_library, hub))),
        Route("/api/picture", told(partial(_picture, hub, one_at_a_time))),
        Route("/api/similar", told(partial(_similar, hub))),
    ]


async def _library(hub: Hub, _: Request) -> Response:
    items = await to_thread.run_sync(lambda: [item.facts() for item in hub.library.look()])
    return in_json({"items": items})


async def _picture(hub: Hub, one_at_a_time: CapacityLimiter, request: Request) -> Response:
    path = hub.library.item(request.query_params.get("record", "")).path
    heights, seconds = await to_thread.run_sync(picture, path, hub.cache, limiter=one_at_a_time)
    return in_json({"heights": heights.tolist(), "seconds": seconds})


async def _similar(hub: Hub, request: Request) -> Response:
    at = number(request, "at")
    async with hub.using(request.query_params.get("record", "")) as one:
        return in_json({"places": await one.call(similar, one.desk, at)})
