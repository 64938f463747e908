"""What the server answers about what was opened.

GET  /api/library              records
GET  /api/picture?record       {heights: COLUMNS numbers 0..255, seconds, fault: why it cannot be read, null if it can}
GET  /api/similar?record&at    places like the slice that begins there, see `similar`
GET  /api/similar/elsewhere?record&at   the same in the other records: a line of JSON after each that was looked at,
                               {of, done, unheard: counts of records, places: the nearest so far, the nearest first}
"""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from samplechop.offline.studio.answers import as_text, in_json, number, told
from samplechop.offline.studio.hub import Hub
from samplechop.offline.studio.library import Item, fault_of
from samplechop.offline.studio.pictures import picture
from samplechop.offline.studio.similar import MOST, Sought, elsewhere, similar, sought
from samplechop.offline.studio.wording import in_page_words
from samplechop.realtime.core.errors import ModelError, UserError


def routes(hub: Hub) -> list[Route]:
    """Give the routes."""
    # Pictures of a large folder are asked for all at once: what somebody hears meanwhile comes first.
    one_at_a_time = CapacityLimiter(1)
    return [
        Route("/api/library", told(partial(_library, hub))),
        Route("/api/picture", told(partial(_picture, hub, one_at_a_time))),
        Route("/api/similar", told(partial(_similar, hub))),
        Route("/api/similar/elsewhere", told(partial(_elsewhere, hub, CapacityLimiter(1)))),
    ]


async def _library(hub: Hub, _: Request) -> Response:
    return in_json({"items": await to_thread.run_sync(hub.library.told)})


async def _picture(hub: Hub, one_at_a_time: CapacityLimiter, request: Request) -> Response:
    path = hub.library.item(request.query_params.get("record", "")).path
    heights, seconds = await to_thread.run_sync(picture, path, hub.cache, limiter=one_at_a_time)
    fault = await to_thread.run_sync(fault_of, path, limiter=one_at_a_time) if seconds is None else None
    said = None if fault is None else in_page_words(fault, path)
    return in_json({"heights": heights.tolist(), "seconds": seconds, "fault": said})


async def _similar(hub: Hub, request: Request) -> Response:
    at = number(request, "at")
    async with hub.using(request.query_params.get("record", "")) as one:
        return in_json({"places": await one.call(similar, one.desk, at)})


async def _elsewhere(hub: Hub, one_at_a_time: CapacityLimiter, request: Request) -> Response:
    at, name = number(request, "at"), request.query_params.get("record", "")
    async with hub.using(name) as one:
        wanted = await one.call(sought, one.desk, at)
    others = [item for item in hub.library.items() if item.id != name]
    return StreamingResponse(_lines(hub, one_at_a_time, wanted, others), media_type="application/x-ndjson")


async def _lines(
    hub: Hub, one_at_a_time: CapacityLimiter, wanted: Sought, others: Sequence[Item]
) -> AsyncIterator[str]:
    """Look at a record after the other, as long as the page listens."""
    best, unheard = list[dict[str, Any]](), 0
    for done, item in enumerate(others, 1):
        try:
            found = await to_thread.run_sync(elsewhere, wanted, item.path, hub.cache, hub.usual, limiter=one_at_a_time)
        except (UserError, ModelError, OSError):
            found = None  # its own page says why
        unheard += found is None
        best += [place | {"record": item.id, "title": item.title} for place in found or ()]
        best = sorted(best, key=lambda place: -place["likeness"])[:MOST]
        yield as_text({"of": len(others), "done": done, "unheard": unheard, "places": best}) + "\n"
