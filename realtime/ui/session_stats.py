"""What was heard so far in a session, for a view and for the sum at the end."""

from collections import Counter, deque
from collections.abc import Collection, Mapping

from samplechop.realtime.core.events import DRUM, DRUMS, Event
from samplechop.realtime.outputs.decay_envelope import Presence
from samplechop.realtime.ui.snapshot import OTHER_KINDS

LAST_CHOPS = 16


class Tally:
    """Counts events and keeps the newest. One thread uses it.

    counts: how many there were of each kind; drum_counts: of each drum, all of DRUMS from the start.
    chops: the last LAST_CHOPS chops and events of plug-ins, oldest first.
    """

    def __init__(self, half_life_seconds: float, sample_rate: int, apart: Collection[str] = OTHER_KINDS) -> None:
        """Begin with none. half_life_seconds: of a drum's presence. sample_rate: Hz, of the positions.

        apart: kinds of events that do not stand among the chops.
        """
        self._apart = apart
        self.counts: Counter[str] = Counter()
        self.drum_counts: Counter[str] = Counter(dict.fromkeys(DRUMS, 0))
        self.chops: deque[Event] = deque(maxlen=LAST_CHOPS)
        self._last: dict[str, Event] = {}
        self._presence = Presence(half_life_seconds, sample_rate)

    def take(self, event: Event) -> None:
        """Take what was heard next."""
        self.counts[event.kind] += 1
        self._last[event.kind] = event
        if event.kind not in self._apart:
            self.chops.append(event)
        if event.kind == DRUM:
            self.drum_counts[event.label or event.kind] += 1
            self._presence.hit(event)

    def last(self, kind: str) -> Event | None:
        """Give the last event of a kind, None before the first."""
        return self._last.get(kind)

    def presence(self, sample: int) -> Mapping[str, float]:
        """Give how present each drum is at a position, 0..1, by label."""
        return self._presence.at(sample)
