import functools
import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from samplechop.offline.lab.synthetic import build, soundfont_bank
from samplechop.offline.lab.synthetic.beds import Recording, load_beds, write_beds
from samplechop.offline.lab.synthetic.chop_rule import highest_rise, rises_db
from samplechop.offline.lab.synthetic.grooves import Performance
from samplechop.offline.lab.synthetic.record import make
from samplechop.offline.lab.synthetic.score import LONGEST, SHORTEST, outline
from samplechop.offline.labels.recording_truth import read_truth
from samplechop.realtime.core.errors import UserError
from tests.support.command import samplechop

RATE = 44_100
SETTINGS = build.Settings(4, ("drums",), "gm.sf2")


@pytest.fixture(scope="module")
def folder(crate):
    return crate.bank


@pytest.fixture(scope="module")
def instruments(folder):
    return soundfont_bank.load(folder)


@pytest.fixture(scope="module")
def record(instruments):
    """Make each record only once."""
    return functools.cache(lambda kind, augment=True: make(4, number_of(kind), instruments, augment))


@functools.cache
def number_of(kind, seed=4):
    """The shortest record of a kind."""
    plans = {number: outline(seed, number) for number in range(200)}
    return min((n for n, plan in plans.items() if plan.kind == kind), key=lambda n: plans[n].length)


def test_a_crate_holds_both_sides_of_the_split_and_every_kind():
    plans = [outline(1, number) for number in range(300)]
    share = np.mean([plan.split == "validation" for plan in plans])
    assert 0.07 < share < 0.17
    assert {plan.kind for plan in plans} == {"noise", "drums", "solo", "band", "full"}
    assert all(SHORTEST <= plan.length <= LONGEST for plan in plans)


def test_more_minutes_are_more_records_of_the_same():
    assert build.record_count(1, 10) < build.record_count(1, 20)


@pytest.mark.parametrize("kind", ["full", "noise"])
def test_a_record_depends_on_nothing_but_its_seed_and_number(kind, instruments, record):
    one, two = record(kind), make(4, number_of(kind), instruments)
    np.testing.assert_array_equal(one[0], two[0])
    assert one[1] == two[1]


def test_a_record_of_a_performance_has_its_tempo_its_strokes_and_its_side_of_the_split(instruments, monkeypatch):
    places = np.sort(np.concatenate([np.arange(0, 64, 2.0), np.arange(1, 64, 2.0) + 0.03])).astype(np.float32)
    roles, ones = np.tile(np.array([0, 3], np.uint8), 32), np.full(64, 0.9, np.float32)
    grooves = tuple(
        Performance("drummer", "rock", bpm, "4/4", held_out, places, roles, ones, ones)
        for bpm, held_out in ((91.0, False), (137.0, True))
    )
    monkeypatch.setattr("samplechop.offline.lab.synthetic.record.BY_PEOPLE", 1.0)
    number = number_of("drums")
    _, truth = make(4, number, replace(instruments, grooves=grooves), augment=False)
    bpm = 137.0 if outline(4, number).split == "validation" else 91.0
    beats = np.array([beat.time for beat in truth.beats])
    assert 60 / np.median(np.diff(beats)) == pytest.approx(bpm, rel=0.05)
    kicks = [drum.time for drum in truth.drums if drum.label == "kick"]
    assert len(kicks) > 0.3 * len(beats)
    assert np.median([np.min(np.abs(beats - kick)) for kick in kicks]) < 0.01


def real_music():
    """40 s of a chord that swells on every beat, at 120 beats a minute."""
    time = np.arange(40 * RATE) / RATE
    samples = sum(np.sin(2 * np.pi * hertz * time) for hertz in (220.0, 277.2, 329.6)) * (0.2 + 0.1 * (-time * 2 % 1))
    beats = 0.25 + np.arange(79) * 0.5
    return Recording("music", samples.astype(np.float32), beats, beats, np.arange(79) % 4 + 1)


def over_music(instruments, folder):
    """A record of drums over real music that comes from the disk, not worn, and its truth."""
    write_beds([real_music()], folder)
    return make(4, number_of("full"), replace(instruments, beds=load_beds(folder)), augment=False)


def test_drums_over_real_music_are_played_on_its_beats_and_of_its_notes_nothing_is_said(
    instruments, tmp_path, monkeypatch
):
    monkeypatch.setattr("samplechop.offline.lab.synthetic.record.OVER_A_BED", 1.0)
    assert outline(4, number_of("full")).split == "train"
    samples, truth = over_music(instruments, tmp_path)
    assert truth.style.endswith("real-music")
    assert truth.music == [(0.0, truth.length)]
    assert not truth.notes and not truth.chords and not truth.solo
    beats = np.array([beat.time for beat in truth.beats])
    kicks = np.array([drum.time for drum in truth.drums if drum.label == "kick"])
    period = np.median(np.diff(beats))
    assert 0.5 * 2 ** (-1 / 6) <= period <= 0.5 * 2 ** (1 / 6)
    off = np.abs((kicks - beats[0]) / period * 4 - np.round((kicks - beats[0]) / period * 4))
    assert np.median(off) < 0.2
    again, _ = over_music(instruments, tmp_path)
    np.testing.assert_array_equal(again, samples)


@pytest.mark.parametrize("kind", ["full", "drums", "band", "solo", "noise"])
def test_everything_known_lies_inside_the_record(kind, record):
    samples, truth = record(kind)
    assert samples.dtype == np.float32
    assert np.max(np.abs(samples)) <= 1
    assert len(samples) == round(truth.length * RATE)
    for rows in (truth.chops, truth.drums, truth.notes, truth.chords, truth.beats):
        times = [row.time for row in rows]
        assert times == sorted(times)
        assert all(0 <= time < truth.length for time in times)
    assert all(0 <= start < stop <= truth.length for start, stop in truth.unsure)
    assert all(0 <= chop.strength <= 1 for chop in truth.chops)
    assert (kind == "noise") == (not truth.chops and not truth.unsure)


@pytest.mark.parametrize("kind", ["drums", "full", "band"])
def test_a_dry_record_grows_louder_at_every_chop(kind, record):
    samples, truth = record(kind, augment=False)
    assert len(truth.chops) > 5
    times = [chop.time for chop in truth.chops]
    risen = np.maximum(np.max(rises_db(samples, times), axis=1), highest_rise(samples, times) - 2.0)
    assert np.all(risen >= 1.0)


def test_all_of_a_drum_record_is_drums_alone_and_hats_are_cut_too(record):
    _, truth = record("drums", augment=False)
    assert truth.solo == [(0.0, truth.length)]
    assert all(chop.reason == "hit" for chop in truth.chops)
    hats = np.array([drum.time for drum in truth.drums if drum.label in ("hat", "open", "ride")])
    chops = np.array([chop.time for chop in truth.chops])
    assert np.mean([np.min(np.abs(chops - hat)) < 0.03 for hat in hats]) > 0.7


def test_strokes_under_a_band_have_local_ratios_and_those_of_drums_alone_stand_out(record):
    under, alone = (record(kind)[1].drums for kind in ("full", "drums"))
    strong = [[drum.snr for drum in drums if drum.label in ("kick", "snare")] for drums in (under, alone)]
    assert np.median(strong[0]) < 20
    assert np.median(strong[1]) > np.median(strong[0])


def test_the_attacks_of_a_drum_record_are_where_the_truth_says(record):
    samples, truth = record("drums", augment=False)
    early = []
    for chop in truth.chops:
        around = np.abs(samples[round((chop.time - 0.03) * RATE) : round((chop.time + 0.03) * RATE)])
        before, peak = np.max(around[: round(0.025 * RATE)], initial=0.0), np.max(around)
        if peak > 5 * before:
            early.append(np.argmax(around > 0.15 * peak) / RATE - 0.03)
    assert len(early) > 3
    assert abs(np.median(early)) < 0.002  # a hat may come a little before its kick


def test_what_is_whole_is_kept_and_what_is_broken_is_made_again(folder, tmp_path):
    build._open(str(folder))
    number = number_of("noise")
    build._write(str(tmp_path), 4, number)
    assert build.is_done(tmp_path, 4, number)
    path = tmp_path / f"{number:05d}.flac"
    first = path.read_bytes()
    path.write_bytes(first[:5000])
    assert not build.is_done(tmp_path, 4, number)
    build._write(str(tmp_path), 4, number)
    assert path.read_bytes() == first
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".flac", ".json"]


def test_a_folder_that_cannot_be_written_is_named(folder, tmp_path):
    build._open(str(folder))
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file"):
        build._write(str(tmp_path / "file"), 4, number_of("noise"))


def test_the_command_fills_a_folder_and_does_not_start_over(crate):
    made = {path: path.stat().st_mtime_ns for path in crate.folder.iterdir()}
    assert len(made) == 1 + 2 * build.record_count(12, 0.5)
    for path in made:
        if path.name != "crate.json" and path.suffix == ".json":
            truth = read_truth(path)
            assert soundfile.info(path.with_suffix(".flac")).frames == round(truth.length * RATE)
    assert samplechop("crate", "build", "-o", crate.folder, *crate.options).code == 0
    assert {path: path.stat().st_mtime_ns for path in crate.folder.iterdir()} == made


def test_a_folder_of_other_settings_is_refused(tmp_path):
    build.claim(tmp_path, SETTINGS)
    build.claim(tmp_path, SETTINGS)
    with pytest.raises(UserError, match="another seed"):
        build.claim(tmp_path, build.Settings(5, ("drums",), "gm.sf2"))


def test_a_folder_that_is_no_crate_is_refused(tmp_path):
    (tmp_path / "crate.json").write_text(json.dumps([1]))
    with pytest.raises(UserError, match="cannot be used"):
        build.claim(tmp_path, SETTINGS)


def test_what_would_not_fit_is_refused(tmp_path):
    with pytest.raises(UserError, match="--max-gb"):
        build.check_room(tmp_path, 600, 0.5)


def test_a_missing_player_names_what_to_install(monkeypatch):
    monkeypatch.setattr(build.shutil, "which", lambda _: None)
    monkeypatch.setattr(build.soundfonts, "USUAL_PLACES", ())
    with pytest.raises(UserError, match=r"fluidsynth fluid-soundfont-gm.*--soundfont"):
        build.instruments(None)


def test_a_missing_folder_of_sounds_is_named(tmp_path):
    with pytest.raises(UserError, match="nowhere"):
        list(build.build(tmp_path, 1, 0, [tmp_path / "nowhere"], None, 1, 8.0))
