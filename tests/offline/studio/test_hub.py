"""What pages are told while a record is heard."""

import asyncio
from pathlib import Path
from typing import Any

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.studio.hub import Hub
from samplechop.offline.studio.kits import Kits
from samplechop.offline.studio.library import Library
from samplechop.offline.studio.viewer import Viewer
from samplechop.offline.studio.worker import Tell, Worker, by_stage
from tests.support.records import noise, record


def compiles_at_its_end(tell: Tell) -> None:
    tell({"stage": "all heard"})
    by_stage(tell)("compiling for this processor, once", 24, 24)


def test_that_all_was_heard_is_told_last(tmp_path: Path) -> None:
    source = record(tmp_path, noise(44_100, 1)).source

    async def told() -> list[Any]:
        library = Library([source])
        hub, viewer = Hub(library, Kits(tmp_path), ArrayCache(tmp_path / "cache"), {}), Viewer()
        name = library.items()[0].id
        async with hub.using(name) as one:
            one.viewers.add(viewer)
            task = one.desk.to_hear()
            assert task is not None
            one.uses += 1
            one.desk.was_heard = lambda _: None  # type: ignore[method-assign]  # nothing is heard here
            one.failed = task
            await hub._hear(name, one, task, Worker(compiles_at_its_end))
            messages = [await viewer.next() for _ in range(viewer.waits)]
        await hub.close()
        return [message["job"]["stage"] for message in messages if "job" in message]

    assert asyncio.run(told())[-1] == "all heard"
