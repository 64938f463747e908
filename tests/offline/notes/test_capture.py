"""Capturing notes: a synthesizer made of numbers, on a clock that only its sound moves."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE
from samplechop.offline.notes.capture import Captured, Plan, capture, refuse_finished
from samplechop.offline.notes.note_bank import read_bank
from samplechop.realtime.audio.source import Chunk
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.midi.messages import ALL_NOTES_OFF

BLOCK = 256
PLAN = Plan(60, 64, 2, (50, 100), seconds=0.3, release=0.2)


class Synthesizer:
    """Both the port that gets keys and the input that gets the sound, `late` samples after."""

    channels, most = 2, 4 * BLOCK

    def __init__(self, rate: int = RATE, late: int = 3000, gain: float = 0.5, noise: float = 1e-4) -> None:
        self.sample_rate, self._late, self._gain = rate, late, gain
        self._rng, self._noise = np.random.default_rng(0), noise
        self._position = 0
        self._held: dict[int, tuple[int, int]] = {}
        self._struck: list[tuple[int, int, int, int]] = []
        self.sent: list[bytes] = []
        self.closed = self.stopped = False
        self.gaps: set[int] = set()
        self.silent: set[int] = set()
        self.interrupt_after = 10**9

    def clock(self) -> float:
        return self._position / self.sample_rate

    def time_of(self, position: int) -> float:
        return position / self.sample_rate

    def start(self) -> None:
        pass

    def stop(self) -> None:
        self.stopped = True

    def close(self) -> None:
        self.closed = True

    def is_there(self) -> bool:
        return True

    def send(self, message: bytes) -> None:
        self.sent.append(message)
        status, note, velocity = message[0] & 0xF0, message[1], message[2]
        if status == 0x90:
            self._held[note] = self._position, velocity
        elif status == 0x80 and note in self._held:
            begin, struck = self._held.pop(note)
            self._struck.append((begin, self._position, note, struck))
            self._struck = self._struck[-1:]

    def read(self) -> Chunk | None:
        first = self._position
        if first > self.interrupt_after:
            raise KeyboardInterrupt
        gap = BLOCK if first in self.gaps else 0
        first += gap
        self._position = first + BLOCK
        t = np.arange(first, self._position)
        sound = self._noise * self._rng.uniform(-1, 1, BLOCK)
        going = [(begin, 10**12, note, velocity) for note, (begin, velocity) in self._held.items()]
        for begin, end, note, velocity in [*self._struck, *going]:
            if note in self.silent:
                continue
            since = t - begin - self._late
            level = np.where(since >= 0, np.exp(-np.maximum(0, t - end - self._late) / 500), 0)
            hz = 440 * 2 ** ((note - 69) / 12)
            sound += self._gain * velocity / 127 * level * np.cos(2 * np.pi * hz * since / self.sample_rate)
        return Chunk(first, np.repeat(np.clip(sound, -1, 1).astype(np.float32)[:, None], 2, axis=1), gap)


def play(synth: Synthesizer, folder: Path, plan: Plan = PLAN, said: list[str] | None = None) -> Captured:
    return capture(synth, synth, plan, folder, say=[].append if said is None else said.append, clock=synth.clock)


def pitch(samples: NDArray[np.float32]) -> float:
    """Give the MIDI pitch of a steady tone by its spectrum's highest peak."""
    size = 1 << 17
    spectrum = np.abs(np.fft.rfft(samples[1000:9000] * np.hanning(8000), size))
    return float(69 + 12 * np.log2(np.argmax(spectrum) * RATE / size / 440))


def test_every_note_is_what_its_name_says_and_begins_at_its_attack(tmp_path: Path) -> None:
    done = play(Synthesizer(), tmp_path / "sine")
    notes = read_bank(tmp_path / "sine").notes
    assert [(note.pitch, note.velocity) for note in notes] == PLAN.keys == list(done.kept)
    for note in notes:
        assert pitch(note.samples) == pytest.approx(note.pitch, abs=0.1)
        assert np.abs(note.samples[:32]).max() > 0.1
        assert np.abs(note.samples[:32]).max() == pytest.approx(0.5 * note.velocity / 127, rel=0.01)


@pytest.mark.parametrize("late", [0, 700, 40_000])
def test_how_late_the_sound_comes_is_found(tmp_path: Path, late: int) -> None:
    done = play(Synthesizer(late=late), tmp_path / "sine")
    assert done.latency_seconds == pytest.approx(late / RATE, abs=0.001)


def test_another_rate_becomes_that_of_banks(tmp_path: Path) -> None:
    play(Synthesizer(rate=48_000), tmp_path / "sine")
    assert [round(pitch(note.samples)) for note in read_bank(tmp_path / "sine").notes] == [60, 60, 62, 62, 64, 64]


def test_silent_notes_are_said_and_left_out(tmp_path: Path) -> None:
    synth, said = Synthesizer(noise=3e-3), list[str]()
    synth.silent = {60}
    done = play(synth, tmp_path / "sine", said=said)
    assert (done.silent, len(done.kept)) == (((60, 50), (60, 100)), 4)
    assert "note 60 at velocity 50 is silent" in said


def test_clipping_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    done = play(Synthesizer(gain=1.5), tmp_path / "sine", said=said)
    assert done.clipped == tuple(key for key in PLAN.keys if key[1] == 100)
    assert any("note 60 at velocity 100 clips" in what for what in said)


def test_no_sound_at_all_is_an_error_that_names_both_ends(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no sound came in on 'Line' .* on 'Juno'"):
        synth = Synthesizer(gain=0.0)
        capture(synth, synth, PLAN, tmp_path / "none", names=("Juno", "Line"), clock=synth.clock)


@pytest.mark.parametrize("after", [0.9, 1.4, 2.2, 4.0])
def test_interrupted_it_leaves_no_note_sounding_and_goes_on_where_it_was(tmp_path: Path, after: float) -> None:
    synth = Synthesizer()
    synth.interrupt_after = round(after * RATE)
    with pytest.raises(KeyboardInterrupt):
        play(synth, tmp_path / "sine")
    ons = [message[1] for message in synth.sent if message[0] & 0xF0 == 0x90]
    assert ons == [message[1] for message in synth.sent if message[0] & 0xF0 == 0x80]
    assert synth.sent[-1][1] == ALL_NOTES_OFF
    assert synth.closed
    assert synth.stopped
    again = Synthesizer()
    done = play(again, tmp_path / "sine")
    assert list(done.kept) == PLAN.keys
    there_before = max(0, len(ons) - 2)  # the first was for the latency, the last was broken off
    assert sum(message[0] & 0xF0 == 0x90 for message in again.sent) == 1 + len(PLAN.keys) - there_before


@pytest.mark.parametrize("seconds", [0.8, 2.0])
def test_a_note_with_lost_samples_is_played_again(tmp_path: Path, seconds: float) -> None:
    synth = Synthesizer()
    synth.gaps = {BLOCK * round(seconds * RATE / BLOCK)}
    done = play(synth, tmp_path / "sine")
    assert list(done.kept) == PLAN.keys
    assert sum(message[0] & 0xF0 == 0x90 for message in synth.sent) == 2 + len(PLAN.keys)


def test_samples_lost_again_and_again_are_an_error(tmp_path: Path) -> None:
    synth = Synthesizer()
    synth.gaps = {BLOCK * at for at in range(200, 2000)}
    with pytest.raises(UserError, match="samples were lost 3 times"):
        play(synth, tmp_path / "sine")


def test_a_finished_bank_is_not_played_again(tmp_path: Path) -> None:
    play(Synthesizer(), tmp_path / "sine")
    with pytest.raises(UserError, match="holds a bank of notes already"):
        refuse_finished(tmp_path / "sine")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"low": 80, "high": 60}, "--low and --high"),
        ({"velocities": (0,)}, "--velocities"),
        ({"seconds": 0.0}, "--seconds"),
    ],
)
def test_what_cannot_be_played_is_refused(wrong: dict[str, int], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Plan(**wrong)
