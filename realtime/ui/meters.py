"""Block-character meters: a level meter with peak hold, a strength bar, and the plot of chop probability over time.

Nothing here knows a terminal or a session. A row is a list of (text, style) parts; styles are the sixteen base colours
of a terminal, so that light and dark themes both decide how they look.
"""

from collections.abc import Sequence
from math import inf, isfinite, log10

import numpy as np
from numpy.typing import NDArray

Row = list[tuple[str, str]]

FLOOR_DB = -60.0
"""Left end of the level meter in dBFS."""
WARM_DB, HOT_DB = -12.0, -3.0
FALL_DB_PER_SECOND = 20 / 1.7  # the return time of a type I peak meter, IEC 60268-10
HOLD_SECONDS = 1.5

_EIGHTHS = np.array(list(" ▁▂▃▄▅▆▇█"))


def decibels(magnitude: float) -> float:
    """Turn a magnitude (full scale 1) into dBFS; silence and NaN give -inf."""
    return 20 * log10(magnitude) if magnitude > 0 else -inf


class LevelMeter:
    """One channel's level as a peak meter shows it: up at once, down slowly, the peak held for a while.

    level_db, hold_db: dBFS, -inf for silence.
    """

    def __init__(self) -> None:
        """Start silent."""
        self.level_db = self.hold_db = -inf
        self._held = 0.0

    def update(self, peak: float, seconds: float) -> None:
        """Take the largest magnitude (full scale 1) of the `seconds` of audio since the last call."""
        now = decibels(peak)
        self.level_db = max(now, self.level_db - FALL_DB_PER_SECOND * seconds)
        if self.level_db < FLOOR_DB:
            self.level_db = now
        self._held += seconds
        if now >= self.hold_db or self._held >= HOLD_SECONDS:
            self.hold_db, self._held = max(now, self.level_db), 0.0


def meter(level_db: float, hold_db: float, width: int) -> Row:
    """Draw a level meter of `width` cells from FLOOR_DB to 0 dBFS: green, then yellow, then red, with the peak held."""

    def cells(level: float) -> int:
        return round(width * min(1.0, max(0.0, 1 - level / FLOOR_DB))) if level > -inf else 0

    text = list(("▇" * cells(level_db)).ljust(width))
    if cells(hold_db):
        text[cells(hold_db) - 1] = "▇"
    warm, hot = cells(WARM_DB), cells(HOT_DB)
    zones = ((0, warm, "green"), (warm, hot, "yellow"), (hot, width, "red"))
    return [("".join(text[start:end]), style) for start, end, style in zones]


def bar(share: float, width: int) -> str:
    """Draw a horizontal bar of `width` cells, filled to `share` (0..1) in half cells; NaN is empty."""
    full, half = divmod(round(min(1.0, max(0.0, share)) * width * 2) if isfinite(share) else 0, 2)
    return ("━" * full + "╸" * half).ljust(width)


class Plot:
    """Chop probability over time in `width` columns; each shows the highest of the frames that fall into it.

    probability: float32, (n,), oldest first; newest: absolute number of its last frame, counted from the stream's
    start; frames: how many frames the plot spans at most. Columns begin at multiples of a whole number of frames of the
    stream, not of the array: otherwise peaks would flicker while they scroll.
    """

    def __init__(self, probability: NDArray[np.float32], newest: int, frames: int, width: int) -> None:
        """Sort the frames into columns."""
        self.width = width
        self.frames_per_column = max(1, frames // width)
        right, place = divmod(newest, self.frames_per_column)
        self._left = right - width + 1
        cells = np.zeros(width * self.frames_per_column, np.float32)
        end = len(cells) - self.frames_per_column + place + 1
        kept = probability[max(0, len(probability) - end) :]
        cells[end - len(kept) : end] = np.nan_to_num(kept, nan=0.0)
        self.values = np.clip(cells.reshape(width, -1).max(axis=1), 0.0, 1.0)

    def column(self, frame: float) -> int | None:
        """Find the column of an absolute frame number, None when it lies outside."""
        column = int(frame // self.frames_per_column) - self._left
        return column if 0 <= column < self.width else None

    def peak_column(self, frame: float) -> int | None:
        """Find the highest column beside that of a frame: a chop's attack lies up to a column off its peak."""
        column = self.column(frame)
        if column is None:
            return None
        start = max(0, column - 1)
        near = self.values[start : column + 2]
        return column if near.max() <= self.values[column] else start + int(near.argmax())

    def rows(self, height: int, threshold: float) -> list[Row]:
        """Draw `height` rows, top first, with the threshold as a dashed line."""
        eighths = np.rint(self.values * (height * 8)).astype(int)
        line = line_row(height, threshold)
        bars = np.where(self.values >= threshold, "magenta", "cyan")
        rows: list[Row] = []
        for row in range(height):
            filled = np.clip(eighths - 8 * (height - 1 - row), 0, 8)
            text = _EIGHTHS[filled]
            styles = bars
            if row == line:
                text = np.where(filled == 0, "╌", text)
                styles = np.where(filled == 0, "yellow", bars)
            rows.append(runs(text.tolist(), styles.tolist()))
        return rows


def line_row(height: int, threshold: float) -> int:
    """Say in which of `height` rows, 0 at the top, the threshold lies."""
    return height - 1 - min(height - 1, int(max(0.0, threshold) * height))


def runs(text: Sequence[str], styles: Sequence[str]) -> Row:
    """Join neighbouring characters of one style; spaces join either side, so that a row has few parts to print."""
    row: Row = []
    start, style = 0, ""
    for at, (char, wanted) in enumerate(zip(text, styles, strict=True)):
        if char != " " and wanted != style:
            if start < at:
                row.append(("".join(text[start:at]), style))
            start, style = at, wanted
    row.append(("".join(text[start:]), style))
    return row
