"""A latency as the sum of its terms."""


class StatedLatency:
    """A detector's latency, for it to inherit; `prepare` sets `_latency` to its terms."""

    _latency: tuple[tuple[str, int], ...] = ()

    @property
    def latency(self) -> int:
        """Samples from an event's attack to the end of the block that emits it, worst case. Known once prepared."""
        return sum(samples for _, samples in self.latency_terms)

    @property
    def latency_terms(self) -> tuple[tuple[str, int], ...]:
        """The latency as a sum: (what for, samples) for each part. Known once prepared."""
        if not self._latency:
            raise RuntimeError("latency is known after prepare()")
        return self._latency
