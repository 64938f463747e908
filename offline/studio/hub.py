"""The records that pages have open, and who looks at each: an edit of one page is seen by all of that record.

[event loop] for all here; what blocks runs in a thread, one at a time for each record.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from anyio import to_thread

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.studio.desk import Desk
from samplechop.offline.studio.hearing import Task, hear
from samplechop.offline.studio.library import Library
from samplechop.realtime.core.errors import UserError

Result = TypeVar("Result")
Message = dict[str, Any]


class Viewer:
    """A page that looks at a record. Messages wait in its queue until its socket has sent them."""

    def __init__(self) -> None:
        """Begin with nothing that it knows."""
        self.queue: asyncio.Queue[Message] = asyncio.Queue()
        self._known: Mapping[str, Any] = {}

    def show(self, sections: Mapping[str, Any]) -> None:
        """Have the sections sent that are other than those it knows."""
        changed = {name: value for name, value in sections.items() if self._known.get(name) != value}
        self._known = sections
        if changed:
            self.queue.put_nowait({"state": changed})


@dataclass
class OpenRecord:
    """A record that is open: its desk, who looks at it, and how far the detectors are, None where they do nothing."""

    desk: Desk
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    viewers: set[Viewer] = field(default_factory=set)
    hearing: "asyncio.Task[None] | None" = None
    job: Message | None = None

    async def call(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Do something with the desk that may block, when nothing else is done with it."""
        async with self.turn:
            return await to_thread.run_sync(work, *arguments)

    def tell(self, message: Message) -> None:
        """Have a message sent to every page."""
        for viewer in self.viewers:
            viewer.queue.put_nowait(message)

    async def show(self) -> None:
        """Have what changed sent to every page."""
        sections = await self.call(self.desk.state)
        for viewer in self.viewers:
            viewer.show(sections)


class Hub:
    """All that is open."""

    def __init__(self, library: Library, cache: ArrayCache, usual: Mapping[str, Any]) -> None:
        """Serve a library. usual: options of kits, below those of projects."""
        self.library, self.cache, self.usual = library, cache, usual
        self._records: dict[str, OpenRecord] = {}
        self._opening = asyncio.Lock()

    async def record(self, name: str) -> OpenRecord:
        """Give a record by its id, opened if it is not; detectors begin where it was never heard. Raises UserError."""
        async with self._opening:
            if name not in self._records:
                path = self.library.item(name).path
                self._records[name] = OpenRecord(await to_thread.run_sync(Desk, path, self.cache, self.usual))
            return self._records[name]

    async def look(self, name: str, viewer: Viewer) -> OpenRecord:
        """Let a page look at a record. Raises UserError."""
        one = await self.record(name)
        one.viewers.add(viewer)
        await one.show()
        await self.listen(one)
        if one.job:
            viewer.queue.put_nowait({"job": one.job})
        return one

    async def listen(self, one: OpenRecord) -> None:
        """Have a record heard as its options say, unless it was or is being."""
        if one.hearing is None and not await one.call(lambda: one.desk.was_detected):
            one.hearing = asyncio.create_task(self._hear(one))

    async def _hear(self, one: OpenRecord) -> None:
        loop = asyncio.get_running_loop()
        task = Task(one.desk.path, one.desk.options())
        shown: list[asyncio.Task[None]] = []

        def told(message: Message) -> None:
            one.job = message
            one.tell({"job": message})
            if message["stage"] == "heard":
                shown.append(loop.create_task(one.show()))

        try:
            await to_thread.run_sync(hear, task, lambda message: loop.call_soon_threadsafe(told, message))
        except UserError as error:
            one.tell({"job": {"stage": "failed", "error": str(error)}})
        finally:
            one.hearing = one.job = None
        await one.show()

    async def leave(self, name: str, viewer: Viewer) -> None:
        """Note that a page is gone; where nobody looks any more, other programs may edit the project."""
        one = self._records.get(name)
        if one is None:
            return
        one.viewers.discard(viewer)
        if not one.viewers and one.hearing is None:
            del self._records[name]
            await one.call(one.desk.close)

    async def close(self) -> None:
        """Close all records."""
        for one in self._records.values():
            if one.hearing:
                one.hearing.cancel()
            one.desk.close()
        self._records.clear()
