"""A page that looks at a record: what waits to be sent to it, however slowly it takes it."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

Message = dict[str, Any]


PROGRESS = {"job", "export", "teach"}
"""Messages that say how far something is: the detectors, a kit, a training."""


class Viewer:
    """A page. [event loop] Messages come in order; of states and jobs that wait, later ones take up earlier ones."""

    def __init__(self, known: Mapping[str, Any] = {}) -> None:
        """Begin with the sections that it knows."""
        self._waiting: deque[Message] = deque()
        self._something = asyncio.Event()
        self._known = known

    def show(self, sections: Mapping[str, Any]) -> None:
        """Have the sections sent that are other than those it knows."""
        changed = self.other(sections)
        self._known = sections
        if not changed:
            return
        newest = self._waiting[-1] if self._waiting else {}
        if set(newest) == {"state"}:
            newest["state"].update(changed)
        else:
            self.tell({"state": changed})

    def other(self, sections: Mapping[str, Any]) -> dict[str, Any]:
        """Give the sections that are other than those it knows."""
        return {name: value for name, value in sections.items() if self._known.get(name) != value}

    def tell(self, message: Message) -> None:
        """Have a message sent; of those on how far something is, the last one."""
        for kind in PROGRESS & message.keys():
            self._waiting = deque(one for one in self._waiting if "done" not in one.get(kind, {}))
        self._waiting.append(message)
        self._something.set()

    async def next(self) -> Message:
        """Wait for what is to be sent."""
        while not self._waiting:
            self._something.clear()
            await self._something.wait()
        return self._waiting.popleft()

    @property
    def waits(self) -> int:
        """How many messages wait."""
        return len(self._waiting)
