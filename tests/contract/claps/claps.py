"""A detector of hand claps: moments at which the treble suddenly rises."""

import numpy as np

from samplechop import Event

FRAME = 256  # samples, 6 ms


class ClapDetector:
    immediate = True  # its notes need not wait for those of slower detectors
    latency = 0

    def prepare(self, spec):
        self.latency = FRAME + spec.max_block_size  # known when its frame is full, emitted when the block is over
        self.gap = spec.sample_rate // 10
        self.frame = np.zeros(FRAME, np.float32)
        self.reset()

    def reset(self):
        self.filled, self.last, self.before = 0, None, 0.0

    def process(self, block, start, emit):
        while len(block):
            some = block[: FRAME - self.filled]
            self.frame[self.filled : self.filled + len(some)] = some
            self.filled += len(some)
            start, block = start + len(some), block[len(some) :]
            if self.filled == FRAME:
                self.filled = 0
                self.detect(np.nan_to_num(self.frame, posinf=0.0, neginf=0.0), start, emit)

    def detect(self, frame, end, emit):
        strength = self.strength(frame)
        if strength and (self.last is None or end - self.last > self.gap):
            place = end - FRAME + int(np.abs(np.diff(frame)).argmax())
            emit(Event("clap", place, end, strength, note=39))  # 39: hand clap in General MIDI
            self.last = end

    def strength(self, frame):
        level = float(np.abs(np.diff(frame)).mean())  # differences of neighbours: treble
        onset = level > 0.01 and level > 4 * self.before
        self.before = 0.9 * self.before + 0.1 * level
        return min(1.0, 10 * level) if onset else 0.0
