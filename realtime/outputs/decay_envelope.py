"""How present each drum is: a level that jumps up with a hit and fades by halves, for whatever moves to the music."""

from samplechop.realtime.core.events import DRUMS, Event

_FULL_VELOCITY = 127


class Presence:
    """A level per drum class, 0..1: a hit lifts it to velocity / 127, never down; it halves with every half-life.

        level  |\\
               | \\_   |\\
               |   \\__| \\___
            ───┴──────┴─────────→ samples
              hit    hit

    The level is a plain exponential of the time since the hit, computed when asked, so that it does not depend on how
    often anybody asks. One thread uses it.

    half_life_seconds: until a level has halved. sample_rate: of the samples that events stand at, Hz.
    """

    def __init__(self, half_life_seconds: float, sample_rate: int) -> None:
        """Begin with nothing present. Raises ValueError for a half-life or rate that is not more than 0."""
        if not half_life_seconds > 0:
            raise ValueError(f"half_life_seconds must be more than 0, got {half_life_seconds}")
        if sample_rate < 1:
            raise ValueError(f"sample_rate must be at least 1 Hz, got {sample_rate}")
        self._half_life = half_life_seconds * sample_rate
        self._hits = dict.fromkeys(DRUMS, (0, 0.0))  # label -> (sample, the level there)

    def hit(self, event: Event) -> None:
        """Take a drum hit; one without a velocity counts by its strength. It may come after a later one."""
        label = event.label or event.kind
        share = event.strength if event.velocity is None else event.velocity / _FULL_VELOCITY
        level = min(1.0, max(0.0, share))
        before = self._hits.get(label)
        if before is None:
            self._hits[label] = (event.sample, level)
            return
        sample = max(event.sample, before[0])
        self._hits[label] = (
            sample,
            max(self._faded(level, sample - event.sample), self._faded(before[1], sample - before[0])),
        )

    def at(self, sample: int) -> dict[str, float]:
        """Give the level of every class, 0..1, at a sample; one before a class's last hit counts as that of the hit."""
        return {label: self._faded(level, sample - hit) for label, (hit, level) in self._hits.items()}

    def _faded(self, level: float, samples: int) -> float:
        return float(level * 0.5 ** (max(0, samples) / self._half_life))
