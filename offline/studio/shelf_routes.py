"""What the server answers about what lies beside the records that were opened.

GET  /api/shelf                 {kits, atlases}: those in what was opened and in the folder that kits go to, as `_kit`
                                and `_atlas` tell of them
GET  /api/shelf/picture?kit     the picture of a kit
POST /api/atlas  {atlas}        open the page of an atlas in this machine's browser: it draws by eval, which this page's
                                policy forbids
"""

from functools import partial
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from samplechop.offline.studio.answers import in_json, posted, told
from samplechop.offline.studio.atlases import AtlasFacts
from samplechop.offline.studio.handing_over import show
from samplechop.offline.studio.hub import Hub
from samplechop.offline.studio.kit_facts import KitFacts
from samplechop.offline.studio.shelf import Found, sources


def routes(hub: Hub) -> list[Route]:
    """Give the routes."""
    one_at_a_time = CapacityLimiter(1)
    return [
        Route("/api/shelf", told(partial(_shelf, hub, one_at_a_time))),
        Route("/api/shelf/picture", told(partial(_picture, hub))),
        Route("/api/atlas", told(partial(_open, hub)), methods=["POST"]),
    ]


async def _shelf(hub: Hub, one_at_a_time: CapacityLimiter, _: Request) -> Response:
    def look() -> dict[str, Any]:
        kits, atlases = hub.shelf.look()
        of = sources(kits, hub.library.items(), hub.cache)
        return {"kits": [_kit(one, of.get(one.id)) for one in kits], "atlases": [_atlas(one) for one in atlases]}

    return in_json(await to_thread.run_sync(look, limiter=one_at_a_time))


def _kit(one: Found[KitFacts], record: str | None) -> dict[str, Any]:
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


def _atlas(one: Found[AtlasFacts]) -> dict[str, Any]:
    return {"id": one.id, "title": one.facts.title, "folder": one.folder, "sounds": one.facts.sounds}


async def _picture(hub: Hub, request: Request) -> Response:
    path = await to_thread.run_sync(hub.shelf.picture, request.query_params.get("kit", ""))
    return FileResponse(path, media_type="image/png")


async def _open(hub: Hub, request: Request) -> Response:
    path = await to_thread.run_sync(hub.shelf.atlas, str((await posted(request)).get("atlas", "")))
    await to_thread.run_sync(show, path, "browser")
    return in_json({})
