"""Projects carried over to other files of a record: every decision within a millisecond of its sound, or told."""

import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.signal import lfilter

from samplechop.offline.kits.core.record import open_record
from samplechop.offline.project import fingerprint, realign
from samplechop.offline.project.alignment import Alignment, align
from samplechop.offline.project.carrying import carried_over
from samplechop.offline.project.identity import audio_of
from samplechop.offline.project.model import Audio, Chop, Conflict, Grid, Held, HeldSlice, Project, TempoChange
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
    ("change", "truth"),
    [
        (coded, lambda place: place),
        *(
            (partial(played, speed=speed), lambda place, s=speed: place / s + LATER)
            for speed in (0.92, 0.953, 1.03, 1.08)
        ),
    ],
    ids=["equalised, softer, mp3", "-8 %", "-4.7 %", "+3 %", "+8 %"],
)
def test_places_are_those_of_the_same_sound(change: Callable[[Sound], Sound], truth: Callable[[int], float]) -> None:
    found = align(fingerprint_of(SOUND), fingerprint_of(change(SOUND)))
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


def test_what_is_quiet_between_sounds_and_at_the_ends_has_its_place() -> None:
    quiet = np.ones(len(SOUND), np.float32)
    for first, last in ((0, 4), (12, 17), (26, 32)):
        quiet[first * RATE : last * RATE] = 0
    found = align(fingerprint_of(SOUND * quiet), fingerprint_of(coded(SOUND * quiet)))
    for place in (0, RATE, 14 * RATE, 29 * RATE, len(SOUND) - 1):
        there, sure = found.place(place)
        assert sure > 0 and abs(there - place) < 0.001 * RATE


def line(*points: tuple[float, float]) -> Alignment:
    """Give a line of places in seconds, all as sure, of no other speed."""
    old, new = np.array(points).T * RATE
    return Alignment(old, new, np.ones(len(old)), 1.0, RATE)


def said_of(conflict: Conflict) -> tuple[str, str, str | None, int]:
    return conflict.what, conflict.why, conflict.chop, conflict.at


def test_every_kind_of_decision_without_a_place_is_a_conflict_and_none_become_one() -> None:
    audio = Audio("", RATE, 100 * RATE, 1, "song.wav")
    chops = (Chop("c1", 5 * RATE, end=60 * RATE), Chop("c2", 60 * RATE), Chop("c3", 61 * RATE))
    grid = Grid(taps=(RATE, 62 * RATE), ones=(63 * RATE,), changes=(TempoChange(64 * RATE, 90.0),))
    project = Project(audio, chops, (65 * RATE, 66 * RATE), grid, chops_made=3)
    after = carried_over(project, line((0, 0), (10, 10)), replace(audio, length=50 * RATE))
    last = 50 * RATE - 1
    assert {said_of(one) for one in after.conflicts} == {
        ("end", "unheard", "c1", last + 1),
        ("chop", "unheard", "c2", last),
        ("chop", "unheard", "c3", last - 1),
        ("deleted", "unheard", None, last),
        ("deleted", "unheard", None, last - 1),
        ("tap", "unheard", None, last),
        ("one", "unheard", None, last),
        ("tempo-change", "unheard", None, last),
    }
    assert len(after.deleted) == len(project.deleted)


def test_two_chops_at_one_place_lie_beside_each_other_as_a_conflict() -> None:
    audio = Audio("", RATE, 100 * RATE, 1, "song.wav")
    project = Project(audio, (Chop("c1", RATE), Chop("c2", RATE + 1)), chops_made=2)
    after = carried_over(project, replace(line((0, 0), (2, 1)), ratio=0.5), audio)
    assert [said_of(one) for one in after.conflicts] == [("chop", "together", "c2", RATE // 2 + 1)]
    assert [one.at for one in after.chops] == [RATE // 2, RATE // 2 + 1]


def test_a_conflict_stays_one_until_it_is_settled() -> None:
    audio = Audio("", RATE, 100 * RATE, 1, "song.wav")
    before = Conflict("chop", 30 * RATE, 12.5, "unheard", "c1")
    project = Project(audio, (Chop("c1", 30 * RATE),), chops_made=1, conflicts=(before,))
    after = carried_over(project, line((0, 10), (90, 100)), replace(audio, length=110 * RATE))
    assert after.conflicts == (replace(before, at=40 * RATE),)


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
        realign.realign(editor, other)
    with editing(path) as editor:
        after = editor.project
        assert editor.do({"do": "undo"}) == before
    assert after.audio == audio_of(other)
    assert after.conflicts == ()
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
    after = carried_over(before, found, audio_of(open_record(written(song, short), tmp_path)))
    gone = {one.id: one.at / RATE for one in before.chops if one.at > 15 * RATE}
    assert len({one.at for one in after.chops}) == len(before.chops)
    assert {one.id for one in after.chops} == {one.id for one in before.chops}
    conflicts = {one.chop: one for one in after.conflicts if one.what == "chop"}
    assert conflicts.keys() == gone.keys()
    assert all(one.was == pytest.approx(gone[one.chop or ""], abs=1e-5) for one in conflicts.values())
    assert all(after.chop(name).at == one.at for name, one in conflicts.items())  # type: ignore[union-attr, arg-type]
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


def test_the_kit_that_is_held_goes_along_with_its_chops() -> None:
    audio = Audio("", RATE, 100 * RATE, 1, "song.wav")
    slices = tuple(HeldSlice(at * RATE, (at + 5) * RATE, note) for at, note in ((20, 36), (30, 37), (97, 38)))
    project = Project(audio, (Chop("c1", 30 * RATE, locked=True),), chops_made=1, held=Held("", slices))
    known = line(*((at, at + 10) for at in range(0, 91, 5)))
    after = carried_over(project, known, replace(audio, length=100 * RATE))
    assert after.held == Held(
        "", tuple(HeldSlice(one.at + 10 * RATE, one.end + 10 * RATE, one.note) for one in slices[:2])
    )
