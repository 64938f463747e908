import functools
import io
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from samplechop.offline.audio.one_shots import Shot, is_held_out, loop_may_be_used
from samplechop.offline.audio.reading import RATE
from samplechop.offline.evaluate.references import tracks_in
from samplechop.offline.lab.devset import build, music, sounds, sources
from samplechop.offline.lab.devset.making import Order
from samplechop.offline.lab.devset.sources import Places
from samplechop.offline.lab.synthetic.beds import Recording
from samplechop.offline.lab.synthetic.score import METERS
from samplechop.offline.lab.synthetic.soundfont_bank import Bank
from samplechop.offline.labels.recording_truth import read_truth
from samplechop.offline.synthesis import soundfonts
from samplechop.realtime.core.errors import UserError
from tests.support.command import samplechop

playable = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not any(map(Path.is_file, map(Path, soundfonts.USUAL_PLACES))),
    reason="needs fluidsynth and a General MIDI soundfont",
)
NO_BAND = Bank(Path("none.sf2"), (), {}, frozenset())


def named(word, keep):
    return next(name for number in range(100) if keep(name := f"{word}_{number}"))


# Hertz of a tone and the share of power that is noise.
SOUNDS = {"kick": (70, 0), "snare": (300, 0.4), "hat": (8000, 0.95), "tom": (180, 0), "piano": (330, 0)}


def struck(kind, seconds=0.3, seed=0):
    hertz, noisy = SOUNDS[kind]
    times = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).standard_normal(len(times))
    sound = np.sqrt(2 * (1 - noisy)) * np.cos(2 * np.pi * hertz * times) + np.sqrt(noisy) * noise
    return (0.25 * np.exp(-times / 0.06) * sound).astype(np.float32)


def write(folder, name, samples):
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / f"{name}.wav", samples, RATE)


def lines(path, rows):
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{row}\n" for row in rows))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("sources")
    sounds, music = place / "sounds", place / "music"
    for word in SOUNDS:
        write(sounds, named(word, is_held_out), struck(word))
        write(sounds, named(word, lambda name: not is_held_out(name)), struck(word, seed=1))
    onsets = np.arange(0.1, 2.0, 0.25)
    loop = np.zeros(2 * RATE, np.float32)
    for number, time in enumerate(onsets):
        hit = struck(("kick", "hat", "snare", "hat")[number % 4], 0.14, number)
        loop[round(time * RATE) : round(time * RATE) + len(hit)] += hit
    for keep in (lambda name: not loop_may_be_used(name), loop_may_be_used):
        name = named("loop", keep)
        write(sounds, name, loop)
        lines(sounds / "reference_times" / f"{name}.onsets.txt", onsets)
        lines(sounds / "reference_times" / f"{name}.beats.txt", (f"{t} {n % 4 + 1}" for n, t in enumerate(onsets[::2])))
    beats = np.arange(0.5, 30.0, 0.5)
    times = np.arange(31 * RATE) / RATE
    chords = sum(np.sin(2 * np.pi * hertz * times) for hertz in (220, 277, 330)) * (0.6 + 0.4 * np.cos(np.pi * times))
    write(music, "song", 0.2 * chords.astype(np.float32))
    lines(music / "song.onsets.txt", beats[::2])
    lines(music / "song.beats.txt", (f"{time} {number % 4 + 1}" for number, time in enumerate(beats)))
    return sounds, music


HELD_OUT = next(name for number in range(100) if is_held_out(f"{(name := f'drummer{number}')}.mid"))
HELD_OUT_SONG = "two"
SONG_HITS = np.arange(0.5, 12.0, 0.5)


@pytest.fixture(scope="module")
def grooves(tmp_path_factory):
    """Two drummers, one of them held out: kick, snare and hats in eighths, a ghost note before each snare."""
    path = tmp_path_factory.mktemp("grooves") / "grooves.zip"
    track = mido.MidiTrack()
    strokes = [(0, 36, 110), (1, 42, 50), (1.75, 38, 35), (2, 38, 120), (3, 42, 50)]
    events = [(beat * 2 + place / 2, key, velocity) for beat in range(16) for place, key, velocity in strokes]
    before = 0
    for place, key, velocity in sorted(events):
        tick = round(place * 480)
        track.append(mido.Message("note_on", channel=9, note=key, velocity=velocity, time=tick - before))
        before = tick
    content = io.BytesIO()
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(file=content)
    rows = ["drummer,style,bpm,beat_type,time_signature,midi_filename"]
    with zipfile.ZipFile(path, "w") as archive:
        for drummer in (HELD_OUT, "someone else"):
            rows.append(f"{drummer},funk/one,100,beat,4-4,{drummer}.mid")
            archive.writestr(f"grooves/{drummer}.mid", content.getvalue())
        archive.writestr("grooves/info.csv", "\n".join(rows))
    return path


@pytest.fixture(scope="module")
def songs_folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("songs")
    drums, rows = np.zeros(12 * RATE, np.float32), []
    for number, time in enumerate(SONG_HITS):
        kind = ("kick", "snare")[number % 2]
        hit = struck(kind, 0.2, number)
        drums[round(time * RATE) :][: len(hit)] += hit
        rows.append({"time": float(time), "label": kind, "stem": kind.upper(), "level_db": -10.0})
        rows.append({"time": float(time + 0.2), "label": "hat", "stem": "NOT THERE", "level_db": -10.0})
    bed = 0.05 * np.sin(2 * np.pi * 220 * np.arange(len(drums)) / RATE).astype(np.float32)
    for name in ("one", HELD_OUT_SONG):
        soundfile.write(place / f"{name}_mix.flac", drums + bed, RATE)
        soundfile.write(place / f"{name}_drums.flac", drums, RATE)
        (place / f"{name}.drums.json").write_text(json.dumps(rows))
    return place


@pytest.fixture(scope="module")
def gathered(folders, grooves, songs_folder):
    return sources.gather_sources(Places((folders[0],), folders[1], grooves, songs_folder))


def order(gathered, number, seed=1, chance=None):
    chance = number if chance is None else chance
    return Order(np.random.default_rng([seed, chance]), number, gathered, NO_BAND, seed)


@pytest.fixture(scope="module")
def made_by(gathered):
    """Make each recording only once."""
    return functools.cache(lambda maker, number: maker(order(gathered, number)))


MAKERS = [
    (music.stem, 0),
    (music.broken, 0),
    (music.mix, 2),
    (music.play_twice, 5),
    (sounds.loop, 0),
    (sounds.loop, 1),
    (sounds.hits, 0),
]


@pytest.mark.parametrize(("maker", "number"), MAKERS)
def test_the_same_seed_makes_the_same_recording(gathered, made_by, maker, number):
    one, two = made_by(maker, number), maker(order(gathered, number))
    assert np.array_equal(one.samples, two.samples)
    assert np.array_equal(one.onsets, two.onsets)
    assert (one.truth, one.beats) == (two.truth, two.beats)


@pytest.mark.parametrize("maker", [music.stem, sounds.hits])
def test_another_seed_makes_another_recording(gathered, made_by, maker):
    assert not np.array_equal(made_by(maker, 0).onsets, maker(order(gathered, 0, 2)).onsets)


@pytest.mark.parametrize(("maker", "number"), MAKERS)
def test_all_that_is_known_lies_inside_the_recording(made_by, maker, number):
    made = made_by(maker, number)
    length = len(made.samples) / RATE
    assert (4 if maker is music.broken else 15) < length < 40
    assert made.samples.dtype == np.float32
    assert np.max(np.abs(made.samples)) <= 1
    times = made.onsets.tolist() + [time for time, _ in made.beats]
    if made.truth is not None:
        assert made.truth.length == length
        times += [row.time for row in [*made.truth.chops, *made.truth.drums, *made.truth.beats]]
        assert made.truth.chops
    assert np.all(np.diff(made.onsets) >= 0)
    assert 0 <= min(times) <= max(times) <= length


def test_only_sounds_that_training_never_hears_are_used(gathered, folders):
    assert {shot.name for shot in gathered.drums if "/" not in shot.name} == {
        named(word, is_held_out) for word in ("kick", "snare", "hat", "tom")
    }
    assert named("piano", is_held_out) in {shot.name for shot in gathered.hits}
    assert named("piano", lambda name: not is_held_out(name)) not in {shot.name for shot in gathered.hits}
    assert [one.name for one in gathered.loops] == [named("loop", lambda name: not loop_may_be_used(name))]
    assert {shot.name.split("/")[0] for shot in gathered.drums if "/" in shot.name} == {gathered.loops[0].name}
    assert len(list(folders[0].glob("*.wav"))) == 12


def test_only_drummers_held_out_play_and_every_audible_stroke_of_a_break_is_a_cut(gathered, made_by):
    assert {one.drummer for one in gathered.grooves} == {HELD_OUT}
    made = made_by(music.broken, 0)
    assert made.truth.style == "funk-person-stem"
    assert made.truth.solo == [(0.0, made.truth.length)]
    chops = np.array([chop.time for chop in made.truth.chops])
    heard = [hit for hit in made.truth.clear_drums() if np.min(np.abs(chops - hit.time)) < 0.03]
    assert {hit.label for hit in heard} >= {"kick", "snare", "hat"}
    assert min(hit.velocity for hit in heard if hit.label == "snare") < 0.3


def test_of_songs_only_those_held_out_are_used_also_as_beds(gathered):
    assert [song.name for song in gathered.songs] == [HELD_OUT_SONG]
    assert f"{HELD_OUT_SONG}-bed" in {one.name for one in gathered.music}
    assert "one-bed" not in {one.name for one in gathered.music}


def test_two_plays_of_a_record_lie_on_each_other(gathered):
    first, second = (music.play_twice(order(gathered, number, chance=2)) for number in (4, 5))
    assert first.first_play is None
    times = second.first_play
    one, two = ([hit.time for hit in made.truth.drums] for made in (first, second))
    mapped = np.interp(one, times[:, 0], times[:, 1])
    assert np.median([np.min(np.abs(np.array(two) - time)) for time in mapped]) < 1e-4
    speed = np.polyfit(times[:, 0], times[:, 1], 1)[0]
    assert 0.015 < abs(1 / speed - 1) < 0.05


def test_a_song_is_cut_where_its_drums_are_and_doubtful_parts_are_left_out(gathered, made_by):
    whole, alone = made_by(sounds.song, 0), made_by(sounds.song, 1)
    assert {hit.label for hit in whole.drums} == {"kick", "snare"}
    assert whole.drums == alone.drums
    assert len(whole.drums) == len(SONG_HITS)
    start = SONG_HITS[0] - whole.drums[0].time
    assert np.allclose([hit.time + start for hit in whole.drums], SONG_HITS, atol=1e-6)
    beats = gathered.songs[0].beats
    assert np.min(np.abs(beats - 0.5)) < 0.01
    assert np.median(np.diff(beats)) == pytest.approx(0.5, abs=0.001)


@pytest.mark.parametrize("number", range(4))
def test_meters_have_the_meter_and_the_tempo_asked_for(gathered, monkeypatch, number):
    monkeypatch.setattr(music, "_with_a_band", lambda _order, score, style, name: (score, style, name))
    monkeypatch.setattr(music, "finish", lambda _order, played: played)
    score, _, _ = music.meter(order(gathered, number))
    asked = METERS[music.METERS_ASKED[number]]
    assert max(position for _, position in score.beats) == asked.beats
    bpm = 60 / np.median(np.diff([time for time, _ in score.beats]))
    assert music.TEMPI[0] * 0.9 < bpm < music.TEMPI[1] * 1.1


def test_drums_are_cut_from_a_loop_by_what_they_are(gathered):
    loop = gathered.loops[0]
    found = {int(shot.name.split("/")[1]): shot.role for shot in sources.drums_of(loop)}
    assert found == {0: "kick", 1: "hat", 2: "snare", 3: "hat", 4: "kick", 5: "hat", 6: "snare", 7: "hat"}


def test_a_loop_without_snares_gives_no_drums(gathered):
    loop = gathered.loops[0]
    kicks = Recording("kicks", loop.samples, loop.onsets[::4], np.zeros(0), np.zeros(0, np.int64))
    assert sources.drums_of(kicks) == []


def test_the_drums_follow_the_beats_of_real_music(made_by):
    made = made_by(music.mix, 2)
    assert made.truth.style.endswith("real-music")
    gaps = np.diff([beat.time for beat in made.truth.beats])
    assert np.ptp(gaps[gaps < 1.5 * np.median(gaps)]) < 0.01
    assert made.truth.beats[0].position == 1


def test_attacks_of_real_music_are_unsure_unless_they_are_a_chop(made_by):
    apart = 0
    for number in (2, 5, 8):  # every third mix is over real music; in some every attack lies on a drum
        made = made_by(music.mix, number)
        drums = np.array([hit.time for hit in made.truth.drums])
        chops = np.array([chop.time for chop in made.truth.chops])
        for time in made.onsets:
            if np.min(np.abs(drums - time)) > 0.05:
                apart += 1
                near = np.min(np.abs(chops - time)) < 0.06
                assert near or any(start - 0.001 <= time <= stop for start, stop in made.truth.unsure)
    assert apart


def test_music_with_drums_of_its_own_is_left_out(gathered):
    song, loop = gathered.music[0], gathered.loops[0]
    drums = np.tile(loop.samples, 4)
    drummed_song = replace(song, samples=song.samples[: len(drums)] * np.float32(0.2) + drums)
    assert (
        sources.percussion(song.samples[: len(drums)])
        < sources.MOST_PERCUSSION
        < sources.percussion(drummed_song.samples)
    )
    with pytest.raises(UserError, match="without drums"):
        sources.music_without_drums(Path("mine"), [drummed_song])


def test_every_second_loop_is_played_as_it_is(gathered, made_by):
    made = made_by(sounds.loop, 0)
    once = gathered.loops[0].samples
    assert np.array_equal(made.samples[: len(once)], once)
    assert np.array_equal(made.samples[len(once) : 2 * len(once)], once)
    assert not np.array_equal(made_by(sounds.loop, 1).samples[: len(once)], once)
    assert np.diff([time for time, _ in made.beats]) == pytest.approx(0.5)
    assert {position for _, position in made.beats} == {1, 2, 3, 4}


def test_a_hit_at_the_start_of_a_loop_counts_though_no_detector_could_hear_it(gathered, made_by):
    one = gathered.loops[0]
    late = replace(one, samples=one.samples[round(0.1 * RATE) :], onsets=one.onsets[1:] - 0.1, beats=one.beats[:0])
    made = sounds.loop(order(replace(gathered, loops=(late,)), 0))
    once = len(late.samples) / RATE
    assert made.onsets[0] == 0
    assert np.min(np.abs(made.onsets - once)) < 1e-9
    assert made_by(sounds.loop, 0).onsets[0] == pytest.approx(0.1)


def test_hits_begin_where_the_truth_says(made_by):
    made = made_by(sounds.hits, 0)
    power = np.square(made.samples)
    rises = [
        np.mean(power[at : at + 441]) > 2 * np.mean(power[max(0, at - 441) : at])
        for at in (round(chop.time * RATE) for chop in made.truth.chops)
    ]
    assert np.mean(rises) > 0.9


def test_the_plan_has_every_group_and_the_number_asked_for(gathered):
    for count in (4, 13, 50):
        planned = build.plan(count, gathered)
        assert len(planned) == len(set(planned)) == count
        assert sum(group == "plays" for group, _ in planned) % 2 == 0
    assert {group for group, _ in build.plan(50, gathered)} == set(build.MAKERS)
    without = sources.Sources(gathered.drums, (), (), gathered.music)
    assert {group for group, _ in build.plan(50, without)} == {"stems", "mixes", "meters", "plays"}


def test_a_set_is_understood_by_evaluate_and_goes_on_where_it_was(folders, grooves, crate, tmp_path, monkeypatch):
    monkeypatch.setattr(
        build.soundfont_bank, "prepare", lambda place, *_: shutil.copytree(crate.bank, place, dirs_exist_ok=True)
    )
    monkeypatch.setattr(sources, "SHORTEST", 6.0)  # whole recordings would be no other work, only more
    monkeypatch.setattr(sources, "LONGEST", 9.0)
    options = ["-o", tmp_path / "set", "--sounds", folders[0], "--music", folders[1], "--count", 4]
    options += ["--grooves", grooves]
    first = samplechop("devset", "build", *options)
    assert first.code == 0, first.err
    tracks = tracks_in(tmp_path / "set")
    assert len(tracks) == 4
    assert all(track.references.onsets is not None for track in tracks)
    for path in (tmp_path / "set").glob("*/*.json"):
        assert read_truth(path).split == "validation"
    before = {path.name: path.read_bytes() for path in (tmp_path / "set").rglob("*.*")}
    lost, kept = (tracks[place].path.with_suffix(".onsets.txt") for place in (0, 1))
    stamp = kept.stat().st_mtime_ns
    lost.unlink()
    assert samplechop("devset", "build", *options).code == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "set").rglob("*.*")} == before
    assert kept.stat().st_mtime_ns == stamp


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"--sounds": "nowhere"}, "No folder at"),
        ({"--music": "nowhere"}, "No folder at"),
        ({"--music": "empty"}, "No audio files under"),
        ({"--music": "silent"}, "No music to use"),
        ({"--sounds": "silent"}, "No kick and no snare"),
        ({"--soundfont": "nowhere.sf2"}, "nowhere.sf2"),
        ({"--grooves": "nowhere"}, "nowhere"),
        ({"--songs": "nowhere"}, "No folder at"),
        ({"--songs": "empty"}, "No songs in"),
        ({"-o": "full"}, "holds something else"),
    ],
)
@playable
def test_wrong_input_is_one_sentence_and_exit_code_2(folders, tmp_path, changed, says):
    (tmp_path / "empty").mkdir()
    write(tmp_path / "silent", "piano", np.zeros(RATE, np.float32))
    write(tmp_path / "full", "mine", np.zeros(RATE, np.float32))
    options = {"-o": tmp_path / "set", "--sounds": folders[0], "--music": folders[1]}
    options |= {name: tmp_path / value for name, value in changed.items()}
    found = samplechop("devset", "build", *(part for pair in options.items() for part in pair))
    assert found.code == 2, found
    assert found.out == ""
    assert len(found.err.strip().splitlines()) == 1, found.err
    assert says in found.err
    assert (tmp_path / "full" / "mine.wav").exists()


def test_shots_keep_their_attack_at_the_start(gathered):
    for shot in gathered.drums:
        assert isinstance(shot, Shot)
        assert np.argmax(np.abs(shot.samples) > 0.5) < 0.02 * RATE
