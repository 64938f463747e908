"""What became of the records of a collection, told to people."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one source. folder: of its kit, if it has one. message: why not, or what is to be known."""

    source: Path
    folder: Path | None = None
    message: str = ""
    seconds: float = 0.0

    def told(self) -> str:
        """Give the message, with the source named once."""
        name = repr(str(self.source))
        return self.message if name in self.message else f"{name}: {self.message}"


@dataclass(slots=True)
class Report:
    """What became of all, each list in the order of the sources. interrupted: by Ctrl-C, before all was done."""

    made: list[Entry] = field(default_factory=list)
    skipped: list[Entry] = field(default_factory=list)
    failed: list[Entry] = field(default_factory=list)
    interrupted: bool = False

    def lines(self) -> Iterator[str]:
        """Tell what is to be known, a line for each source that needs one, and the sums."""
        yield from (entry.told() for entry in [*self.made, *self.skipped] if entry.message)
        yield from (f"failed: {entry.told()}" for entry in self.failed)
        yield f"{len(self.made)} made, {len(self.skipped)} skipped, {len(self.failed)} failed"
        if self.interrupted:
            yield "stopped before the end: the same command goes on from here"
