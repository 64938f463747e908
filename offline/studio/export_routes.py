"""What the server answers about kits that are exported.

GET  /api/formats?record                        formats, those of the record's kit, where kits go, its name there
POST /api/export  {record, formats, place, replace}   begin to make a kit; 409 {taken, free} where one is there
POST /api/export/stop  {record}                 break it off
GET  /api/kit?name or ?kit                      a kit as zip; kit: the id of one that lies in what was opened
GET  /api/kit/file?name&file                    a file of a kit
POST /api/reveal  {name} or {kit}               show a kit in the file manager
"""

import mimetypes
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from samplechop.offline.export import DEFAULT, FORMATS, SLICES_FORMAT, writers
from samplechop.offline.kits.core.naming import safe
from samplechop.offline.kits.core.record import title
from samplechop.offline.studio.answers import attached, in_json, posted, told
from samplechop.offline.studio.exporting import Order
from samplechop.offline.studio.handing_over import show
from samplechop.offline.studio.hub import Hub
from samplechop.offline.studio.kits import zipped
from samplechop.realtime.core.errors import UserError, reason_of

_IN_MEMORY = 16 << 20
_BLOCK = 1 << 18
_MOST_FORMATS = 100


def routes(hub: Hub) -> list[Route]:
    """Give the routes."""
    return [
        Route("/api/formats", told(partial(_formats, hub))),
        Route("/api/export", told(partial(_export, hub)), methods=["POST"]),
        Route("/api/export/stop", told(partial(_stop, hub)), methods=["POST"]),
        Route("/api/kit", told(partial(_zip, hub))),
        Route("/api/kit/file", told(partial(_file, hub))),
        Route("/api/reveal", told(partial(_reveal, hub)), methods=["POST"]),
    ]


async def _formats(hub: Hub, request: Request) -> Response:
    async with hub.using(request.query_params.get("record", "")) as one:
        options = await one.call(one.desk.options)
        name = safe(title(one.desk.path))
    chosen = set(writers(options.formats))
    known = [{"name": one.name, "opens_in": one.opens_in, "chosen": one.name in chosen} for one in FORMATS]
    known += [
        {"name": name, "opens_in": "added by a package", "chosen": name in chosen}
        for name in writers((DEFAULT,))
        if name not in {one.name for one in FORMATS}
    ]
    slices = {"name": SLICES_FORMAT, "opens_in": "everything: one file for each slice", "chosen": True}
    return in_json({"formats": [slices, *known], "folder": str(hub.kits.folder), "name": name})


async def _export(hub: Hub, request: Request) -> Response:
    match await posted(request):
        case {"record": str(record), **rest}:
            pass
        case _:
            raise UserError("an export has a record")
    async with hub.using(record) as one:
        name, formats, replace = rest.get("place"), rest.get("formats"), rest.get("replace") is True
        if not isinstance(name, str):
            name = safe(title(one.desk.path))
        chosen = None if formats is None else _names(formats)
        if await to_thread.run_sync(hub.kits.is_taken, name) and not replace:
            return in_json({"taken": name, "free": await to_thread.run_sync(hub.kits.free_name, name)}, 409)
        order = Order(one.desk.path, hub.kits.place(name), chosen, replace, hub.usual, hub.cache)
        number = await hub.export(record, one, order)
    return in_json({"kit": name, "number": number}, 202)


def _names(formats: Any) -> tuple[str, ...]:
    if (
        not isinstance(formats, list)
        or len(formats) > _MOST_FORMATS
        or not all(isinstance(one, str) for one in formats)
    ):
        raise UserError("formats must be a list of names")
    names = tuple(formats) or (SLICES_FORMAT,)
    writers(names)
    return names


async def _stop(hub: Hub, request: Request) -> Response:
    async with hub.using(str((await posted(request)).get("record"))) as one:
        if one.exporting is not None:
            one.exporting.stop()
    return in_json({})


async def _file(hub: Hub, request: Request) -> Response:
    name, file = request.query_params.get("name", ""), request.query_params.get("file", "")
    path = await to_thread.run_sync(hub.kits.file, name, file)
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return FileResponse(path, media_type=kind, headers=attached(path.name))


async def _zip(hub: Hub, request: Request) -> Response:
    place = await to_thread.run_sync(_place, hub, request.query_params)
    name = place.name
    with ExitStack() as open_:
        made = open_.enter_context(SpooledTemporaryFile(_IN_MEMORY))
        try:
            await to_thread.run_sync(zipped, place, made)
        except OSError as error:
            raise UserError(f"the kit {name!r} cannot be read: {reason_of(error)}") from None
        headers = attached(f"{name}.zip") | {"Content-Length": str(made.tell())}
        made.seek(0)
        return StreamingResponse(_blocks(made, open_.pop_all()), media_type="application/zip", headers=headers)


def _blocks(made: IO[bytes], open_: ExitStack) -> Iterator[bytes]:
    with open_:
        while block := made.read(_BLOCK):
            yield block


async def _reveal(hub: Hub, request: Request) -> Response:
    place = await to_thread.run_sync(_place, hub, await posted(request))
    await to_thread.run_sync(show, place, "file manager")
    return in_json({})


def _place(hub: Hub, asked: Mapping[str, Any]) -> Path:
    """Give the folder of the kit that is asked about. Raises UserError."""
    if "kit" in asked:
        return hub.shelf.kit(str(asked["kit"])).path
    return hub.kits.kit(str(asked.get("name", "")))
