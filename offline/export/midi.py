"""A Standard MIDI File that replays the record from the pads, in time, with a marker at each slice.

Type 1: tempo and markers in the first track, the pads in the second. A pad's note lasts as long as its slice does in
the record, and has velocity 127, at which samplers play a sample as loud as it is: so the pads sound like the record.
How strong a chop is says how sure we are of it, not how loud it was.
"""

import io
from collections.abc import Iterable
from pathlib import Path

import mido

from samplechop.offline.export import credit
from samplechop.offline.kits.core.model import Kit

TICKS_PER_BEAT = 15_360
"""At 92 beats per minute 42 millionths of a second each: the nearest tick is within a sample of 44.1 kHz."""
MOST_TICKS = 0x0FFFFFFF
"""What the time between two messages can be; records of hours get fewer ticks to the beat."""
VELOCITY = 127
CHANNEL = 0
UNKNOWN_TEMPO = 120.0
"""What a file without a tempo has."""


def write(kit: Kit) -> list[Path]:
    """Write NAME.mid. Where the tempo is clear, beats of the file are beats of the record, but for where they begin."""
    tempo = mido.bpm2tempo(float(kit.tempo.value) if kit.tempo else UNKNOWN_TEMPO)

    beats = kit.seconds(kit.length) * 1e6 / tempo
    ticks_per_beat = TICKS_PER_BEAT
    while beats * ticks_per_beat > MOST_TICKS:
        ticks_per_beat //= 2

    def tick(sample: int) -> int:
        """With the tempo as the file can say it, in whole microseconds, so that nothing drifts over hours."""
        return round(sample * 1_000_000 * ticks_per_beat / (tempo * kit.sample_rate))

    head = [
        (0, mido.MetaMessage("track_name", name=credit(kit))),
        (0, mido.MetaMessage("set_tempo", tempo=tempo)),
        *((tick(part.start), mido.MetaMessage("marker", text=part.title)) for part in kit.slices),
    ]
    notes: list[tuple[int, mido.Message]] = []
    for part in kit.slices:
        on = tick(part.start)
        off = max(on + 1, tick(part.stop))
        notes.append((on, mido.Message("note_on", channel=CHANNEL, note=part.note, velocity=VELOCITY)))
        notes.append((off, mido.Message("note_off", channel=CHANNEL, note=part.note, velocity=0)))
    # Of what comes at one time, a note's end first: sorting keeps the order of the rest.
    notes.sort(key=lambda timed: (timed[0], timed[1].type == "note_on"))
    named = (0, mido.MetaMessage("track_name", name="pads"))
    end = max(tick(kit.length), notes[-1][0])
    tracks = [_track(head, end), _track([named, *notes], end)]
    content = io.BytesIO()
    mido.MidiFile(type=1, ticks_per_beat=ticks_per_beat, charset="utf-8", tracks=tracks).save(file=content)
    path = kit.folder / f"{kit.name}.mid"
    path.write_bytes(content.getvalue())
    return [path]


def _track(timed: Iterable[tuple[int, mido.Message]], end: int) -> mido.MidiTrack:
    """Make a track of messages at rising ticks; it ends with the record."""
    track, now = mido.MidiTrack(), 0
    for tick, message in timed:
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=end - now))
    return track
