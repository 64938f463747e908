"""People's drumming as the drums of made records; the performances here are made up."""

import io
import zipfile

import mido
import numpy as np
import pytest

from samplechop.offline.audio.one_shots import is_held_out
from samplechop.offline.lab.synthetic.grooves import (
    LOUD_KICK,
    MOST_BYTES,
    Performance,
    choose_performance,
    load_grooves,
    name_of,
    perform,
    read_grooves,
    write_grooves,
)
from samplechop.offline.lab.synthetic.score import METERS, Clock, Score, Section
from samplechop.realtime.core.errors import UserError

HEAD = "drummer,session,id,style,bpm,beat_type,time_signature,midi_filename,audio_filename,duration,split\n"


def midi(notes, bpm=120):
    """A performance of (place in beats, key, velocity)."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=round(60e6 / bpm))])
    now = 0
    for place, key, velocity in sorted(notes):
        tick = round(place * 480)
        track.append(mido.Message("note_on", channel=9, note=key, velocity=velocity, time=tick - now))
        now = tick
    content = io.BytesIO()
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(file=content)
    return content.getvalue()


def row(name, bpm=120, kind="beat", signature="4-4", drummer="drummer1"):
    return f"{drummer},s,{name},funk/groove1,{bpm},{kind},{signature},{name}.mid,{name}.wav,4.0,train\n"


BEAT = [(bar * 4 + beat + 0.02, key, 100) for bar in range(3) for beat, key in ((0, 36), (1, 38), (2, 36), (3, 38))]


@pytest.fixture
def archive(tmp_path):
    def make(rows, files, prefix="groove/"):
        path = tmp_path / "grooves.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(f"{prefix}info.csv", HEAD + "".join(rows))
            for name, content in files.items():
                file.writestr(prefix + name, content)
        return path

    return make


def test_beats_are_read_with_their_grid_and_fills_and_odd_meters_are_left_out(archive):
    rows = [row("a"), row("b", kind="fill"), row("c", signature="5-4"), row("d", 100, signature="3-4")]
    found = read_grooves(archive(rows, {"a.mid": midi(BEAT), "d.mid": midi(BEAT, 100)}))
    assert [(one.meter, one.bpm, one.style, one.bars) for one in found] == [
        ("4/4", 120, "funk", 3),
        ("3/4", 100, "funk", 4),
    ]
    # Struck 0.02 of a beat late throughout: to a listener, that is the beat.
    assert found[0].places[:2].tolist() == pytest.approx([0, 1], abs=1e-3)
    # The pad of the kick gives half of what the snare's does.
    assert found[0].velocities[0] == pytest.approx(LOUD_KICK)


def test_another_index_is_another_name(archive):
    one, again = (name_of(archive([row("a")], {"a.mid": midi(BEAT)})) for _ in range(2))
    assert one == again != name_of(archive([row("a", 121)], {"a.mid": midi(BEAT)}))


def test_an_unpacked_folder_is_read_as_its_archive(archive, tmp_path):
    path = archive([row("a")], {"a.mid": midi(BEAT)})
    with zipfile.ZipFile(path) as file:
        file.extractall(tmp_path / "unpacked")
    one, two = read_grooves(path)[0], read_grooves(tmp_path / "unpacked")[0]
    np.testing.assert_array_equal(one.places, two.places)
    assert one.drummer == two.drummer


def test_a_drummer_is_on_one_side_of_the_split_with_all_that_he_plays(archive):
    rows = [row(f"p{n}", drummer=f"drummer{1 + n % 10}") for n in range(20)]
    found = read_grooves(archive(rows, {f"p{n}.mid": midi(BEAT) for n in range(20)}))
    assert all(one.held_out == is_held_out(f"{one.drummer}.mid") for one in found)
    for side in (True, False):
        chosen = {choose_performance(np.random.default_rng(n), found, side).drummer for n in range(40)}
        assert {is_held_out(f"{drummer}.mid") for drummer in chosen} == {side}


@pytest.mark.parametrize(
    ("rows", "files", "words"),
    [
        ([row("a")], {}, "a.mid"),
        ([row("a")], {"a.mid": b"MThd"}, "too early"),
        ([row("a", 5000)], {"a.mid": midi(BEAT)}, "5000 beats a minute"),
        ([row("a", "fast")], {"a.mid": midi(BEAT)}, "fast"),
        ([row("a", kind="fill")], {}, "no drumming"),
        ([row("a")], {"a.mid": b"\0" * (MOST_BYTES + 1)}, "more than"),
        ([row("a")], {"a.mid": midi([*BEAT, (5000, 36, 100)])}, "4000 beats"),
    ],
)
def test_what_is_wrong_in_an_archive_is_said(archive, rows, files, words):
    with pytest.raises(UserError, match=words):
        read_grooves(archive(rows, files))


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "text.zip").write_text("nothing")
    for path in (tmp_path / "text.zip", tmp_path / "missing.zip", tmp_path):
        with pytest.raises(UserError, match="Groove MIDI Dataset"):
            read_grooves(path)


def test_a_folder_is_not_left(tmp_path):
    folder = tmp_path / "unpacked"
    folder.mkdir()
    (folder / "info.csv").write_text(HEAD + row("../outside"))
    (tmp_path / "outside.mid").write_bytes(midi(BEAT))
    with pytest.raises(UserError, match="not inside"):
        read_grooves(folder)


@pytest.mark.parametrize(("above", "is_found"), [("", True), ("a/b", True), ("a/b/c", False)])
def test_an_index_is_looked_for_two_folders_down_and_no_deeper(tmp_path, above, is_found):
    folder = tmp_path / above
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "info.csv").write_text(HEAD + row("beat"))
    (folder / "beat.mid").write_bytes(midi(BEAT))
    if is_found:
        assert len(read_grooves(tmp_path)) == 1
    else:
        with pytest.raises(UserError, match=r"no info\.csv"):
            read_grooves(tmp_path)


def performance(notes, bars_of="4/4"):
    places, roles = zip(*notes, strict=True)
    ones = np.full(len(notes), 0.9, np.float32)
    return Performance(
        "drummer1", "funk", 120.0, bars_of, False, np.array(places, np.float32), np.array(roles, np.uint8), ones, ones
    )


def test_performances_are_read_back_as_they_were_left(tmp_path):
    given = [performance([(0.1, 0), (5.0, 2)]), performance([(0.2, 1), (9.0, 0), (9.5, 1)])]
    write_grooves(given, tmp_path)
    there = load_grooves(tmp_path)
    assert [one.places.tolist() for one in there] == [one.places.tolist() for one in given]
    assert [one.bars for one in there] == [2, 3]
    assert load_grooves(tmp_path / "none") == ()


def test_strokes_keep_their_distance_from_the_beat_and_come_again():
    clock = Clock(np.arange(33) * 0.5 + 1.0, METERS["4/4"])
    score = Score(20.0)
    notes = [(-0.02 + 4 * bar + 0.02 * (bar == 0), 0) for bar in range(2)] + [(5.03, 2)]
    perform(
        score, np.random.default_rng(0), clock, [Section("main", 0, 8, frozenset({"drums"}), False)], performance(notes)
    )
    kicks = sorted(one.time for one in score.strikes if one.role == "kick")
    snares = sorted(one.time for one in score.strikes if one.role != "kick")
    assert kicks == pytest.approx([1.0, 2.99, 5.0, 6.99, 9.0, 10.99, 13.0, 14.99], abs=1e-3)
    assert snares == pytest.approx([3.515, 7.515, 11.515, 15.515], abs=1e-3)
    assert all(one.accent for one in score.strikes if one.role == "kick")


def test_where_the_drummer_rests_nothing_is_struck():
    clock = Clock(np.arange(17) * 0.5 + 1.0, METERS["4/4"])
    score = Score(12.0)
    sections = [Section("main", 0, 2, frozenset({"drums"}), False), Section("drop", 2, 2, frozenset({"chord"}), False)]
    perform(score, np.random.default_rng(0), clock, sections, performance([(0.0, 0), (3.0, 0), (5.0, 0)]))
    assert score.strikes
    assert max(one.time for one in score.strikes) < 5.0
