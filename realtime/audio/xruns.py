"""Xruns of an input: where each was, and how much sound it took.

The audio system flags some blocks, which says neither how much was lost before them nor that anything was. A JACK
server counts frames, exactly. Elsewhere the clock of the stream tells about how much is missing: what is lost makes
all that follows late for good, while a busy machine is late for a block or a few.
"""

import logging
import threading
from collections.abc import Iterable, Sequence

from samplechop.realtime.audio.source import StreamClock, Xrun

_log = logging.getLogger(__name__)
SETTLE_SECONDS = 0.5
"""What is flagged and lost within so much of an xrun belongs to it; the clock knows by then."""
LEAST_SECONDS = 0.002
"""Less than that the clock does not tell from jitter."""

REMEDY = (
    "take a larger --blocksize (with JACK a longer period of its server), give yourself real-time rights (see the "
    "README), end other programs"
)


class XrunLog:
    """Gathers what belongs to one xrun, and logs each when it is over.

    found: all that are over, oldest first; only ever appended to.
    """

    def __init__(self, sample_rate: int, clock: StreamClock) -> None:
        """clock: of the stream."""
        self.found: list[Xrun] = []
        self._rate, self._clock = sample_rate, clock
        self._seen = 0, 0  # overflows, underflows
        self._open: Xrun | None = None
        self._lock = threading.Lock()
        self._due = 0.0  # when the first sample after the open one should have come

    def update(
        self, position: int, overflows: int, underflows: int, losses: Iterable[tuple[int, int]], exact: bool
    ) -> None:
        """[analysis] Take what is known when the stream is at `position`, before the clock follows it.

        overflows, underflows: all that were flagged so far. losses: new ones by the server, (position of the first
        sample after it, samples). exact: whether the server counts, so that there are no others.
        """
        new = overflows - self._seen[0], underflows - self._seen[1]
        self._seen = overflows, underflows
        if any(new):
            self._add(Xrun(position, *new, 0, exact))
        for where, lost in losses:
            self._add(Xrun(where, 0, 0, lost, exact))
        if self._open is not None and position - self._open.sample >= SETTLE_SECONDS * self._rate:
            self.finish(position)

    def _add(self, new: Xrun) -> None:
        with self._lock:
            self._join(new)

    def _join(self, new: Xrun) -> None:
        old = self._open
        if old is None:
            self._open, self._due = new, self._clock.time_of(new.sample)
            return
        self._open = Xrun(
            new.sample if new.lost and not old.lost else old.sample,
            old.overflows + new.overflows,
            old.underflows + new.underflows,
            old.lost + new.lost,
            old.exact and new.exact,
        )

    def finish(self, position: int) -> None:
        """[any thread] End the open one, if there is one, where the stream ends or is interrupted."""
        with self._lock:
            one, self._open = self._open, None
        if one is None:
            return
        if one.overflows and not one.exact:
            late = self._clock.time_of(position) - self._due - (position - one.sample) / self._rate
            lost = round(late * self._rate) if late >= LEAST_SECONDS else 0
            one = Xrun(one.sample, one.overflows, one.underflows, lost, exact=False)
        self.found.append(one)
        text = "xrun before sample %d: %d input overflows, %d output underflows, %d samples lost"
        _log.warning(text, one.sample, one.overflows, one.underflows, one.lost)


def loss_warning(xruns: Sequence[Xrun], sample_rate: int) -> str | None:
    """Say in one sentence how much sound xruns took, where, and what helps; None where they took none."""
    losing = [one for one in xruns if one.lost]
    if not losing:
        return None
    last, total = losing[-1], sum(one.lost for one in losing)
    about = "" if all(one.exact for one in losing) else "about "
    where = f"before sample {last.sample:,} ({last.sample / sample_rate:.2f} s)"
    if len(losing) > 1:
        where = f"in {len(losing)} xruns, the last {last.lost:,} {where}"
    what = f"{about}{total:,} samples ({1000 * total / sample_rate:.0f} ms)"
    return f"sound was lost: {what} are missing {where}; {REMEDY}"
