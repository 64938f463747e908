"""A session's log as it lies on the disk, whoever wrote it: what its lines hold, and its repair.

realtime/recording writes it, lines of JSON, of which a kill may have cut the last, a power cut may have zeroed some,
and a stranger may have written anything. Read line by line: memory does not grow with the file.

    log       | session | chop | 0000 | chop | chop | {"kin
    repaired  | session | chop | chop | chop | stop            the log as it was: events.jsonl.broken
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from samplechop.offline.common.atomic import keep_original, replacing
from samplechop.realtime.core.documents import LARGEST, open_regular, parse_json
from samplechop.realtime.recording.session_writer import line

REPAIRED = "broken off, repaired"
"""The reason in the last line of a session that was repaired."""
_MOST_BYTES = 1 << 30  # a day of events has some ten million
_MOST_LINE = 4 << 20  # bytes; the recorder's longest, the first, has some thousand
_MOST_KINDS, _MOST_KIND = 64, 40
_LOST_IN = {"gap": "length", "dropout": "length", "xrun": "lost"}
"""What says how many samples are missing, by the kind of line."""


@dataclass(slots=True)
class LogState:
    """What a log holds.

    first, last: its first and last readable line, {} where there is none. counts: lines by kind. unreadable: lines that
    are no JSON object. cut: whether it ends within a line. lost: samples that are missing, or silence:
    in gaps, xruns, and where the disk was too slow.
    """

    first: dict[str, Any] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    cut: bool = False
    lost: int = 0

    @property
    def ended(self) -> bool:
        """Whether the last line says how the session ended."""
        return self.last.get("kind") == "stop"


def read_log(path: Path) -> LogState:
    """Read a log of any bytes. Raises OSError, ValueError for a link, no regular file, and more than 1 GiB."""
    state, begun = LogState(), False
    with open_regular(path, follow_links=False) as file:
        if os.fstat(file.fileno()).st_size > _MOST_BYTES:
            raise ValueError(f"it is larger than {_MOST_BYTES / 2**30:g} GiB")
        for text, record, whole in _lines(file):
            state.cut |= not whole
            if text is None:
                state.unreadable += whole
                continue
            if not begun:
                state.first, begun = record, True
            state.last = record
            kind = str(record.get("kind"))[:_MOST_KIND]
            lost = record.get(_LOST_IN.get(kind, ""))
            state.lost += lost if type(lost) is int and 0 < lost < LARGEST else 0
            if kind in state.counts or len(state.counts) < _MOST_KINDS:
                state.counts[kind] += 1
    return state


def repair_log(
    path: Path, frames: int, sample_rate: int, lost: Iterable[tuple[int, int]] = (), reason: str = REPAIRED
) -> Path | None:
    """Leave out what is no line, add one for each lost stretch and one that ends the session.

    frames: where it ends. lost: (position, length) in samples. Gives where the log as it was is, None where there
    is nothing to change. Raises OSError and UserError, and ValueError for a link and what is no regular file; the log
    is then as it was.
    """
    state = read_log(path)
    added = [line("dropout", position, length=length) for position, length in lost]
    if added or not state.ended:
        added.append(line("stop", frames, reason=reason))
    if not (added or state.unreadable or state.cut):
        return None
    with replacing(path) as part:
        with open_regular(path, follow_links=False) as source, part.open("xb") as target:
            for text, _, _ in _lines(source):
                if text is not None:
                    target.write(text + b"\n")
            for one in added:
                one["time"] = round(one["sample"] / sample_rate, 6)
                target.write(json.dumps(one).encode() + b"\n")
            target.flush()
            os.fsync(target.fileno())  # before the original loses its name
        return keep_original(path)


def _lines(file: BinaryIO) -> Iterator[tuple[bytes | None, dict[str, Any], bool]]:
    """Give each line's text without its end, None where it is no JSON object, what it says, and whether it has an end.

    A line whose numbers or depth are beyond all limits is kept as it is, and says nothing.
    """
    while raw := file.readline(_MOST_LINE):
        whole = raw.endswith(b"\n")
        if not whole and len(raw) == _MOST_LINE:
            while not whole and (rest := file.readline(_MOST_LINE)):
                whole = rest.endswith(b"\n")
            yield None, {}, whole
            continue
        text = raw.strip(b"\r\n")
        record = _record(text)
        if record is None and (stripped := text.strip(b"\0")) != text and (record := _record(stripped)) is not None:
            yield None, {}, True  # what a power cut left of other lines
            text = stripped
        yield (None, {}, whole) if record is None else (text, record, whole)


def _record(text: bytes) -> dict[str, Any] | None:
    try:
        value = parse_json(text.decode("utf-8-sig"), finite=False)
    except ValueError:
        try:
            value = json.loads(text.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return None
        return {} if isinstance(value, dict) else None
    return value if isinstance(value, dict) else None
