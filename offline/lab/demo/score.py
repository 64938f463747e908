"""What the band plays: a swung grid, notes with a human touch, and the MIDI file they become."""

import random
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

    def chord(self, player: str, bar: int, step: float, keys: tuple[int, ...], velocity: int, length: float) -> None:
        """Play keys together, rolled upwards over a few milliseconds as hands do."""
        for place, key in enumerate(keys):
            self.play(player, bar, step, key, velocity, length, late=place * 4)

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
