"""The records that pages have open, and who looks at each: an edit of one page is seen by all of that record.

A record is open while somebody uses it, and a little longer, so that a page that is loaded anew finds it. Other
programs may edit its project as soon as no page looks at it.

[event loop] for all here; what blocks runs in a thread, one at a time for each record.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from anyio import to_thread

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.common.process_pool import cores
from samplechop.offline.kits.analysis.curve import joined
from samplechop.offline.studio.desk import Desk
from samplechop.offline.studio.exporting import Order, export
from samplechop.offline.studio.file_watch import FileWatch
from samplechop.offline.studio.found import GROWING, facts_of
from samplechop.offline.studio.hearing import ALL_HEARD, Task, hear
from samplechop.offline.studio.kits import Kits
from samplechop.offline.studio.library import Library, is_growing
from samplechop.offline.studio.opened import OpenRecord
from samplechop.offline.studio.remembered import remember
from samplechop.offline.studio.shelf import Shelf
from samplechop.offline.studio.viewer import Message, Viewer
from samplechop.offline.studio.wording import in_page_words
from samplechop.offline.studio.worker import Stopped, Worker
from samplechop.realtime.core.errors import UserError

IDLE_SECONDS = 20.0
"""How long a record stays open that nobody uses."""
WATCH_SECONDS = 1.0
"""How often it is looked whether another program edited a project, or wrote the record anew."""


class Hub:
    """All that is open."""

    def __init__(
        self,
        library: Library,
        kits: Kits,
        cache: ArrayCache,
        usual: Mapping[str, Any],
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Serve a library. kits: where kits go. usual: options of kits, below those of projects."""
        self.library, self.kits, self.cache, self.usual, self._idle = library, kits, cache, dict(usual), idle_seconds
        self.shelf = Shelf(library.opened, kits.folder)
        self._records: dict[str, asyncio.Task[OpenRecord]] = {}
        self._outdated: set[OpenRecord] = set()
        self._running: set[asyncio.Task[Any]] = set()
        self._ears = asyncio.Semaphore(max(1, cores() // 2))
        self._closing = False
        self._exports = 0
        self.at_end: list[Callable[[], object]] = []

    @asynccontextmanager
    async def using(self, name: str) -> AsyncIterator[OpenRecord]:
        """Give a record by its id, opened if it is not, which stays open meanwhile. Raises UserError."""
        one = await self._opened(name)
        one.uses += 1
        try:
            yield one
        finally:
            self._unused(name, one)

    @asynccontextmanager
    async def looking(self, name: str, viewer: Viewer) -> AsyncIterator[OpenRecord]:
        """Let a page look at a record meanwhile: detectors begin where it was never heard. Raises UserError."""
        async with self.using(name) as one:
            one.viewers.add(viewer)
            try:
                await one.call(one.desk.reread)
                await one.show()
                one.failed = None
                await self.listen(name, one)
                for kind, message in (("job", one.job), ("export", one.exported)):
                    if message is not None:
                        viewer.tell({kind: message})
                if one.attacks:
                    viewer.tell({"attacks": one.attacks.copy(), "from": 0})
                if one.curve is not None:
                    viewer.tell({"curve": facts_of(one.curve, GROWING)})
                yield one
            finally:
                one.viewers.discard(viewer)

    async def listen(self, name: str, one: OpenRecord) -> None:
        """Have a record heard as its options say, unless it was or is being, or could not be."""
        if one.hearing is not None:
            return
        try:
            task = await one.call(one.desk.to_hear)
        except UserError:  # the state says why
            return
        if task is None or task == one.failed or one.hearing is not None or self._closing:
            return
        one.hearing, one.uses = Worker(hear, task), one.uses + 1
        for other in self._all():
            if other is not one and other.hearing is not None and not other.viewers:
                other.hearing.stop()  # nobody waits for it any more
        one.job = {"stage": "preparing the detectors"}
        one.tell({"job": one.job})
        self.start(self._hear(name, one, task, one.hearing))

    async def export(self, name: str, one: OpenRecord, order: Order) -> int:
        """Begin to make a kit; give the number of the export. Raises UserError where one is being made."""
        if one.exporting is not None:
            raise UserError("a kit of this record is being made: wait for it, or stop it")
        one.exporting, one.uses = Worker(export, order), one.uses + 1
        self._exports += 1
        self.start(self._export(name, one, one.exporting, {"kit": order.folder.name, "number": self._exports}))
        return self._exports

    async def _export(self, name: str, one: OpenRecord, worker: Worker, which: Message) -> None:
        ended: Message = {"stage": "failed", "error": "the export said nothing of its end"}

        def show(message: Message) -> None:
            one.exported = message | which
            one.tell({"export": one.exported})

        def told(message: Message) -> None:
            nonlocal ended
            if "done" in message:
                show(message)
            else:  # it is told when its process is gone, and another one may begin
                ended = message

        show({"stage": "preparing", "done": 0, "length": 0})  # a process needs seconds to begin on a busy machine
        try:
            await self._run(worker, told)
        except Stopped:
            if ended["stage"] != "exported":  # else it was whole before anybody stopped it
                ended = {"stage": "stopped"}
        except UserError as error:
            ended = {"stage": "failed", "error": in_page_words(str(error))}
        finally:
            one.exporting = None
            show(ended)
            self._unused(name, one)

    async def _run(self, worker: Worker, told: Callable[[Message], None]) -> None:
        """Have a worker work, and what it tells told here. Raises as `Worker.run`."""
        loop = asyncio.get_running_loop()
        await to_thread.run_sync(worker.run, lambda message: loop.call_soon_threadsafe(told, message))

    def expect(self) -> None:
        """Open the record that a page shows first, and choose its kit, while the browser begins."""
        self.start(self._expected())

    async def _expected(self) -> None:
        for first in self.library.look():
            with suppress(UserError):  # the page is told, and shows the next one
                if not is_growing(first.path):
                    async with self.using(first.id) as one:
                        await one.call(one.desk.state)
                        await one.call(remember, one.desk, self.cache, self.usual)
                return

    def tell(self, message: Message) -> None:
        """Have a message sent to all pages."""
        for one in self._all():
            one.tell(message)

    async def use_model(self, model: str) -> None:
        """Choose kits by a model where projects name none, until the studio ends."""
        self.usual["model"] = model
        for name, task in list(self._records.items()):
            if task.done() and not task.exception() and task.result().viewers:
                await task.result().show()
                await self.listen(name, task.result())

    async def close(self) -> None:
        """End all work and close all records."""
        self._closing = True
        for end in self.at_end:
            end()
        everything = [*self._all(), *self._outdated]
        for one in everything:
            for worker in (one.hearing, one.exporting):
                if worker is not None:
                    worker.stop()
        await asyncio.gather(*self._running, return_exceptions=True)
        for one in everything:
            self._release(one)
            one.desk.close()
        self._records.clear()

    def _all(self) -> list[OpenRecord]:
        return [task.result() for task in self._records.values() if task.done() and not task.exception()]

    async def _opened(self, name: str) -> OpenRecord:
        item = self.library.item(name)
        if is_growing(item.path):
            raise UserError(f"{item.title!r} is being recorded: it is opened when that has ended")
        if name not in self._records:
            self._records[name] = asyncio.create_task(self._open(item.path))
        opening = self._records[name]
        try:
            return await asyncio.shield(opening)
        except UserError:
            if self._records.get(name) is opening:
                del self._records[name]
            raise

    async def _open(self, path: Any) -> OpenRecord:
        file = await to_thread.run_sync(FileWatch, path)
        return OpenRecord(await to_thread.run_sync(Desk, path, self.cache, self.usual), file)

    def _unused(self, name: str, one: OpenRecord) -> None:
        """Note that somebody is done with a record."""
        one.uses -= 1
        if not one.viewers and not self._closing:
            self.start(one.call(self._release, one))
        if not one.uses:
            asyncio.get_running_loop().call_later(self._idle, self._close_unused, name, one)

    def _release(self, one: OpenRecord) -> None:
        """[any thread] Let other programs edit a project, unless a page came meanwhile."""
        if not one.viewers or self._closing:
            one.desk.release()
            if one.file.is_same():
                remember(one.desk, self.cache, self.usual)

    def _close_unused(self, name: str, one: OpenRecord) -> None:
        if one.uses or self._closing:
            return
        if name in self._records and self._records[name].result() is one:
            del self._records[name]
        elif one not in self._outdated:
            return
        self._outdated.discard(one)
        self.start(one.call(one.desk.close))

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Have something done, which is waited for at the end."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _hear(self, name: str, one: OpenRecord, task: Task, worker: Worker) -> None:
        def told(message: Message) -> None:
            if "attacks" in message:
                one.tell({**message, "from": len(one.attacks)})
                one.attacks += message["attacks"]
                return
            if "curve" in message:
                one.curve = message["curve"] if one.curve is None else joined([one.curve, message["curve"]])
                one.tell({"curve": facts_of(one.curve, GROWING)})
                return
            if message["stage"] == ALL_HEARD:
                return  # that is told when its process is gone, which says what it compiled at its very end
            one.job = message
            one.tell({"job": message})
            if message["stage"] == "heard":
                one.curve = None  # all of it is kept by now
                self.start(one.show())

        try:
            async with self._ears:
                await self._run(worker, told)
            await one.call(one.desk.was_heard, task)
            one.tell({"job": {"stage": ALL_HEARD}})
        except Stopped:
            pass
        except UserError as error:
            one.failed = task
            one.tell({"job": {"stage": "failed", "error": in_page_words(str(error))}})
        finally:
            one.hearing = one.job = None
            one.attacks, one.curve = [], None
            self._unused(name, one)
        if not self._closing:
            await one.show()
            if one.viewers:  # its options may be others by now
                await self.listen(name, one)

    async def watch(self) -> None:
        """See what other programs do to records that are open, and to the projects that pages look at, for ever."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for name, task in list(self._records.items()):
                if task.done() and not task.exception():
                    with suppress(UserError):  # it is half written
                        await self.look_again(name, task.result())

    async def look_again(self, name: str, one: OpenRecord) -> None:
        """See what other programs did to a record. Raises UserError.

        Where its file is another one, whoever asks next gets that one, as pages do at once.
        """
        if await to_thread.run_sync(one.file.is_another):
            await one.call(one.desk.release)
            del self._records[name]
            self._outdated.add(one)
            if one.hearing is not None:
                one.hearing.stop()
            one.tell({"outdated": True})
            self._close_unused(name, one)
            return
        edited = bool(one.viewers) and await one.call(one.desk.reread)
        if edited:
            await one.show()
