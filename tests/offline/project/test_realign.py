"""Projects carried over to other files of a record: every decision within a millisecond of its sound, or told."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.signal import lfilter

from samplechop.offline.kits.core.record import open_record
from samplechop.offline.project import fingerprint, realign
from samplechop.offline.project.alignment import align
from samplechop.offline.project.identity import audio_of
from samplechop.offline.project.model import Chop, Grid, Project
from samplechop.offline.project.store import editing
from samplechop.realtime.cli import DEMO
from samplechop.realtime.core.errors import UserError

Sound = NDArray[np.float32]
SOUND, RATE = soundfile.read(DEMO, dtype="float32")
SOUND = SOUND if SOUND.ndim == 1 else SOUND.mean(axis=1)
LATER = 12_345
PLACES = tuple(range(2 * RATE, len(SOUND) - 2 * RATE, 3 * RATE + 777))


def coded(sound: Sound) -> Sound:
    """Give a sound after an equaliser, 2 dB softer, through mp3."""
    file = io.BytesIO()
    soundfile.write(file, 0.79 * lfilter([1.0, -0.7], [1.0], sound), RATE, format="MP3")
    file.seek(0)
    return soundfile.read(file, dtype="float32")[0]


def played(sound: Sound, speed: float) -> Sound:
    """Give a sound at another speed, later, with hiss."""
    faster = np.concatenate([np.zeros(LATER, np.float32), soxr.resample(sound, RATE * speed, RATE)])
    return (faster + np.random.default_rng(0).normal(0, 0.002, len(faster))).astype(np.float32)


def fingerprint_of(sound: Sound) -> fingerprint.Fingerprint:
    low = soxr.resample(sound, RATE, fingerprint.RATE).astype(np.float32)
    return fingerprint.Fingerprint(fingerprint.levelled(low), RATE, len(sound))


def written(path: Path, sound: Sound) -> Path:
    soundfile.write(path, sound, RATE)
    return path


@pytest.mark.parametrize(
    ("other", "truth"),
    [
        (coded(SOUND), lambda place: place),
        *((played(SOUND, speed), lambda place, s=speed: place / s + LATER) for speed in (0.92, 0.953, 1.03, 1.08)),
    ],
    ids=["equalised, softer, mp3", "-8 %", "-4.7 %", "+3 %", "+8 %"],
)
def test_places_are_those_of_the_same_sound(other: Sound, truth: Callable[[int], float]) -> None:
    found = align(fingerprint_of(SOUND), fingerprint_of(other))
    for place in PLACES:
        there, sure = found.place(place)
        assert sure > 0
        assert abs(there - truth(place)) < 0.001 * RATE


def test_what_was_cut_out_has_no_place_and_all_else_has() -> None:
    first, last = 8 * RATE, 14 * RATE
    found = align(fingerprint_of(SOUND), fingerprint_of(np.concatenate([SOUND[:first], SOUND[last:]])))
    assert found.place((first + last) // 2)[1] == 0
    for place, truth in ((4 * RATE, 4 * RATE), (20 * RATE, 14 * RATE)):
        there, sure = found.place(place)
        assert sure > 0 and abs(there - truth) < 0.001 * RATE


def test_another_sound_has_nothing_in_common() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, len(SOUND)).astype(np.float32)
    assert not len(align(fingerprint_of(SOUND), fingerprint_of(noise)).old)


@pytest.mark.parametrize("seconds", [0.0, 0.5, 5.0])
def test_silence_and_short_sounds_are_survived(seconds: float) -> None:
    short = fingerprint_of(np.zeros(round(seconds * RATE) + 1, np.float32))
    for pair in ((short, fingerprint_of(SOUND)), (fingerprint_of(SOUND), short), (short, short)):
        assert not len(align(*pair).old)


def project_of(path: Path, folder: Path) -> Project:
    audio = audio_of(open_record(path, folder))
    chops = tuple(Chop(f"c{n}", at, at, locked=True, note=35 + n, end=at + RATE) for n, at in enumerate(PLACES, 1))
    grid = Grid(bpm=90.0, ones=(PLACES[0],), shift=100)
    return Project(audio, chops, (PLACES[0] + RATE,), grid, "A minor", {"count": 8}, len(PLACES))


def test_a_project_is_carried_over_once_its_file_is_gone_and_undo_leads_back(tmp_path: Path) -> None:
    song, path = written(tmp_path / "song.wav", SOUND), tmp_path / "song.chops.json"
    before = project_of(song, tmp_path)
    realign.keep_sound(path, open_record(song, tmp_path), before)
    other = open_record(written(song, played(SOUND, 1.03)), tmp_path)
    with editing(path, before) as editor:
        assert realign.realign(editor, other) == ()
    with editing(path) as editor:
        after = editor.project
        assert editor.do({"do": "undo"}) == before
    assert after.audio == audio_of(other)
    for old, new in zip(before.chops, after.chops, strict=True):
        assert abs(new.at - old.at / 1.03 - LATER) < 0.001 * RATE
        assert (new.id, new.note, new.locked, new.at) == (old.id, old.note, True, new.origin)
        assert abs((new.end or 0) - new.at - RATE / 1.03) < 0.002 * RATE
    assert abs(after.deleted[0] - before.deleted[0] / 1.03 - LATER) < 0.001 * RATE
    assert after.grid.bpm == pytest.approx(90 * 1.03, rel=1e-4)
    assert (after.key, after.kit) == (before.key, before.kit)


def test_what_has_no_place_is_kept_and_told(tmp_path: Path) -> None:
    song = written(tmp_path / "song.wav", SOUND)
    before = project_of(song, tmp_path)
    short = SOUND[: 15 * RATE]
    found = align(fingerprint_of(SOUND), fingerprint_of(short))
    after, conflicts = realign.carried_over(before, found, audio_of(open_record(written(song, short), tmp_path)))
    gone = [one.id for one in before.chops if one.at > 17 * RATE]
    assert len({one.at for one in after.chops}) == len(before.chops)
    assert {one.id for one in after.chops} == {one.id for one in before.chops}
    assert set(gone) <= {text.partition(",")[0] for text in conflicts}
    assert all(0 <= one.at < len(short) and one.at < (one.end or 0) <= len(short) for one in after.chops)


def test_a_project_stays_as_it_is_where_the_sound_is_another(tmp_path: Path) -> None:
    song, path = written(tmp_path / "song.wav", SOUND), tmp_path / "song.chops.json"
    before, noise = project_of(song, tmp_path), np.random.default_rng(1).normal(0, 0.1, len(SOUND))
    with editing(path, before) as editor:
        other = open_record(written(tmp_path / "noise.wav", noise.astype(np.float32)), tmp_path)
        with pytest.raises(UserError, match="nothing is kept"):
            realign.realign(editor, other)
        realign.keep_sound(path, other, before)
        with pytest.raises(UserError, match="nothing is kept"):
            realign.realign(editor, other)
        realign.keep_sound(path, open_record(song, tmp_path), before)
        with pytest.raises(UserError, match="has no sound of"):
            realign.realign(editor, other)
        assert editor.project == before
