"""What the server answers about what lies beside the records that were opened.

GET  /api/shelf                 {kits: those in what was opened and in the folder that kits go to, as `_kit`}
GET  /api/shelf/picture?kit     the picture of a kit
"""

from functools import partial
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from samplechop.offline.studio.answers import in_json, told
from samplechop.offline.studio.hub import Hub
from samplechop.offline.studio.shelf import Found, sources


def routes(hub: Hub) -> list[Route]:
    """Give the routes."""
    one_at_a_time = CapacityLimiter(1)
    return [
        Route("/api/shelf", told(partial(_shelf, hub, one_at_a_time))),
        Route("/api/shelf/picture", told(partial(_picture, hub))),
    ]


async def _shelf(hub: Hub, one_at_a_time: CapacityLimiter, _: Request) -> Response:
    def look() -> list[dict[str, Any]]:
        kits = hub.shelf.look()
        of = sources(kits, hub.library.items(), hub.cache)
        return [_kit(one, of.get(one.id)) for one in kits]

    return in_json({"kits": await to_thread.run_sync(look, limiter=one_at_a_time)})


def _kit(one: Found, record: str | None) -> dict[str, Any]:
    facts = one.facts
    return {
        "id": one.id,
        "title": one.path.name,
        "folder": one.folder,
        "slices": facts.slices,
        "tempo": facts.tempo,
        "key": facts.key,
        "source": facts.source,
        "record": record,
        "picture": facts.has_picture,
    }


async def _picture(hub: Hub, request: Request) -> Response:
    path = await to_thread.run_sync(hub.shelf.picture, request.query_params.get("kit", ""))
    return FileResponse(path, media_type="image/png")
