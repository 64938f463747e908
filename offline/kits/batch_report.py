"""What became of many records, for a person to read: a line for each that needs one, and the sums."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one source. folder: of its kit, if it has one. message: why not, or what is to be known.

    summary: what the kit is, such as "16 slices, 92 bpm, A minor".
    """

    source: Path
    folder: Path | None = None
    message: str = ""
    seconds: float = 0.0
    summary: str = ""

    def line(self) -> str:
        """Say in a line what was made, and what is to be known of it; the source is named once, without its folder."""
        about = self.message.replace(f"{str(self.source)!r} ", "").replace(f" of {str(self.source)!r}", "")
        return f"{self.source.name}: {self.summary}, in {self.folder}" + (f" ({about})" if about else "")

    def sentence(self) -> str:
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
        """Tell what was made, what is to be known, a line for each source that needs one, and the sums."""
        yield from (entry.line() for entry in self.made if entry.summary)
        told = [entry for entry in self.made if not entry.summary] + self.skipped
        yield from (entry.sentence() for entry in told if entry.message)
        yield from (f"failed: {entry.sentence()}" for entry in self.failed)
        yield f"{len(self.made)} made, {len(self.skipped)} skipped, {len(self.failed)} failed"
        if self.interrupted:
            yield "stopped before the end: the same command goes on from here"
