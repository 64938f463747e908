"""The demo's piece: two bars of intro, a head over ii-V-I, a drum break, a second head with brass, an ending.

Written on a swung grid with humanised timing and velocities, and saved as the MIDI file that is played.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import mido

TICKS_PER_BEAT = 960
STEPS_PER_BAR = 16
PLAYERS = {
    # name: (channel, General MIDI program, pan, volume); programs and channels are counted from 0
    "drums": (9, 0, 64, 112),
    "bass": (0, 33, 64, 112),
    "rhodes": (1, 4, 48, 104),
    "flute": (2, 73, 80, 92),
    "vibes": (3, 11, 86, 96),
    "brass": (4, 61, 76, 92),
    "strings": (5, 48, 52, 76),
}
KICK, RIM, SNARE, HAT, PEDAL_HAT, OPEN_HAT, LOW_TOM, HIGH_TOM, RIDE, CRASH = 36, 37, 38, 42, 44, 46, 45, 48, 51, 49
BARS = 11

# Roots for the bass and rootless voicings for the Rhodes: ninths and thirteenths, hands between D3 and A4.
CHORDS: dict[str, tuple[int, tuple[int, ...]]] = {
    "Dm9": (38, (53, 57, 60, 64)),
    "G13": (43, (53, 57, 59, 64)),
    "Cmaj9": (36, (52, 55, 59, 62)),
    "A7alt": (33, (55, 58, 61, 65)),
    "Fm9": (41, (51, 55, 56, 60)),
    "Bb13": (34, (50, 56, 60, 67)),
    "Ebmaj9": (39, (50, 53, 55, 58)),
    "D7alt": (38, (54, 58, 60, 65)),
    "C6/9": (36, (52, 57, 62, 67)),
}
HEAD = ("Dm9", "G13", "Cmaj9", "A7alt")
BRIDGE = ("Fm9", "Bb13", "Ebmaj9", "D7alt")

# Flute over the head: (bar of the head, sixteenth, key, length in sixteenths).
MELODY = (
    (0, 2, 76, 2), (0, 4, 77, 3), (0, 7, 76, 1), (0, 8, 74, 4), (0, 13, 69, 2),
    (1, 0, 71, 5), (1, 6, 76, 2), (1, 8, 74, 2), (1, 11, 71, 1), (1, 12, 69, 3),
    (2, 0, 67, 3), (2, 3, 71, 1), (2, 4, 74, 6), (2, 12, 76, 2), (2, 14, 79, 2),
    (3, 0, 77, 3), (3, 4, 76, 2), (3, 7, 73, 1), (3, 8, 70, 6),
)  # fmt: skip
VIBES = (
    (0, 2, 80, 2), (0, 5, 79, 1), (0, 6, 75, 4), (0, 11, 72, 1), (0, 12, 75, 3),
    (1, 1, 74, 2), (1, 4, 72, 2), (1, 7, 68, 1), (1, 8, 67, 5),
)  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One note: onset and length in ticks, MIDI key and velocity, and who plays it."""

    tick: int
    player: str
    key: int
    velocity: int
    length: int


@dataclass(slots=True)
class Score:
    """Notes on a swung sixteenth grid.

    bpm: quarter notes per minute. swing: where the second sixteenth of a pair falls, 0.5 (straight) to 0.67 (triplet).
    """

    bpm: float
    swing: float
    rng: random.Random
    notes: list[Note] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)

    def tick(self, bar: int, step: float) -> int:
        """Place sixteenth `step` of `bar` on the swung grid, in ticks."""
        pair, within = divmod(step, 2)
        bent = within * 2 * self.swing if within <= 1 else 2 * self.swing + (within - 1) * 2 * (1 - self.swing)
        return round((bar * STEPS_PER_BAR + pair * 2 + bent) * TICKS_PER_BEAT / 4)

    def play(self, player: str, bar: int, step: float, key: int, velocity: int, length: float, late: int = 0) -> None:
        """Play one note of `length` sixteenths, `late` ticks behind the beat, give or take a few."""
        loose = 5 if player == "drums" else 9
        tick = max(0, self.tick(bar, step) + late + round(self.rng.gauss(0, loose)))
        loudness = min(127, max(1, velocity + round(self.rng.gauss(0, 4))))
        self.notes.append(Note(tick, player, key, loudness, max(1, round(length * TICKS_PER_BEAT / 4))))

    def drums(self, bar: int, steps: Iterable[float], key: int, velocity: int, late: int = 0) -> None:
        """Strike one drum at several sixteenths of a bar."""
        for step in steps:
            self.play("drums", bar, step, key, velocity, 1, late)

    def chord(self, player: str, bar: int, step: float, keys: tuple[int, ...], velocity: int, length: float) -> None:
        """Play keys together, rolled upwards over a few milliseconds as hands do."""
        for place, key in enumerate(keys):
            self.play(player, bar, step, key, velocity, length, late=place * 4)

    def change(self, bar: int, step: float) -> None:
        """Note that the chord changes here."""
        self.changes.append(self.tick(bar, step))

    def seconds(self, tick: int) -> float:
        """Give the time of a tick in seconds from the start of the score."""
        return tick * 60 / (self.bpm * TICKS_PER_BEAT)

    def strong_hits(self) -> dict[str, list[float]]:
        """Give the onsets a sampler would cut at, in seconds: kicks, snares played out loud, chord changes."""
        drums = [note for note in self.notes if note.player == "drums"]
        ticks = {
            "kick": [note.tick for note in drums if note.key in (35, 36)],
            "snare": [note.tick for note in drums if note.key in (38, 40) and note.velocity >= 70],
            "chord": self.changes,
        }
        return {name: [self.seconds(tick) for tick in sorted(set(found))] for name, found in ticks.items()}

    def save(self, path: Path, players: set[str]) -> None:
        """Write the parts of `players` as a Standard MIDI File of one track."""
        timed: list[tuple[int, int, mido.Message | mido.MetaMessage]] = []
        timed.append((0, 0, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(self.bpm))))
        for name in sorted(players):
            channel, program, pan, volume = PLAYERS[name]
            timed.append((0, 1, mido.Message("program_change", channel=channel, program=program)))
            timed.append((0, 1, mido.Message("control_change", channel=channel, control=10, value=pan)))
            timed.append((0, 1, mido.Message("control_change", channel=channel, control=7, value=volume)))
        for note in sorted(self.notes):
            if note.player not in players:
                continue
            channel = PLAYERS[note.player][0]
            on = mido.Message("note_on", channel=channel, note=note.key, velocity=note.velocity)
            off = mido.Message("note_off", channel=channel, note=note.key)
            timed += [(note.tick, 3, on), (note.tick + note.length, 2, off)]
        timed.sort(key=lambda entry: entry[:2])
        track = mido.MidiTrack()
        now = 0
        for tick, _, message in timed:
            track.append(message.copy(time=tick - now))
            now = tick
        midi = mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT)
        midi.tracks.append(track)
        midi.save(path)


def compose(seed: int = 1969) -> Score:
    """Write the whole piece; the same seed gives the same notes."""
    score = Score(bpm=92, swing=0.58, rng=random.Random(seed))
    _intro(score)
    for bar in range(2, 6):
        _groove(score, bar, fill=bar == 5)
        _accompany(score, bar, HEAD[bar - 2])
    for bar, step, key, length in MELODY:
        score.play("flute", bar + 2, step, key, 84, length * 0.92, late=10)
    for bar in (6, 7):
        _break(score, bar)
    for bar in (8, 9):
        first, second = BRIDGE[2 * (bar - 8) : 2 * (bar - 8) + 2]
        _groove(score, bar, fill=bar == 9, ride=True)
        _two_chords(score, bar, first, second)
    for bar, step, key, length in VIBES:
        score.play("vibes", bar + 8, step, key, 86, length * 1.4, late=6)
    _ending(score)
    return score


def _intro(score: Score) -> None:
    for bar, name in ((0, "Dm9"), (1, "G13")):
        _, keys = CHORDS[name]
        score.change(bar, 0)
        score.chord("rhodes", bar, 0, keys, 74, 9)
        score.chord("rhodes", bar, 10, keys[1:], 62, 3)
        score.drums(bar, (4, 12), PEDAL_HAT, 62)
    score.play("bass", 0, 0, CHORDS["Dm9"][0], 88, 7)
    score.play("bass", 1, 0, CHORDS["G13"][0], 88, 7)
    score.play("bass", 1, 14, 37, 78, 1.6)
    for step, key, velocity in ((12, SNARE, 74), (13, SNARE, 46), (14, HIGH_TOM, 88), (15, LOW_TOM, 92)):
        score.drums(1, (step,), key, velocity)


def _groove(score: Score, bar: int, fill: bool, ride: bool = False) -> None:
    last = 12 if fill else 16
    for step in (0, 7, 10) if bar % 2 == 0 else (0, 3, 10):
        score.drums(bar, (step,), KICK, 108 if step == 0 else 94)
    score.drums(bar, (4,) if fill else (4, 12), SNARE, 110, late=6)
    for step in (6, 9, 15):
        if step < last and score.rng.random() < 0.8:
            score.drums(bar, (step,), SNARE, 34, late=4)
    for step in range(0, last, 2):
        key = RIDE if ride else OPEN_HAT if step == 14 and bar % 2 == 1 else HAT
        score.drums(bar, (step,), key, 76 if step % 4 == 0 else 56)
    if bar in (2, 8):
        score.play("drums", bar, 0, CRASH, 92, 4)
    if fill:
        for step, key, velocity in ((12, SNARE, 104), (13, SNARE, 84), (14, HIGH_TOM, 98), (15, LOW_TOM, 104)):
            score.drums(bar, (step,), key, velocity)


def _break(score: Score, bar: int) -> None:
    """Drums alone: the two bars one would loop."""
    kicks, snares, ghosts = ((0, 2, 10, 11), (4, 12), (7, 9, 15)) if bar == 6 else ((0, 2, 10), (4, 14), (7, 9, 11))
    score.drums(bar, kicks[:1], KICK, 112)
    score.drums(bar, kicks[1:], KICK, 98)
    score.drums(bar, snares, SNARE, 114, late=5)
    score.drums(bar, ghosts, SNARE, 38, late=4)
    for step in range(0, 16, 2):
        score.drums(bar, (step,), OPEN_HAT if step == 14 and bar == 6 else HAT, 80 if step % 4 == 0 else 58)


def _accompany(score: Score, bar: int, name: str) -> None:
    root, keys = CHORDS[name]
    score.change(bar, 0)
    score.chord("rhodes", bar, 0, keys, 82, 5)
    score.chord("rhodes", bar, 7 if bar % 2 else 6, keys, 66, 2)
    score.chord("rhodes", bar, 11, keys[1:], 58, 2)
    fifth = root + 7 if root < 40 else root - 5
    line = ((0, root, 98, 5), (7, root, 82, 1.5), (8, fifth, 86, 2), (10, root, 92, 3), (14, root - 1, 78, 1.6))
    for step, key, velocity, length in line:
        score.play("bass", bar, step, key, velocity, length, late=4)


def _two_chords(score: Score, bar: int, first: str, second: str) -> None:
    for step, name in ((0, first), (8, second)):
        root, keys = CHORDS[name]
        score.change(bar, step)
        score.chord("rhodes", bar, step, keys, 76, 6)
        score.chord("strings", bar, step, tuple(key + 12 for key in keys[1:]), 62, 7.5)
        score.play("bass", bar, step, root, 98, 4, late=4)
        score.play("bass", bar, step + 6, root + 7 if root < 38 else root, 84, 1.5, late=4)
    stabs = ((0, first, 3), (3, first, 1)) if bar == 8 else ((0, first, 2), (8, second, 2))
    for step, name, length in stabs:
        score.chord("brass", bar, step, tuple(key + 12 for key in CHORDS[name][1]), 104, length)


def _ending(score: Score) -> None:
    bar = BARS - 1
    root, keys = CHORDS["C6/9"]
    score.change(bar, 0)
    score.chord("rhodes", bar, 0, keys, 84, 14)
    score.chord("strings", bar, 0, tuple(key + 12 for key in keys), 64, 12)
    score.chord("brass", bar, 0, tuple(key + 12 for key in keys), 100, 2)
    score.play("bass", bar, 0, root, 100, 12)
    for step, key, velocity in ((4, 79, 70), (6, 86, 64)):
        score.play("vibes", bar, step, key, velocity, 8)
    for key, velocity in ((KICK, 112), (CRASH, 96)):
        score.play("drums", bar, 0, key, velocity, 4)
