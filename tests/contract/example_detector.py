"""What a third party writes: a detector of loud moments, named in its package by

[project.entry-points."samplechop.detectors"]
loud = "example_detector:LoudDetector"
"""

from samplechop import Event


class LoudDetector:
    latency = 0

    def prepare(self, spec):
        self.latency = spec.max_block_size
        self.reset()

    def reset(self):
        self.loud = False

    def process(self, block, start, emit):
        for i, value in enumerate(block.tolist()):
            if abs(value) > 0.5 and not self.loud:
                emit(Event(kind="loud", sample=start + i, emitted=start + i, strength=min(abs(value), 1.0)))
            self.loud = abs(value) > 0.5
