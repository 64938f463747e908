"""Sessions with their logs, audio in every container, and whole kits of such audio."""

import itertools
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np

from samplechop.offline.atlas.collect.find_files import find
from samplechop.offline.audio.reading import read_at_own_rate
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.pipeline import make_kit
from samplechop.offline.lab.hostile import audio_files
from samplechop.offline.lab.hostile.content import Random
from samplechop.offline.lab.hostile.format import Files, Format, Part, each, mutated, read_all, session_log, wav
from samplechop.offline.labels.files import read_labels, read_review
from samplechop.offline.labels.taps import read_taps
from samplechop.offline.sessions.reading import find_sessions, read_session, repair


def _sessions() -> list[Files]:
    from samplechop.realtime.recording.audio_files import wav_header

    samples = np.zeros(3 * 4000, np.uint8).tobytes()
    ours = wav_header(8000, 1, 3, False, len(samples)) + samples
    flac = wav(1.0, "FLAC", "PCM_24")
    log = session_log()
    return [
        {"s/events.jsonl": log, "s/audio.wav": ours},
        {"s/events.jsonl": log, "s/audio.flac": flac},
        {
            "s/events.jsonl": log[:-20],
            "s/audio.wav": ours[:-100],
            "t/events.jsonl": log,
            "t/audio.wav": ours,
        },
        {"s/events.jsonl": log[:-20], "s/audio.flac": flac[:-1000]},
    ]


def _load_sessions(folder: Path, scratch: Path) -> None:
    sessions = [read_session(path) for path in find_sessions(folder)]
    parts: list[Part] = []
    for one in sessions:
        parts += [
            partial(read_all, one.folder, scratch),
            partial(find, [one.folder]),
            partial(repair, one),
            partial(read_session, one.folder),
        ]
    each(*parts)


def _load_log(folder: Path, _: Path) -> None:
    path = folder / "a.jsonl"
    each(lambda: read_labels(path, 2.0), lambda: read_taps(path), lambda: read_review(path, folder / "b.txt", 2.0))


def _audio(ending: str) -> Callable[[Random, Path], None]:
    def make(rng: Random, folder: Path) -> None:
        name, data = audio_files.make(rng, ending)
        (folder / f"{name}.{ending}").write_bytes(data)

    return make


def _load_audio(folder: Path, scratch: Path) -> None:
    path = next(folder.iterdir())

    each(partial(read_all, path, scratch), partial(read_at_own_rate, path))


def _load_whole_kit(folder: Path, scratch: Path) -> None:
    path = next(folder.iterdir())
    with suppress(OSError):
        make_kit(path, scratch / "kit", ChopOptions(picture=False))


def formats() -> dict[str, Format]:
    """Give these formats by name."""
    made = {
        # A folder of a session may be a link: it is read, and not repaired.
        "sessions": mutated(_sessions, _load_sessions, 6, links=2),
        "logs": mutated(lambda: [{"a.jsonl": session_log(), "b.txt": b"0.1\n0.5\n"}], _load_log, 10, follows=True),
        "whole kits": Format(_audio("wav"), _load_whole_kit, 0.02, seconds=60.0),
    }
    endings = itertools.chain(audio_files.CONTAINERS, audio_files.FOREIGN)
    return made | {ending: Format(_audio(ending), _load_audio, 0.15, seconds=10.0) for ending in endings}
