"""What the views show of drums and harmony."""

import io

import pytest

from samplechop.realtime.ui.panels import chord_name, drum_row, harmony_row, key_name
from samplechop.realtime.ui.text_views import PlainView
from samplechop.realtime.ui.views import TerminalView
from tests.support.screens import CHORDS, EARS, RATE, heard, rows, snapshot, terminal


@pytest.mark.parametrize(("width", "height"), [(40, 9), (60, 19), (80, 23), (120, 40)])
def test_drums_and_harmony_are_shown_in_every_terminal(width, height):
    text = "\n".join(rows(snapshot(**EARS), width, height))
    for words in ("kick", "snare", "hat", "tom", "cymbal", " Am7 ", "key A minor", "← G7"):
        assert words in text


def test_what_is_not_listened_for_takes_no_room():
    without = rows(snapshot(), 80, 40)
    assert not any("kick" in row or "key" in row or "drums" in row for row in without)
    assert rows(snapshot(harmony=True), 80, 40) != without


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_pad_is_lit_as_far_as_its_drum_is_present(width):
    row = drum_row(snapshot(drums={"kick": 1.0, "snare": 0.5, "hat": 0.0}), width)
    lit = [len(text) for text, style in row if "reverse" in style]
    pad = (width + 1) // 3 - 1
    assert lit == [pad, round(pad / 2), 0]


def test_hits_are_counted_on_the_pads_where_there_is_room():
    text = "\n".join(rows(snapshot(**EARS)))
    assert all(count in text for count in (" 132 ", " 64 ", " 12k ", "tom        0"))
    assert "132" not in "".join(text for text, _ in drum_row(snapshot(**EARS), 40))


def test_earlier_chords_follow_the_one_that_sounds_newest_first():
    text = "".join(text for text, _ in harmony_row(snapshot(**EARS), CHORDS, 78))
    assert text.rstrip().endswith("key A minor   ← G7 ← Cmaj7")
    assert text.index("Am7") < text.index("key")


def test_a_chord_that_paused_is_told_once():
    chords = [heard("chord", label) for label in ("E:min", "G:7", "N", "G:7")]
    text = "".join(text for text, _ in harmony_row(snapshot(**EARS), [*chords, CHORDS[-1]], 78))
    assert text.endswith("← G7 ← Em")


@pytest.mark.parametrize("chord", [None, CHORDS[2]], ids=["nothing heard yet", "no chord"])
def test_no_chord_lights_nothing(chord):
    row = harmony_row(snapshot(**EARS | {"chord": chord}), CHORDS, 78)
    assert not any("reverse" in style for _, style in row)
    assert ("no chord" in row[0][0]) == (chord is not None)


def test_chords_and_keys_are_written_as_people_write_them():
    assert [chord_name(label) for label in ("A:min7", "C:maj/3", "F#:hdim7", "N", None)] == [
        *("Am7", "C/E", "F#m7b5", "no chord", "no chord")
    ]
    assert [key_name(label) for label in ("A:min", "Eb:maj", "D:dorian", "?", None)] == [
        *("A minor", "Eb major", "D dorian", "?", "")
    ]
    assert chord_name("somebody's own\n") == "somebody's own?"


@pytest.mark.parametrize(("width", "beside"), [(120, True), (80, True), (50, False), (40, False)])
def test_the_delay_line_says_how_late_each_detector_is_that_waits_for_none(width, beside):
    picture = rows(snapshot(**EARS), width, 40)
    line = next(row for row in picture if "−284.5 ms" in row)
    assert ("drums 21.3 ms late · harmony 171.0 ms late" in line) == beside
    assert "drums 21.3 ms late · harmony" in " ".join(picture)
    assert any("Chops come 284.5 ms late" in row for row in picture)


def test_without_a_port_no_track_delay_is_asked_for():
    stream = io.StringIO()
    PlainView(stream).show(snapshot(port=False, **EARS), [])
    assert "Latency 284.5 ms (12,547 samples at 44,100 Hz). Chops are known 284.5 ms late." in stream.getvalue()
    picture = " ".join(rows(snapshot(port=False, **EARS)))
    assert "Latency" in picture and "drums 21.3 ms late" in picture
    assert "rack delay" not in stream.getvalue() + picture


def test_where_a_file_runs_as_fast_as_it_can_nothing_is_late():
    stream = io.StringIO()
    PlainView(stream).show(snapshot(realtime=False, **EARS), [])
    assert "ms late" not in stream.getvalue() + " ".join(rows(snapshot(realtime=False, **EARS)))


def test_drums_and_harmony_are_no_chops_in_the_plot():
    view = TerminalView(terminal())
    new = [heard(kind, "A:min", 18 * RATE) for kind in ("drum", "chord", "key", "pitches")]
    picture = "".join(segment.text for segment in view.picture(snapshot(**EARS), new, 80, 23).__rich_console__(0, 0))
    assert "▲" not in picture
    assert "← Am" in picture


def test_plain_lines_tell_each_chord_and_key():
    stream = io.StringIO()
    PlainView(stream).show(snapshot(**EARS), [heard("key", "A:min", 0), *CHORDS[2:], heard("pitches", "C,E")])
    assert "drums 21.3 ms late, harmony 171.0 ms late" in stream.getvalue().splitlines()
    told = [line for line in stream.getvalue().splitlines() if line.startswith("0:0")]
    assert told == ["0:00.000  key  A minor", "0:02.000  chord  no chord", "0:03.000  chord  Am7"]


def test_plain_lines_count_drum_hits_now_and_then_and_at_the_end():
    stream = io.StringIO()
    view = PlainView(stream)
    for tick in range(1, 60):
        new = [heard("drum", "kick")]
        view.show(snapshot(**EARS | {"position": tick * RATE // 12, "drum_counts": {"kick": tick, "tom": 0}}), new)
    view.stop()
    told = [line for line in stream.getvalue().splitlines() if "kick" in line]
    assert told == ["0:00.083  drums  kick 1 so far", "0:04.917  drums  kick 59 so far"]


def test_what_keys_do_to_the_tempo_stands_in_the_view_and_in_plain_lines():
    keys = {"tempo_keys": "t taps, x doubles, / halves"}
    stream = io.StringIO()
    PlainView(stream).show(snapshot(**EARS | keys), [])
    assert "Tempo: t taps, x doubles, / halves" in stream.getvalue().splitlines()
    assert "t taps, x doubles, / halves" in " ".join(rows(snapshot(**EARS | keys), 120, 40))
