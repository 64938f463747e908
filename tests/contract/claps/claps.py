"""A detector of hand claps: moments at which the treble suddenly leaps up."""

import numpy as np

from realtime.events import Event

FRAME = 256  # samples, 6 ms


class ClapDetector:
    immediate = True  # its notes need not wait for the slowest detector
    latency = 0

    def prepare(self, spec):
        self.latency = FRAME + spec.max_block_size  # a clap is known when its frame is full, at the end of a block
        self.gap = spec.sample_rate // 10
        self.frame = np.zeros(FRAME, np.float32)
        self.reset()

    def reset(self):
        self.filled, self.before, self.last = 0, 0.0, None

    def process(self, block, start, emit):
        while len(block):
            some = block[: FRAME - self.filled]
            self.frame[self.filled : self.filled + len(some)] = some
            self.filled += len(some)
            start, block = start + len(some), block[len(some) :]
            if self.filled == FRAME:
                self.filled = 0
                self.hear(start, emit)

    def hear(self, end, emit):
        treble = np.abs(np.diff(np.nan_to_num(self.frame, posinf=0.0, neginf=0.0)))
        level = float(treble.mean())
        waited = self.last is None or end - self.last > self.gap
        if waited and level > 0.01 and level > 4 * self.before:
            place = end - FRAME + int(treble.argmax())
            emit(Event("clap", place, end, strength=min(1.0, 10 * level), note=39))  # 39: hand clap in General MIDI
            self.last = end
        self.before = 0.9 * self.before + 0.1 * level
