import json
import shutil

import numpy as np
import pytest
import soundfile

import models
from offline.training import evaluation, net
from offline.training.dataset import Frames
from offline.training.evaluation import DEMO, live_listener, noises, on_demo
from offline.training.features import CLASSIC, windows
from offline.training.sounds import RATE, read
from realtime.scorer import Scorer

MODEL = "chop-61"


@pytest.fixture(scope="module")
def listen():
    return live_listener(MODEL)


def test_the_released_manifest_loads_and_names_the_classic_features():
    manifest = models.load(MODEL)
    assert manifest.kind == "chop"
    assert manifest.features == CLASSIC
    assert manifest.min_gap == 0.25


def test_the_released_model_is_small_and_has_a_card():
    manifest = models.load(MODEL)
    assert manifest.path.stat().st_size < 20_000
    assert manifest.path.with_suffix(".md").is_file()


def test_the_released_model_takes_sixteen_windows():
    runtime = pytest.importorskip("ai_edge_litert.interpreter")
    net = runtime.Interpreter(model_path=str(models.load(MODEL).path))
    assert net.get_input_details()[0]["shape"].tolist() == [16, 61]
    assert net.get_output_details()[0]["shape"].tolist() == [16, 1]
    assert net.get_input_details()[0]["dtype"] is np.float32


def test_a_score_does_not_depend_on_how_many_windows_come_with_it():
    rows = windows(read(DEMO)[: 10 * RATE])[0][500:564].copy()
    heard = np.zeros(len(rows), np.bool_)
    scores = {}
    for most in (1, 16, 64):
        scorer = Scorer(models.load(MODEL), most)
        scores[most] = np.zeros(len(rows), np.float32)
        for first in range(0, len(rows), most):
            part = slice(first, first + most)
            scorer.score(rows[part], heard[part], scores[most][part])
    np.testing.assert_array_equal(scores[1], scores[16])
    np.testing.assert_array_equal(scores[1], scores[64])


def test_the_released_model_says_nothing_on_silence(listen):
    assert listen(np.zeros(5 * RATE, np.float32)) == []


@pytest.mark.parametrize("level_db", [-70, -50, -30, -10])
def test_the_released_model_is_quiet_on_hiss(listen, level_db):
    hiss = np.random.default_rng(3).standard_normal(20 * RATE) * 10 ** (level_db / 20)
    assert len(listen(hiss.astype(np.float32))) <= 1


def test_the_released_model_stays_below_one_false_marker_a_minute_on_surface_noise(listen):
    made = noises(20.0, seed=11)
    found = sum(len(listen(sound)) for sound in made.values())
    assert found <= len(made) * 20 / 60


def test_the_released_model_finds_the_hits_of_the_demo(listen):
    scores = on_demo(listen)
    assert scores["precision"] > 0.6
    assert scores["recall"] > 0.6


def test_there_is_one_window_for_every_frame_of_a_recording():
    samples = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    rows, silent = windows(samples)
    assert rows.shape == (1 + RATE // 256, 61)
    assert silent.shape == (1 + RATE // 256,)


def test_a_click_stands_in_the_middle_of_its_own_window():
    samples = np.zeros(RATE, np.float32)
    samples[100 * 256] = 1.0
    rows, _ = windows(samples)
    assert np.argmax(rows[100]) == 30


@pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="needs the fluidsynth program")
def test_notes_sound_at_the_sample_they_were_asked_for():
    from offline.demo import soundfont
    from offline.training.notes import play
    from offline.training.plans import Tone

    notes = [[Tone(1.0, 0.5, (60,), 110, "bass")], [], [Tone(0.5, 0.5, (60,), 110, "bass")]]
    sounds = play(notes, 2.0, soundfont.find(), np.random.default_rng(0))
    for sound, start in ((sounds[0], 1.0), (sounds[2], 0.5)):
        first = int(np.argmax(np.abs(sound) > 0.02 * np.max(np.abs(sound))))
        assert 0 <= first - start * RATE < 0.02 * RATE
    assert np.max(np.abs(sounds[1])) < 1e-3


@pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="needs the fluidsynth program")
def test_a_tiny_training_run_gives_a_model_that_loads(tmp_path, monkeypatch):
    pytest.importorskip("tensorflow")
    from offline.training.__main__ import Options, train
    from offline.training.sounds import MADE, is_held_out

    folder = tmp_path / "sounds"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for role, make in MADE.items():
        for number in range(8):
            soundfile.write(folder / f"{role}_{number}.wav", make(rng) * 0.9, RATE)
    assert any(is_held_out(path.stem) for path in folder.iterdir())
    monkeypatch.setattr(evaluation, "noises", lambda seed=0: noises(2.0, seed))
    monkeypatch.setattr(net, "MOST_EPOCHS", 2)
    train(Options((folder,), tmp_path / "tiny", minutes=1.0, nets=1), say=False)
    manifest = models.load(tmp_path / "tiny.json")
    record = json.loads((tmp_path / "tiny.json").read_text())
    assert record["training"]["minutes"] == 1.0
    out = np.zeros(1, np.float32)
    Scorer(manifest, 1).score(windows(read(DEMO)[:RATE])[0][100:101], np.zeros(1, np.bool_), out)
    assert 0 <= out[0] <= 1


def test_the_same_seed_fits_the_same_net(monkeypatch):
    pytest.importorskip("tensorflow")
    monkeypatch.setattr(net, "MOST_EPOCHS", 2)
    rng = np.random.default_rng(0)
    made = Frames(rng.standard_normal((300, 61)).astype(np.float32), (rng.random(300) < 0.2).astype(np.float32))
    one, two = (net.fit(made, made, seed=5).model.get_weights() for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_leaning_puts_the_threshold_at_one_half():
    pytest.importorskip("tensorflow")
    model = net.build(61, seed=1)
    rows = np.random.default_rng(0).standard_normal((8, 61)).astype(np.float32)
    before = model.predict(rows, verbose=0)[:, 0]
    net.lean(model, float(np.log(0.3 / 0.7)))
    after = model.predict(rows, verbose=0)[:, 0]
    assert np.array_equal(before >= 0.3, after >= 0.5)
