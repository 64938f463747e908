"""A record that is open: its desk, the pages that look at it, and what is done about it besides. [event loop]"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from anyio import to_thread
from numpy.typing import NDArray

from samplechop.offline.kits.analysis.curve import Curve
from samplechop.offline.studio.desk import Desk
from samplechop.offline.studio.file_watch import FileWatch
from samplechop.offline.studio.hearing import Task
from samplechop.offline.studio.viewer import Message, Viewer
from samplechop.offline.studio.worker import Worker
from samplechop.realtime.core.errors import ModelError, UserError, reason_of

Result = TypeVar("Result")


@dataclass(eq=False)
class OpenRecord:
    """A record that is open. file: whether it is another one by now. hearing: the detectors at work. job: how far they
    are, None where they do nothing. attacks, curve: what they have found so far, see `hearing`.

    uses: how many requests, pages and workers need it. failed: what could not be heard. exporting: a kit being made;
    exported: how far it is, or what came of it.
    """

    desk: Desk
    file: FileWatch
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    drawing: asyncio.Lock = field(default_factory=asyncio.Lock)
    viewers: set[Viewer] = field(default_factory=set)
    hearing: Worker | None = None
    job: Message | None = None
    attacks: list[list[float]] = field(default_factory=list)
    curve: Curve | None = None
    uses: int = 0
    failed: Task | None = None
    exporting: Worker | None = None
    exported: Message | None = None

    async def call(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Do something with the desk that may block, when nothing else is done with it. Raises UserError."""
        return await self._alone(self.turn, work, *arguments)

    async def peaks(self, level: int, first: int, last: int) -> NDArray[Any]:
        """Give lowest and highest samples as `Desk.peaks`, beside what else is done with the desk: the waveform does
        not wait for what was found. Raises UserError, ValueError.
        """
        return await self._alone(self.drawing, self.desk.peaks, level, first, last)

    async def _alone(self, turn: asyncio.Lock, work: Callable[..., Result], *arguments: Any) -> Result:
        async with turn:
            try:
                return await to_thread.run_sync(work, *arguments)
            except OSError as error:
                raise UserError(reason_of(error)) from None
            except ModelError as error:
                raise UserError(str(error)) from None

    def tell(self, message: Message) -> None:
        """Have a message sent to every page."""
        for viewer in self.viewers:
            viewer.tell(message)

    async def show(self) -> None:
        """Have what changed sent to every page."""
        sections = await self.call(self.desk.state)
        for viewer in self.viewers:
            viewer.show(sections)
