"""A picture of labels on a recording: its waveform, row by row, with a line at each label."""

from pathlib import Path

import numpy as np

from samplechop.offline.audio.reading import RATE, read_audio
from samplechop.offline.common.palette import LABEL_ON_WHITE, REJECTED_ON_WHITE, WAVE_ON_WHITE
from samplechop.offline.labels.model import Labels
from samplechop.realtime.core.errors import UserError

ROW_SECONDS = 10.0
MOST_ROWS = 40
COLUMNS = 1400
"""Columns of the waveform in a row."""


def draw(labels: Labels, audio: Path, path: Path) -> None:
    """Write a PNG; labels are red, rejected places grey and dotted.

    Raises UserError if the recording cannot be read or the picture not written.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    if path.suffix.lower() != ".png":
        raise UserError(f"--picture {str(path)!r}: the name must end in .png")
    samples = read_audio(audio)
    length = len(samples) / RATE
    seconds = max(ROW_SECONDS, length / MOST_ROWS)
    rows = max(1, int(np.ceil(length / seconds)))
    figure, axes = pyplot.subplots(rows, 1, figsize=(14, 0.4 + 1.1 * rows), squeeze=False)
    loudest = float(np.abs(samples).max(initial=1e-9))
    for row, axis in enumerate(axes[:, 0]):
        begin, end = row * seconds, (row + 1) * seconds
        part = samples[round(begin * RATE) : round(end * RATE)]
        cells = np.array_split(part, max(1, round(COLUMNS * len(part) / (seconds * RATE))))
        times = begin + np.arange(len(cells)) * seconds / COLUMNS
        low, high = [float(c.min(initial=0.0)) for c in cells], [float(c.max(initial=0.0)) for c in cells]
        axis.fill_between(times, low, high, color=WAVE_ON_WHITE, linewidth=0)
        for places, colour, style in ((labels.times, LABEL_ON_WHITE, "-"), (labels.rejected, REJECTED_ON_WHITE, ":")):
            inside = places[(places >= begin) & (places < end)]
            axis.vlines(inside, -loudest, loudest, colors=colour, linestyles=style, linewidth=1)
        axis.set(xlim=(begin, end), ylim=(-loudest, loudest), yticks=[])
        axis.tick_params(labelsize=7)
    figure.suptitle(f"{labels.source.name if labels.source else ''} on {audio.name}", fontsize=9)
    figure.tight_layout()
    try:
        figure.savefig(path, dpi=100)
    except OSError as error:
        raise UserError(f"the picture cannot be written to {str(path)!r}: {error.strerror or error}") from None
    finally:
        pyplot.close(figure)
