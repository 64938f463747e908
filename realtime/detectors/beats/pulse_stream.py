"""The pulse of a stream, with its bars: what the trackers make of a net's activations, once for all detectors."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from samplechop.models import Manifest, ModelError
from samplechop.realtime.core.plugin import ProcessSpec, SharedStream
from samplechop.realtime.detectors.beats.bars import RING, BarCues, BarTracker
from samplechop.realtime.detectors.beats.tracker import (
    AGO,
    BEAT,
    COLUMNS,
    METER,
    MOVED,
    POSITION,
    TEMPO_RANGE,
    BeatTracker,
    TempoRange,
    pulse_range,
)
from samplechop.realtime.detectors.beats.weights import beat_weights
from samplechop.realtime.dsp.delay_line import Ring
from samplechop.realtime.nets.streaming import ActivationStream


class BarCounter:
    """Counts the bars of the pulse itself, in a tracker's rows. counted: float32 (2,), the last POSITION and METER."""

    def __init__(self, heads: Sequence[str], shared: tuple[Ring, Ring] | None = None) -> None:
        """[main] Allocate and compile. heads: of the net. shared: as BarCues has it; None if rows are all there is."""
        self._shares = shared is not None
        self._cues, self._bars = BarCues(heads, shared), BarTracker(beat_weights().bars)
        self.counted: NDArray[np.float32] = np.zeros(2, np.float32)
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._cues.reset()
        self._bars.reset()
        self.counted.fill(0)
        self._frame = 0

    def push(self, pulse: NDArray[np.float32], rows: NDArray[np.float32]) -> None:
        """[analysis] Write into a tracker's rows, float32 (n, COLUMNS), the POSITION of the last beat in its bar, from
        1, and the METER, beats per bar; 0 before the first beat. Where the rows begin, they hold `counted`.

        rows: activations of the same frames, float32 (n, heads).
        """
        done = 0
        if len(pulse) == 1 and not pulse[0, BEAT]:  # as in nearly every block of live input
            self._take(rows, 0, 1)
            self._frame += 1
            return
        for at in pulse[:, BEAT].nonzero()[0].tolist():
            self._take(rows, done, at + 1)
            done = at + 1
            if pulse[at, MOVED]:
                self._bars.lose_count()
            cues = self._cues.take(self._frame + at - float(pulse[at, AGO]))
            position, meter = self._bars.take(cues, self._cues.thirds, self._cues.between)
            self.counted[0], self.counted[1] = position, meter
            pulse[at:, POSITION], pulse[at:, METER] = position, meter
        self._take(rows, done, len(rows))
        self._frame += len(pulse)

    def _take(self, rows: NDArray[np.float32], first: int, last: int) -> None:
        if self._shares:
            self._cues.frames += last - first
        else:
            self._cues.push(rows[first:last])


class PulseStream:
    """The activations of a streaming net, and what the beat tracker makes of its beats.

    pulse: the tracker's rows for the frames of the last push, float32 (m, COLUMNS). recent: the last activations, and
    constant-Q frames, one a hop, as BarCues shares them.
    """

    def __init__(self, manifest: Manifest, max_block_size: int, tempo_range: TempoRange = TEMPO_RANGE) -> None:
        """[main] Load, allocate, compile. Raises ModelError for a model without beats."""
        self.activations = activations = ActivationStream(manifest, max_block_size)
        if "beat" not in activations.heads:
            raise ModelError(f"model {manifest.name!r} detects no beats: it has {', '.join(activations.heads)}")
        self._column = activations.heads.index("beat")
        self._tracker = BeatTracker(manifest.features.sample_rate / activations.hop_length, *pulse_range(tempo_range))
        heads = Ring(len(activations.heads), RING + max_block_size // activations.hop_length + 1)
        self.recent = heads, activations.features.harmony
        self._counter = BarCounter(activations.heads, self.recent)
        self._nothing: NDArray[np.float32] = np.zeros((0, COLUMNS), np.float32)
        self.reset()

    @classmethod
    def shared(
        cls, manifest: Manifest, spec: ProcessSpec, tempo_range: TempoRange = TEMPO_RANGE
    ) -> SharedStream["PulseStream"]:
        """[main] Give that of a bus, shared by every detector that reads this model's activations at these tempi."""
        return spec.share((cls, manifest.path, *tempo_range), lambda: cls(manifest, spec.max_block_size, tempo_range))

    def steer(self, period: float, since: float) -> None:
        """[analysis] Let the tracker take up a tapped tempo, see `BeatTracker.steer`."""
        self._tracker.steer(period, since)

    def reset(self) -> None:
        """[analysis] Become as new."""
        self.activations.reset()
        self.recent[0].reset()
        self._tracker.reset()
        self._counter.reset()
        self.pulse = self._nothing

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Process a block, float32 (n,), n <= max_block_size; give the activations: float32 (m, heads)."""
        rows = self.activations.push(block)
        self.pulse = self._nothing
        if len(rows):
            self.recent[0].push(rows)
            self.pulse = self._tracker.push(rows[:, self._column], self._counter.counted)
            self._counter.push(self.pulse, rows)
        return rows
