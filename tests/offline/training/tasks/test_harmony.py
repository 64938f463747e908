"""Training of the harmony net, from notes made here to a model that the live ear opens: seconds, no soundfont."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from samplechop import models
from samplechop.offline.audio.reading import RATE
from samplechop.offline.cli.main import app
from samplechop.offline.notes.note_bank import Bank, Note, is_in_tune, write_bank
from samplechop.offline.training.tasks import harmony_examples, harmony_library
from samplechop.offline.training.tasks.harmony import f_measure, transpose
from samplechop.offline.training.tasks.harmony_examples import targets
from samplechop.offline.training.tasks.harmony_library import made_bank
from samplechop.offline.training.tasks.harmony_mixing import KINDS, LENGTH, Mixed, mix, voicing
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.detectors.harmony.harte import QUALITIES
from samplechop.realtime.nets.streaming import NOTHING, PitchStream

HALF = 22_050


def tone(pitch: float, seconds: float = 1.2, rate: int = RATE) -> np.ndarray:
    """A note of eight partials that dies away."""
    times = np.arange(round(seconds * rate)) / rate
    hz = 440 * 2 ** ((pitch - 69) / 12)
    partials = sum(np.sin(2 * np.pi * hz * h * times) / h for h in range(1, 9) if hz * h < 9000)
    return (0.3 * partials * np.exp(-times)).astype(np.float32)


@pytest.fixture(scope="module", autouse=True)
def few() -> Iterator[None]:
    """Make a tenth of the drums, surfaces and rooms that a whole training has, and a third of the mixes per job."""
    with pytest.MonkeyPatch.context() as patched:
        for module, name, number in (
            (harmony_library, "MADE_DRUMS", 24),
            (harmony_library, "SURFACES", 8),
            (harmony_library, "ROOMS", 8),
        ):
            patched.setattr(module, name, number)
        patched.setattr(harmony_examples, "PER_JOB", 84)
        yield


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of two instruments, made by rule, one of them held out, and drums by rule."""
    folder = tmp_path_factory.mktemp("harmony")
    for name in ("one", "two"):
        write_bank(Bank(name, tuple(Note(float(p), 90, 1.0, tone(p)) for p in range(28, 101, 6))), folder / name)
    harmony_library.prepare(folder / "library", [folder / "one", folder / "two"], [], [], made=0, jobs=1)
    return folder


def test_a_library_or_examples_broken_off_are_not_taken_for_those_before(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    banks, library, examples = [sounds / "one", sounds / "two"], tmp_path / "library", tmp_path / "examples"

    def prepare(made: int) -> None:
        harmony_library.prepare(library, banks, [], [], made=made, jobs=1)

    def make(seed: int) -> None:
        harmony_examples.prepare(examples, sounds / "library", "cqt", 84, 84, seed, 1)

    def broken_off(*_: object) -> None:
        raise KeyboardInterrupt

    prepare(0)
    make(1)
    with monkeypatch.context() as patched:
        for module, again, number in ((harmony_library, prepare, 1), (harmony_examples, make, 2)):
            patched.setattr(module, "in_order", broken_off)
            with pytest.raises(KeyboardInterrupt):
                again(number)
    assert not (library / "library.json").exists() and not (examples / "examples.json").exists()
    assert not [path.name for path in (*library.iterdir(), *examples.iterdir()) if path.name.startswith(".part-")]


def test_every_name_has_the_notes_of_its_chord() -> None:
    rng = np.random.default_rng(0)
    for kind in ("note", "fifth", "triad", "other triad", "seventh", "extended"):
        for _ in range(60):
            chord = voicing(rng, kind)
            degrees = {(note - chord.root) % 12 for note in chord.notes}
            assert degrees <= set(QUALITIES[chord.quality])
            assert set(QUALITIES[chord.quality]) - degrees <= {7}
            assert list(chord.notes) == sorted(set(chord.notes))


def test_shares_of_kinds_are_a_whole() -> None:
    assert sum(share for share, _ in KINDS.values()) == pytest.approx(1)


def test_the_same_seed_mixes_the_same(sounds: Path) -> None:
    loaded = harmony_library.load(sounds / "library")
    one, other = (mix(np.random.default_rng(7), loaded, False) for _ in range(2))
    np.testing.assert_array_equal(one.sound, other.sound)
    assert one.pitches == other.pitches
    assert len(one.sound) == LENGTH


def test_what_is_held_out_is_never_mixed_in(sounds: Path) -> None:
    loaded = harmony_library.load(sounds / "library")
    assert [one.held_out for one in loaded.instruments].count(True) == 1
    assert {one.name for one in loaded.instruments} == {"one", "two"}


def test_a_note_that_cannot_be_heard_is_neither_asked_for_nor_denied() -> None:
    loud, soft, lost = (np.float32(gain) * tone(p, 0.6, HALF) for p, gain in ((60, 1.0), (64, 0.035), (67, 0.001)))
    stems = np.stack([loud, soft, lost])
    mixed = Mixed(stems.sum(axis=0), stems, (60, 64, 67), "triad")
    target, weight = targets(mixed, np.array([6000]))
    assert target[0, [0, 7]].tolist() == [1, 0]
    assert weight[0, [0, 4, 7]].tolist() == [1, 0, 1]
    assert np.flatnonzero(target[0, 12:]).tolist() == [0]


def test_a_chord_far_below_the_noise_is_nothing() -> None:
    stems = tone(60, 0.6, HALF)[None]
    noise = np.random.default_rng(0).standard_normal(stems.shape[1]).astype(np.float32)
    target, weight = targets(Mixed(noise + 1e-3 * stems[0], 1e-3 * stems, (60,), "note"), np.array([6000]))
    assert not target.any()
    assert weight.all()


def test_transposing_moves_the_answers_with_the_frames() -> None:
    x, y = np.zeros((1, 252), np.float32), np.zeros((1, 48), np.float32)
    x[0, 37], y[0, [11, 12 + 11]] = 1, 1
    up, said = transpose(x, y, 2)
    assert np.argmax(up) == 43
    assert np.flatnonzero(said).tolist() == [1, 13]
    np.testing.assert_array_equal(transpose(up, said, -2)[0], x)


def test_notes_out_of_tune_are_found() -> None:
    assert is_in_tune(tone(60, 1.0, HALF), HALF, 60)
    assert is_in_tune(tone(60.2, 1.0, HALF), HALF, 60)
    assert not is_in_tune(tone(61, 1.0, HALF), HALF, 60)
    assert not is_in_tune(tone(67, 1.0, HALF), HALF, 60)


def test_an_instrument_by_rule_is_in_tune_and_the_same_again() -> None:
    bank, again = (made_bank(3, (48, 69)) for _ in range(2))
    for note, other in zip(bank.notes, again.notes, strict=True):
        np.testing.assert_array_equal(note.samples, other.samples)
        assert is_in_tune(note.samples, RATE, note.pitch)


def test_f_counts_only_what_is_known() -> None:
    true = np.array([[1, 1, 0, 0]], np.uint8)
    said = np.array([[True, False, True, False]])
    assert f_measure(said, true, np.ones((1, 4), bool)) == pytest.approx(0.5)
    assert f_measure(said, true, np.array([[True, False, False, True]])) == 1.0


def test_training_writes_a_model_that_hears_live_what_it_heard_offline(sounds: Path, tmp_path: Path) -> None:
    arguments = ["train", "harmony", str(sounds / "one"), str(sounds / "two"), "--only-banks", "--made", "0"]
    options = ["--examples", "1000", "--steps", "40", "--jobs", "1", "-o", str(tmp_path / "mine" / "harmony")]
    done = CliRunner().invoke(app, arguments + options)
    assert done.exit_code == 0, done.output
    manifest = models.load(tmp_path / "mine" / "harmony.json")
    assert manifest.kind == "harmony"
    assert 0 < manifest.scores["pitch_class_f"] <= 1
    assert (tmp_path / "mine" / "harmony-report" / "loss.png").is_file()
    assert (
        "unheard" in (tmp_path / "mine" / "harmony.md").read_text()
        or "never" in (tmp_path / "mine" / "harmony.md").read_text()
    )
    audio = np.concatenate([np.zeros(9000, np.float32), tone(60) + tone(64), np.zeros(20_000, np.float32)])
    whole = PitchStream(manifest, len(audio))
    wanted, levels = whole.push(audio).copy(), whole.levels.copy()
    assert wanted.shape[1] == 24
    assert (wanted[0] == NOTHING).all()
    for size in (1, 65, 4096):
        stream = PitchStream(manifest, size)
        parts = [(stream.push(audio[i : i + size]).copy(), stream.levels.copy()) for i in range(0, len(audio), size)]
        np.testing.assert_array_equal(np.concatenate([rows for rows, _ in parts]), wanted)
        np.testing.assert_array_equal(np.concatenate([level for _, level in parts]), levels)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--input", "chroma", "-o", "x/harmony"], "--input must be one of cqt, spectrum"),
        (["--only-banks", "-o", "x/harmony"], "--only-banks needs banks"),
        (["nowhere", "--only-banks", "-o", "x/harmony"], "no folder 'nowhere'"),
    ],
)
def test_wrong_options_are_refused(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["train", "harmony", *arguments])
    assert isinstance(done.exception, UserError)
    assert words in str(done.exception)
