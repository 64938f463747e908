"""samplechop labels: taps become labels on attacks; labels are shown, converted and reviewed."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from samplechop.offline.labels import Labels, read_labels
from samplechop.offline.labels.formats import read_cues, with_cues
from samplechop.offline.labels.taps import (
    CHANCE,
    ENOUGH,
    Attacks,
    best_lag,
    chance_of_fit,
    estimate_lag,
    find_attacks,
    place,
    read_taps,
)
from samplechop.realtime.cli import DEMO
from samplechop.realtime.core.errors import UserError
from tests.support.command import Outcome, samplechop
from tests.support.signals import RATE, kick, snare

JITTER = 0.012


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo record, 3 dB down, with drums played over it."""
    path = tmp_path_factory.mktemp("song") / "song.wav"
    audio = 0.7 * soundfile.read(DEMO, dtype="float32", always_2d=True)[0].mean(axis=1)
    rng = np.random.default_rng(0)
    for k, start in enumerate(np.rint(meant() * RATE).astype(int).tolist()):
        sound = (kick if k % 2 else snare)(rng) * rng.uniform(0.7, 1.0)
        audio[start : start + len(sound)] += sound
    soundfile.write(path, audio / np.abs(audio).max(), RATE)
    return path


def meant() -> NDArray[np.float64]:
    """Where those drums are: uneven, and not within 50 ms of a drum of the record, that would be one with it."""
    truth = json.loads(DEMO.with_name("demo.truth.json").read_text())
    others = np.array(truth["kick"] + truth["snare"] + truth["chord"])
    places = 0.7 + np.cumsum(np.random.default_rng(5).uniform(0.2, 0.55, 75))
    return places[(np.abs(others[:, None] - places).min(axis=0) > 0.05) & (places < 30.0)]


@pytest.fixture(scope="module")
def attacks(song: Path) -> Attacks:
    return find_attacks(song)[0]


def tapped(bias: float, seed: int, extra: int = 5) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Tap to most of the drums, and sometimes to nothing; gives the taps and what they mean."""
    rng = np.random.default_rng(seed)
    wanted = meant()[rng.random(len(meant())) > 0.15]
    jitter = rng.normal(0.0, JITTER, len(wanted))
    taps = np.concatenate([wanted + bias + jitter - jitter.mean(), rng.uniform(0.0, 30.5, extra)])
    return np.sort(taps[taps > 0]), wanted


def write_taps(path: Path, times: NDArray[np.float64]) -> Path:
    lines = [json.dumps({"kind": "tap", "sample": round(t * RATE), "time": t, "velocity": 90}) for t in times.tolist()]
    path.write_text("".join(line + "\n" for line in lines))
    return path


def refused(outcome: Outcome, *named: str) -> None:
    assert outcome.code == 2, outcome
    assert len(outcome.err.strip().splitlines()) == 1, outcome.err
    for name in named:
        assert name in outcome.err


@given(st.floats(-0.1, 0.2), st.integers(0, 10_000))
def test_how_late_somebody_taps_is_found_within_5_ms(attacks: Attacks, bias: float, seed: int) -> None:
    lag = estimate_lag(tapped(bias, seed)[0], attacks)
    assert abs(lag.seconds - bias) < 0.005
    assert 0.5 * JITTER < lag.spread < 2 * JITTER


def test_95_of_100_labels_lie_within_3_ms_of_the_attacks_that_were_meant(attacks: Attacks) -> None:
    on_attack = []
    for seed, bias in enumerate(np.linspace(-0.1, 0.2, 40).tolist()):
        taps, wanted = tapped(bias, seed)
        labels = place(taps, attacks, 31.0).labels
        on_attack += [np.abs(labels.times - time).min() < 0.003 for time in wanted]
    # Of the taps more than two spreads off, some are nearer to another drum; no one could tell.
    assert np.mean(on_attack) > 0.95


def test_a_tap_with_no_attack_near_stays_without_the_lateness() -> None:
    attacks = Attacks(np.arange(1.0, 9.0), np.ones(8))
    taps = np.sort(np.append(np.arange(1.0, 9.0) + 0.04, 4.54))
    placed = place(taps, attacks, 10.0)
    assert placed.alone == 1
    assert pytest.approx(placed.labels.times[4], abs=0.002) == 4.5
    assert placed.labels.names[4] == "tap"


def test_double_hits_count_once() -> None:
    attacks = Attacks(np.arange(1.0, 9.0), np.ones(8))
    bounces = np.array([0.0, 0.02, 0.05, 0.09])  # each near the one before
    taps = (np.arange(1.0, 9.0)[:, None] + 0.03 + bounces).ravel()
    placed = place(taps, attacks, 10.0)
    np.testing.assert_allclose(placed.labels.times, attacks.times)
    assert placed.doubles == 24


def test_an_even_rhythm_that_leaves_two_answers_is_told() -> None:
    attacks = Attacks(np.arange(0.0, 20.0, 0.2), np.ones(100))
    lag = estimate_lag(np.arange(2.0, 18.0, 0.8) + 0.14, attacks)
    assert {round(lag.seconds, 2), round(lag.other or 0.0, 2)} == {-0.06, 0.14}


def test_too_few_taps_ask_for_the_lateness() -> None:
    with pytest.raises(UserError, match=r"3 taps are too few .*--bias"):
        place(np.array([1.0, 2.0, 3.0]), Attacks(np.array([1.0]), np.array([1.0])), 9.0)
    assert len(place(np.array([1.0, 2.0]), Attacks(np.array([1.0]), np.ones(1)), 9.0, bias=0.0).labels.times) == 2


def test_taps_to_another_recording_are_not_taken_for_early_ones() -> None:
    with pytest.raises(UserError, match="no attack lies near any tap"):
        estimate_lag(np.arange(2.0, 12.0), Attacks(np.array([20.0]), np.array([1.0])))


def _music(rng: np.random.Generator) -> tuple[Attacks, NDArray[np.float64]]:
    """Attacks on sixteenths of 30 s, the beats the strongest, with a little human timing; and the beats."""
    beat = rng.uniform(0.35, 0.8)
    beats = np.arange(1.0, 29.0, beat)
    sixteenths = np.arange(1.0, 29.0, beat / 4)
    played = (np.arange(len(sixteenths)) % 4 == 0) | (rng.random(len(sixteenths)) < 0.5)
    strengths = np.where(np.arange(len(sixteenths)) % 4 == 0, 0.8, 0.3) * rng.uniform(0.5, 1.2, len(sixteenths))
    times = sixteenths + rng.normal(0, 0.006, len(sixteenths))
    return Attacks(times[played], strengths[played]), beats


def test_of_twelve_taps_to_the_music_95_in_100_fit_better_than_chance() -> None:
    fit = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        attacks, beats = _music(rng)
        meant = rng.choice(beats, ENOUGH, replace=False)
        taps = meant + rng.uniform(-0.03, 0.12) + rng.normal(0, rng.uniform(0.012, 0.025), ENOUGH)
        fit.append(chance_of_fit(np.sort(taps), attacks, 30.0) <= CHANCE)
    assert np.mean(fit) >= 0.95


@pytest.mark.parametrize("even", [True, False])
def test_of_twelve_taps_to_nothing_95_in_100_fit_no_better_than_chance(even: bool) -> None:
    fit = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        attacks, _ = _music(rng)
        taps = rng.uniform(0.5, 2) + rng.uniform(0.4, 2.2) * np.arange(ENOUGH) if even else rng.uniform(0, 30, ENOUGH)
        fit.append(chance_of_fit(np.sort(taps), attacks, 30.0) <= CHANCE)
    assert np.mean(fit) <= 0.05


def test_of_taps_that_come_unusually_late_the_best_fit_is_known() -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        attacks, beats = _music(rng)
        assert best_lag(beats + 0.217 + rng.normal(0, 0.02, len(beats)), attacks, 30.0) == pytest.approx(
            0.217, abs=0.02
        )


def test_taps_to_nothing_make_no_labels_unless_the_lateness_is_given(song: Path, tmp_path: Path) -> None:
    taps = write_taps(tmp_path / "t.jsonl", 1.3 + 2.31 * np.arange(12))
    out = tmp_path / "a.txt"
    refused(samplechop("labels", "from-taps", taps, song, "-o", out), "no better than chance", "song.wav", "--bias")
    assert not out.exists()
    given = samplechop("labels", "from-taps", taps, song, "-o", out, "--bias", 40)
    assert given.code == 0 and "no better than chance" in given.out
    assert out.exists()


def test_too_few_taps_to_tell_a_fit_from_chance_are_said_to_be(song: Path, tmp_path: Path) -> None:
    taps = write_taps(tmp_path / "t.jsonl", 1.3 + 2.31 * np.arange(7))
    outcome = samplechop("labels", "from-taps", taps, song, "-o", tmp_path / "a.txt")
    assert outcome.code == 0 and "too few taps to tell" in outcome.out


def test_a_file_cut_short_gives_the_taps_before(tmp_path: Path) -> None:
    path = write_taps(tmp_path / "t.jsonl", np.array([1.0, 1.0, 2.0]))
    path.write_text(path.read_text()[:-20])
    assert read_taps(path).tolist() == [1.0, 1.0]


def test_taps_become_labels_that_training_finds(song: Path, tmp_path: Path) -> None:
    own = shutil.copy(song, tmp_path / "song.wav")
    taps = write_taps(tmp_path / "song.taps.jsonl", tapped(0.038, 1)[0])
    outcome = samplechop("labels", "from-taps", taps, own)
    assert outcome.code == 0, outcome.err
    assert re.search(r"your taps come 38 ms late \(± 1[123] ms\)", outcome.out)
    labels = read_labels(tmp_path / "song.txt", tmp_path / "song.wav")
    assert f"{len(labels.times)} labels in" in outcome.out
    assert labels.names.count("tap") < 6
    refused(samplechop("labels", "from-taps", taps, own), "song.txt", "there already")
    given = samplechop("labels", "from-taps", taps, own, "-o", tmp_path / "b.csv", "--bias", 38)
    assert given.code == 0, given.err
    np.testing.assert_allclose(read_labels(tmp_path / "b.csv").times, labels.times, atol=0.01)


def test_labels_are_shown_with_what_may_be_wrong(song: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1.0\n1.03\n1.5\n2.0\n")
    outcome = samplechop("labels", "show", tmp_path / "a.txt", song, "--picture", tmp_path / "a.png")
    assert outcome.code == 0, outcome.err
    assert "4 labels, the first at 1.000 s, the last at 2.000 s" in outcome.out
    assert "closer than 60 ms, first at 1.000 s" in outcome.out
    assert "no label from 2.0 s to" in outcome.out
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"


def test_the_picture_of_a_short_record_is_filled_by_it(tmp_path: Path) -> None:
    soundfile.write(short := tmp_path / "short.wav", np.full(RATE, 0.1), RATE)
    (tmp_path / "a.txt").write_text("0.9\n")
    picture = tmp_path / "a.png"
    assert samplechop("labels", "show", tmp_path / "a.txt", short, "--picture", picture).code == 0
    from matplotlib.image import imread

    red = np.flatnonzero((imread(picture)[..., :3] @ [1, -1, -1] > 0.3).any(axis=0))
    assert 0.85 < red.mean() / imread(picture).shape[1] < 0.95


def test_raw_taps_are_called_so(tmp_path: Path) -> None:
    taps = write_taps(tmp_path / "t.jsonl", np.array([1.0, 1.0, 2.0]))
    outcome = samplechop("labels", "show", taps)
    assert outcome.code == 0, outcome.err
    assert "2 labels" in outcome.out and "from-taps" in outcome.out


@pytest.mark.parametrize("name", ["b.csv", "b.mid", "b.midi", "b.jsonl", "b.wav", "b.txt"])
def test_any_kind_becomes_any_other(song: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "a.txt").write_text("0.5\t0.5\tkick\n1.25\t1.25\t\n7.000011\t7.000011\tsnär\n")
    command = ["labels", "convert", tmp_path / "a.txt", tmp_path / name, "--audio", song]
    outcome = samplechop(*command)
    assert outcome.code == 0, outcome.err
    labels = read_labels(tmp_path / name)
    np.testing.assert_allclose(labels.times, [0.5, 1.25, 7.000011], atol=2e-4)
    if name in ("b.wav", "b.txt"):
        assert labels.names == ("kick", "", "snär")
    refused(
        samplechop("labels", "convert", tmp_path / "a.txt", tmp_path / name, "--audio", song), name, "there already"
    )
    again = samplechop("labels", "convert", tmp_path / "a.txt", tmp_path / name, "--audio", song, "--force")
    assert again.code == 0, again.err


def test_one_label_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("1.5\n")
    assert "1 label, the first" in samplechop("labels", "show", tmp_path / "in.txt").out
    assert samplechop("labels", "convert", tmp_path / "in.txt", tmp_path / "out.csv").out.startswith("1 label in")


def test_a_copy_with_cue_points_sounds_the_same_and_has_no_old_ones(song: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("0.5\t0.5\tkick\n")
    (tmp_path / "b.csv").write_text("3.25\n")
    one = samplechop("labels", "convert", tmp_path / "a.txt", tmp_path / "one.wav", "--audio", song)
    two = samplechop("labels", "convert", tmp_path / "b.csv", tmp_path / "two.wav", "--audio", tmp_path / "one.wav")
    assert (one.code, two.code) == (0, 0), one.err + two.err
    assert [mark.time for mark in read_cues(tmp_path / "two.wav")[0]] == [3.25]
    np.testing.assert_array_equal(soundfile.read(tmp_path / "two.wav")[0], soundfile.read(song)[0])


def test_cue_points_need_a_whole_format_chunk(tmp_path: Path) -> None:
    (tmp_path / "cut.wav").write_bytes(b"RIFF\x10\0\0\0WAVEfmt \x04\0\0\0\1\0\1\0")
    with pytest.raises(UserError, match="no format chunk"):
        with_cues(tmp_path / "cut.wav", Labels(np.array([0.5])))


def test_deleted_markers_become_rejected(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text("".join(json.dumps({"kind": "chop", "time": t}) + "\n" for t in (1.0, 2.0, 3.0)))
    (tmp_path / "e.txt").write_text("1.0\n3.0\n5.0\n")
    outcome = samplechop("labels", "review", tmp_path / "s.jsonl", tmp_path / "e.txt", "-o", tmp_path / "out.txt")
    assert outcome.code == 0, outcome.err
    assert "3 labels and 1 rejected place in" in outcome.out
    labels = read_labels(tmp_path / "out.txt")
    assert (labels.times.tolist(), labels.rejected.tolist()) == ([1.0, 3.0, 5.0], [2.0])


def test_wrong_input_is_one_sentence(song: Path, tmp_path: Path) -> None:
    (tmp_path / "chops.jsonl").write_text('{"kind": "chop", "time": 1.0}\n')
    (tmp_path / "text.jsonl").write_text("not json\n")
    (tmp_path / "a.txt").write_text("1.0\n")
    (tmp_path / "text.wav").write_text("no audio at all")
    late = write_taps(tmp_path / "late.jsonl", np.linspace(1.0, 99.0, 20))
    out = ["-o", tmp_path / "out.txt"]
    refused(samplechop("labels", "from-taps", tmp_path / "no.jsonl", song, *out), "no.jsonl", "No such file")
    refused(samplechop("labels", "from-taps", tmp_path / "chops.jsonl", song, *out), "no taps", "--tap")
    refused(samplechop("labels", "from-taps", tmp_path / "text.jsonl", song, *out), "line 1")
    refused(samplechop("labels", "from-taps", late, song, *out), "99.000 s", "lies outside")
    refused(samplechop("labels", "from-taps", late, tmp_path / "text.wav", *out), "text.wav")
    refused(samplechop("labels", "from-taps", late, song, *out, "--bias", 900), "--bias", "900")
    refused(samplechop("labels", "from-taps", song, late, *out), "first the taps")
    refused(samplechop("labels", "show", tmp_path / "a.doc"), "a.doc")
    refused(samplechop("labels", "show", tmp_path / "a.txt", tmp_path / "no.wav"), "no.wav")
    refused(samplechop("labels", "show", tmp_path / "a.txt", "--picture", tmp_path / "a.png"), "recording")
    refused(samplechop("labels", "show", tmp_path / "a.txt", song, "--picture", tmp_path / "a.gif"), ".png")
    refused(samplechop("labels", "convert", tmp_path / "a.txt", tmp_path / "a.doc"), "a.doc")
    refused(samplechop("labels", "convert", tmp_path / "a.txt", tmp_path / "a.wav"), "--audio")
    wav = [tmp_path / "b.wav", "--audio", DEMO]
    refused(samplechop("labels", "convert", tmp_path / "a.txt", *wav), "demo.ogg", "wav")
    refused(samplechop("labels", "review", tmp_path / "chops.jsonl", tmp_path / "a.txt", "-o", "x.mid"), "x.mid")
    assert not (tmp_path / "out.txt").exists()
