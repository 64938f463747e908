"""The kit of an open record beside other ways to choose; what must be detected for that keeps nobody else waiting."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from anyio import to_thread

from samplechop import models
from samplechop.offline.studio import compare
from samplechop.offline.studio.desk import Desk
from samplechop.offline.studio.opened import OpenRecord
from samplechop.offline.studio.worker import Message, Worker
from samplechop.realtime.core.errors import UserError


async def compared(one: OpenRecord, others: Sequence[str]) -> dict[str, Any]:
    """Compare the kit with what needs no detector, and with others: librosa, released models.

    {"ways": as `compare.Way.facts`, "others": names of all that could be compared with}. Raises UserError.
    """
    options = one.desk.options()
    known = [compare.LIBRARY, *(name for name in _models() if name != options.model)]
    if unknown := [name for name in others if name not in known]:
        raise UserError(f"a kit is compared with {', '.join(known)}, not with {unknown[0]!r:.40}")
    if not await one.call(one.desk.is_heard, options):
        raise UserError("the record is being heard yet: then its kit can be compared")
    record, library = one.desk.detected_in(options), compare.LIBRARY in others
    theirs = [name for name in others if name != compare.LIBRARY]
    if library and not await one.call(compare.has_onsets, record):
        await _done(one, compare.find_onsets, record)
    for model in theirs:
        if not await one.call(one.desk.is_heard, replace(options, model=model)):
            await _done(one, compare.find_chops, record, replace(options, model=model))

    def shown(desk: Desk) -> list[dict[str, Any]]:
        return [way.facts() for way in desk.ways(library, theirs)]

    return {"ways": await one.call(shown, one.desk), "others": known}


async def _done(one: OpenRecord, work: Callable[..., object], *arguments: Any) -> None:
    """Do something in a process of its own; pages see how far it is."""
    loop, worker = asyncio.get_running_loop(), Worker(work, *arguments)

    def told(message: Message) -> None:
        loop.call_soon_threadsafe(one.tell, {"job": message})

    try:
        await to_thread.run_sync(worker.run, told, abandon_on_cancel=True)
    finally:
        worker.stop()
        one.tell({"job": {"stage": "all heard"}})


def _models() -> list[str]:
    return [name for name in models.names() if models.load(name).kind in models.PICKED]
