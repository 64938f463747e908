"""Tempo and key of sounds: music.tsv, one line a sound, "" where there is none or it is not clear.

Slices of a kit have those of its record, which its manifest has. Other sounds are analysed themselves, unless they are
too short to have any. They are played on end, as loops are, until the beat detector is sure: it needs some bars. Of 159
real one-shots and loops it so found a tempo for 11 of the 16 loops and one other, a drum beat; all of them have a whole
number of beats then, within 1 %.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.files import read_table, write_table
from samplechop.offline.atlas.settings import DescribeSettings
from samplechop.offline.atlas.store import Atlas, Sound
from samplechop.offline.common import process_pool as processes
from samplechop.offline.common.progress import Progress
from samplechop.offline.kits.analysis import loops, tempo_and_key
from samplechop.offline.kits.core.model import MANIFEST
from samplechop.offline.kits.core.record import audio_files, is_kit
from samplechop.realtime.audio.audio_file import open_audio
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.detectors import make
from samplechop.realtime.engine.engine import FAST_BLOCK, Engine

STEP = "describe"
TABLE, COLUMNS = "music.tsv", ("name", "tempo", "key")
_TOGETHER = 16
"""Sounds that a process is given at once."""
_LOST_SECONDS = 10.0
"""So much work is lost at most when a run is ended."""

Music = tuple[str, str]
"""Tempo in beats per minute with one decimal, and key such as "F# minor"; "" where there is none."""


def describe(atlas: Atlas, settings: DescribeSettings, progress: Progress, jobs: int = 1) -> None:
    """Write music.tsv; what was analysed before with the same settings is not analysed again. jobs: processes at once.

    Raises UserError if the disk does not take it.
    """
    noted = asdict(settings)
    path = atlas.folder / TABLE
    if atlas.is_made(STEP, noted) and path.exists():
        return
    before = atlas.made(STEP)
    music: list[Music] = []
    if before and before[0] == noted and path.exists():
        music = [(row[0], row[1]) for row in read_table(path, COLUMNS[1:], before[1])]
    known = len(music)
    music += [_of_kit(sound) or ("", "") for sound in atlas.sounds[known:]]
    wanted = [
        row
        for row, sound in enumerate(atlas.sounds)
        if row >= known and music[row] == ("", "") and sound.duration >= settings.least_seconds
    ]
    chunks = [wanted[at : at + _TOGETHER] for at in range(0, len(wanted), _TOGETHER)]
    work = partial(analyse_rows, atlas.folder, settings)
    done, written = 0, time.monotonic()
    for chunk, results in zip(chunks, processes.in_order(work, chunks, max(1, min(jobs, len(chunks)))), strict=True):
        for row, found in zip(chunk, results, strict=True):
            music[row] = found
        done += len(chunk)
        progress("describing", done, len(wanted))
        if time.monotonic() > written + _LOST_SECONDS and done < len(wanted):
            _write(atlas, music[: wanted[done]], noted)
            written = time.monotonic()
    _write(atlas, music, noted)


def _write(atlas: Atlas, music: Sequence[Music], noted: dict[str, Any]) -> None:
    rows = ((sound.name, *found) for sound, found in zip(atlas.sounds, music, strict=False))
    write_table(atlas.folder / TABLE, COLUMNS, rows)
    atlas.note(STEP, noted, len(music))


def analyse_rows(folder: Path, settings: DescribeSettings, rows: Sequence[int]) -> list[Music]:
    """[worker] Estimate tempo and key of some sounds of an atlas."""
    atlas = _opened(folder)
    samples = atlas.samples()
    return [_tempo_and_key(_whole(atlas.sounds[row], samples[row], atlas.rate), atlas.rate, settings) for row in rows]


@cache
def _opened(folder: Path) -> Atlas:
    return Atlas(folder)


def _tempo_and_key(samples: NDArray[np.float32], rate: int, settings: DescribeSettings) -> Music:
    bpm = tempo_and_key.tempo(_beats(samples, rate, settings), rate)
    tonality = tempo_and_key.key_of_samples(samples, rate)
    return bpm.value if bpm else "", tonality.value if tonality else ""


def _beats(samples: NDArray[np.float32], rate: int, settings: DescribeSettings) -> list[Event]:
    engine = Engine({"beats": make("beats")}, rate, 1, FAST_BLOCK)
    engine.reset(0)
    whole = samples[:, np.newaxis]
    if 0 < len(samples) <= settings.loop_seconds * rate:
        events, times = loops.play(engine, lambda: [whole], len(samples))
        return loops.settled_beats(events, len(samples), times, rate)
    events = []
    engine.process(whole, events.append)
    engine.flush(events.append)
    return loops.settled_beats(events, len(samples), 1, rate)


def _whole(sound: Sound, samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Give a sound with the silence that was around it in its file, as a loop needs it; pieces of files have none."""
    kept = np.array(samples[: sound.length])
    try:
        (audio,) = audio_files(Path(sound.path))
        with open_audio(audio) as file:
            length = round(file.frames / file.samplerate * rate)
    except UserError:  # it is gone, or another program had to decode it
        return kept
    before = round(sound.start * rate)
    after = length - before - len(kept)
    silence = before + after
    return np.pad(kept, (before, after)) if after >= 0 and silence <= len(kept) / 2 else kept


def _of_kit(sound: Sound) -> Music | None:
    """Give what a kit's manifest has for a slice; None if the sound is none."""
    kit = Path(sound.path).parent.parent
    return _manifest(kit) if is_kit(kit) else None


@cache
def _manifest(kit: Path) -> Music | None:
    try:
        manifest = documents.read_json(kit / MANIFEST, follow_links=False)
        values = [manifest[name] or {"value": ""} for name in COLUMNS[1:]]
        return str(values[0]["value"]), str(values[1]["value"])
    except (OSError, ValueError, LookupError, TypeError):
        return None
