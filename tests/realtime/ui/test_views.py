import io
import os
import re
from concurrent.futures import ThreadPoolExecutor
from math import inf, nan
from pathlib import Path

import numpy as np
import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from samplechop.realtime.core.events import Event
from samplechop.realtime.ui.formatting import clock, note_name, pad_name
from samplechop.realtime.ui.meters import HOLD_SECONDS, LevelMeter, Plot, bar, decibels, meter
from samplechop.realtime.ui.panels import latency_texts
from samplechop.realtime.ui.snapshot import Recording
from samplechop.realtime.ui.text_views import PlainView, QuietView
from samplechop.realtime.ui.view import GuardedView, View
from samplechop.realtime.ui.view_choice import choose_view
from samplechop.realtime.ui.views import TerminalView
from tests.support.screens import HOP, RATE, chop, heard, rows, snapshot, terminal

EMPTY = np.zeros(0, np.float32)

events = st.builds(chop, st.integers(0, 10**9), st.sampled_from([nan, 0.0, 1.0]), st.none() | st.integers(0, 127))
beats = st.builds(
    lambda sample, label, tempo: Event("beat", sample, sample, 0.9, label, tempo=tempo),
    st.integers(0, 10**9),
    st.sampled_from(["1", "4"]),
    st.none() | st.floats(20, 400),
)
names = st.sampled_from(["A:min7", "F#:minmaj7/b7", "C:maj", "N"]) | st.text(max_size=30)
musical = st.builds(heard, st.sampled_from(["chord", "key"]), st.none() | names)
sessions = st.builds(
    snapshot,
    drums=st.just({}) | st.dictionaries(names, st.sampled_from([nan, inf, -1.0, 0.0, 0.5, 1.0]), max_size=7),
    drum_counts=st.dictionaries(names, st.integers(0, 10**7), max_size=7),
    harmony=st.booleans(),
    chord=st.none() | musical,
    key=st.none() | musical,
    latencies=st.just({}) | st.dictionaries(st.text(max_size=12), st.integers(0, 10**6), max_size=3),
    beat=st.none() | beats,
    beat_count=st.integers(0, 10**7),
    source=st.text(max_size=80),
    state=st.sampled_from(["listening", "waiting for 'USB Audio'", "再生中" * 30]),
    position=st.integers(0, 10**9),
    duration=st.none() | st.integers(0, 10**9),
    sample_rate=st.sampled_from([8000, 44_100, 192_000]),
    peaks=st.lists(st.sampled_from([0.0, nan, inf, 1e-9, 0.3, 1.0, 2.0]), max_size=9).map(tuple),
    probability=st.lists(st.sampled_from([nan, inf, -1.0, 0.0, 0.5, 1.0]), max_size=1200).map(
        lambda values: np.array(values, np.float32)
    ),
    threshold=st.floats(0, 1),
    chops=st.lists(events).map(tuple),
    chop_count=st.integers(0, 10**7),
    cpu=st.sampled_from([nan, 0.0, 16.0]),
    overflows=st.integers(0, 10**6),
    lost=st.integers(0, 10**12),
    midi=st.text(max_size=60),
    late_notes=st.integers(0, 10**6),
    warnings=st.lists(st.text(max_size=300), max_size=3).map(tuple),
)


@given(sessions, st.integers(40, 200), st.integers(8, 60))
def test_every_picture_fits_its_terminal(session, width, height):
    picture = rows(session, width, height, session.chops)
    assert len(picture) <= height
    assert max(cell_len(row) for row in picture) <= width
    assert all(row.isprintable() for row in picture)


def beat(sample, label="3", tempo=92.25):
    return Event("beat", sample, sample + 10_000, 0.9, label, note=33, velocity=100, tempo=tempo)


def test_tempo_and_place_in_the_bar_are_shown_while_there_is_a_pulse():
    assert "92.2 BPM, beat 3" in rows(snapshot(beat=beat(19 * RATE)))[1]
    assert "92.2 BPM (or 184), beat 3" in rows(snapshot(beat=beat(19 * RATE), open_octave=1))[1]
    assert "no pulse" in rows(snapshot(beat=beat(16 * RATE)))[1]
    assert "BPM" not in rows(snapshot())[1]


def test_beats_are_counted_beside_the_chops():
    session = snapshot(beat=beat(19 * RATE), beat_count=1234)
    assert any("beats  1,234 so far" in row for row in rows(session, height=40))
    assert not any("beats" in row for row in rows(snapshot(), height=40))


def test_plain_lines_tell_a_new_tempo_and_not_every_beat():
    stream = io.StringIO()
    view = PlainView(stream)
    view.show(snapshot(), [beat(0), chop(100), beat(RATE), beat(2 * RATE, tempo=93.0), beat(3 * RATE, tempo=120.0)])
    told = [line for line in stream.getvalue().splitlines() if "BPM" in line]
    assert told == ["0:00.000  beat  92.2 BPM", "0:03.000  beat  120.0 BPM"]


def test_beats_are_no_chops_in_the_plot():
    view = TerminalView(terminal())
    view.start()
    session = snapshot(chops=(), chop_count=0)
    with_beat = view.picture(session, [beat(19 * RATE)], 80, 23)
    assert "▲" not in "".join(segment.text for segment in with_beat.__rich_console__(None, None))


@pytest.mark.parametrize(
    "changes",
    [
        {"probability": EMPTY},
        {"probability": np.full(500, nan, np.float32)},
        {"peaks": (0.0, 0.0)},
        {"peaks": ()},
        {"duration": 0, "position": 0},
        {"chops": (), "chop_count": 0},
        {"threshold": nan},
    ],
    ids=["no history", "NaN probability", "silence", "no channel", "zero duration", "no chops", "NaN threshold"],
)
def test_a_session_with_nothing_to_show_is_drawn(changes):
    view = TerminalView(terminal())
    view.start()
    view.show(snapshot(**changes), [])
    view.stop()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 20), (120, 40)])
def test_the_screen_shows_everything_a_producer_looks_for(width, height):
    text = "\n".join(rows(snapshot(), width, height - 1))
    for words in ("USB Turntable", "listening", "0:20.000", "dBFS", "0.50", "0 in, 0 out", "CPU    3 %", "samplechop"):
        assert words in text
    for words in ("−284.5 ms", "12,547 samples at 44,100 Hz", "give the MIDI track this delay"):
        assert words in text
    for words in ("0:18.000", "0:19.000", "A01", "C1", "A06", "F1", "0.93"):
        assert words in text


def test_the_track_delay_survives_the_smallest_terminal():
    assert any("−284.5 ms" in row for row in rows(snapshot(), 40, 12))


def test_losses_stay_when_rows_are_few():
    text = "\n".join(rows(snapshot(lost=512, late_notes=3, warnings=("one", "two")), 60, 17))
    assert "512 samples" in text
    assert "3 notes" in text


def test_a_chop_is_marked_under_its_peak():
    probability = np.full(1100, 0.05, np.float32)
    newest = (20 * RATE - 12_547) // HOP
    frame = newest - 400
    probability[1099 - 400] = 0.95
    picture = rows(snapshot(probability=probability), marks=[chop(frame * HOP + 128)])
    marked = next(row for row in picture if "▲" in row)
    top = next(row for row in picture if row.startswith("  1.0"))
    assert marked.index("▲") == len(top.rstrip()) - 1
    assert "▲A01" in marked


def test_a_plot_column_keeps_its_height_while_it_scrolls():
    stream = np.random.default_rng(3).random(3000).astype(np.float32)
    first = Plot(stream[:2000], 1999, 1000, 70)
    later = Plot(stream[: 2000 + 3 * first.frames_per_column], 1999 + 3 * first.frames_per_column, 1000, 70)
    np.testing.assert_array_equal(first.values[4:-1], later.values[1:-4])


def test_no_peak_is_lost_between_columns():
    for place in range(900, 1000):
        probability = np.zeros(1000, np.float32)
        probability[place] = 1.0
        assert Plot(probability, 5000, 1000, 37).values.max() == 1.0


def test_the_meter_is_green_then_yellow_then_red():
    row = meter(0.0, 0.0, 60)
    assert [(style, len(text)) for text, style in row] == [("green", 48), ("yellow", 9), ("red", 3)]
    assert "".join(text for text, _ in meter(-inf, -inf, 60)).strip() == ""


def test_the_meter_holds_a_peak_and_then_lets_it_go():
    one = LevelMeter()
    one.update(1.0, 0.1)
    one.update(0.1, HOLD_SECONDS / 2)
    assert one.hold_db == 0.0
    assert -12 < one.level_db < 0
    one.update(0.1, HOLD_SECONDS)
    assert one.hold_db == pytest.approx(-20, abs=0.1)


def test_clipping_is_named():
    assert any("CLIP" in row for row in rows(snapshot(peaks=(1.0, 0.2))))


def test_more_channels_than_rows_share_the_last_one():
    picture = rows(snapshot(peaks=(0.0,) * 7 + (0.5,)))
    assert next(row for row in picture if row.startswith(" 4+")).rstrip().endswith("−6.0")


def test_notes_are_named_as_ableton_and_the_mpc_name_them():
    assert [note_name(note) for note in (0, 36, 60, 127)] == ["C-2", "C1", "C3", "G8"]
    assert [pad_name(note) for note in (35, 36, 51, 52, 127)] == ["", "A01", "A16", "B01", "F12"]


def test_the_clock_counts_in_minutes_and_milliseconds():
    assert clock(12_345 * 441 // 10, RATE) == "0:12.345"
    assert clock(RATE * 3600 - 1, RATE) == "60:00.000"


def test_the_delay_is_the_negative_of_the_latency():
    assert latency_texts(snapshot(latency=4800, sample_rate=48_000))[1:3] == ("−100.0 ms", "4,800 samples at 48,000 Hz")


def test_a_bar_is_empty_full_or_between():
    assert [bar(share, 4) for share in (nan, -1, 0.375, 1, 9)] == ["    ", "    ", "━╸  ", "━━━━", "━━━━"]
    assert decibels(0.0) == decibels(nan) == -inf


def test_the_last_picture_stays_and_the_cursor_comes_back():
    console = terminal()
    view = TerminalView(console)
    view.start()
    for second in (20, 21):
        view.show(snapshot(position=second * RATE), [])
    view.stop()
    screen = pyte.Screen(80, 24)
    stream = pyte.Stream(screen)
    stream.feed(console.file.getvalue().replace("\n", "\r\n"))
    assert "samplechop ● listening" in screen.display[0]
    assert sum("0:21.000" in line for line in screen.display) == 1
    assert not any("0:20.000" in line for line in screen.display)
    assert not screen.cursor.hidden


def test_no_color_is_respected(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    console = terminal(color_system="256")
    view = TerminalView(console)
    view.start()
    view.show(snapshot(), [])
    view.stop()
    assert not re.search(r"\x1b\[[0-9;]*\b3[0-7]\b[0-9;]*m", console.file.getvalue())


def test_markup_and_control_characters_in_a_name_are_only_text():
    picture = rows(snapshot(source="[red]a\x1b[2J\nb"))
    assert "[red]a?[2J?b" in picture[0]


def test_plain_lines_say_what_happened():
    out = io.StringIO()
    view = PlainView(out)
    view.start()
    view.show(snapshot(), [chop(12_345 * 441 // 10)])
    view.show(snapshot(state="waiting for 'USB Audio'", overflows=1, lost=512, warnings=("no more MIDI",)), [])
    view.stop()
    assert out.getvalue().splitlines() == [
        "samplechop  USB Turntable, 44100 Hz, listening",
        "Track delay −284.5 ms (12,547 samples at 44,100 Hz). "
        "Notes come 284.5 ms late: give the MIDI track this delay.",
        "MIDI samplechop",
        "0:12.345  chop  strength 0.93  note 36 (C1, pad A01)",
        "0:20.000  waiting for 'USB Audio'",
        "0:20.000  warning  no more MIDI",
        "0:20.000  xruns 1 in, 0 out, 512 samples lost so far",
    ]


def test_plain_lines_repeat_nothing_that_did_not_change():
    out = io.StringIO()
    view = PlainView(out)
    for _ in range(5):
        view.show(snapshot(warnings=("no more MIDI",), lost=9), [])
    view.stop()
    assert len(out.getvalue().splitlines()) == 5


def test_losses_that_go_on_are_reported_now_and_then_and_at_the_end():
    out = io.StringIO()
    view = PlainView(out)
    for tick in range(60):
        view.show(snapshot(position=tick * RATE // 12, lost=tick), [])
    view.stop()
    lost = [line for line in out.getvalue().splitlines() if "lost" in line]
    assert len(lost) == 2
    assert lost[-1].endswith("59 samples lost so far")


def test_a_warning_that_counts_on_is_repeated_now_and_then():
    out = io.StringIO()
    view = PlainView(out)
    for tick in range(180):
        view.show(snapshot(position=tick * RATE // 12, warnings=(f"{tick + 1} xruns", "no more MIDI")), [])
    told = [line for line in out.getvalue().splitlines() if "warning" in line]
    assert told == ["0:00.000  warning  1 xruns", "0:00.000  warning  no more MIDI", "0:10.000  warning  121 xruns"]


def test_a_quiet_view_says_at_once_what_goes_wrong_and_nothing_else():
    said = []
    view = QuietView(said.append)
    view.start()
    view.show(snapshot(), [chop(12_345)])
    view.show(snapshot(warnings=("sound was lost: 256 samples",)), [])
    view.show(snapshot(warnings=("sound was lost: 256 samples",), state="waiting for 'USB Audio'"), [])
    view.show(snapshot(warnings=("sound was lost: 256 samples",), state="waiting for 'USB Audio'"), [])
    view.show(snapshot(warnings=("sound was lost: 512 samples",)), [])
    view.stop()
    assert said == ["samplechop: sound was lost: 256 samples", "samplechop: waiting for 'USB Audio'"]
    assert "sound was lost: 256 samples" in view.reported
    assert "sound was lost: 512 samples" not in view.reported  # it comes in the summary


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_plain_lines_can_be_written_in_every_encoding(encoding):
    raw = io.BytesIO()
    view = PlainView(io.TextIOWrapper(raw, encoding=encoding, write_through=True))
    view.show(snapshot(source="テクニクス"), [])
    assert b"284.5 ms (12,547 samples" in raw.getvalue()


class Broken(io.StringIO):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, _):
        raise self.error


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(5, "Input/output error"), ValueError("closed")], ids=repr)
@pytest.mark.parametrize("view_of", [PlainView, lambda stream: TerminalView(terminal(file=stream))])
def test_a_broken_stream_silences_a_view_and_nothing_else(view_of, error, caplog):
    lines = []
    view = GuardedView(view_of(Broken(error)), lines.append)
    view.start()
    view.show(snapshot, [])
    view.show(snapshot, [])
    view.stop()
    assert len(lines) == len(caplog.records) == 1
    assert lines[0].startswith("samplechop: the view stopped (") and lines[0].endswith("); the session goes on")


def test_a_fault_in_a_view_or_in_its_snapshot_is_said_once_and_the_view_stopped(caplog):
    class Faulty(View):
        stopped = 0

        def show(self, _snapshot, _new):
            raise IndexError("list assignment\nindex out of range")

        def stop(self):
            self.stopped += 1

    lines, faulty = [], Faulty()
    view = GuardedView(faulty, lines.append)
    view.start()
    for _ in range(3):
        view.show(snapshot, [])
    view.stop()
    assert lines == [
        "samplechop: the view stopped (IndexError: list assignment?index out of range); the session goes on"
    ]
    assert (faulty.stopped, len(caplog.records)) == (1, 1)
    GuardedView(View(), lines.append).show(lambda: 1 / 0, [])
    assert len(lines) == 2
    GuardedView(faulty, Broken(OSError()).write).show(snapshot, [])  # nobody to say it to


def test_a_view_that_is_not_ready_keeps_nobody_waiting_and_gets_what_it_missed():
    class Slow(View):
        free, shown = False, ()

        def ready(self):
            return self.free

        def show(self, _snapshot, new):
            self.shown += tuple(new)

    slow = Slow()
    view = GuardedView(slow, print)
    view.start()
    view.show(snapshot, [chop(1)])
    assert slow.shown == ()
    slow.free = True
    view.show(snapshot, [chop(2)])
    view.show(snapshot, [])
    assert [event.sample for event in slow.shown] == [1, 2]


def test_a_view_that_is_slow_at_the_end_still_shows_the_last_and_leaves_the_terminal_as_it_was():
    class Late(View):
        asked, did = 0, ()

        def ready(self):
            self.asked += 1
            return self.asked % 3 == 0

        def start(self):
            self.did += ("start",)

        def show(self, _snapshot, new):
            self.did += tuple(event.sample for event in new)

        def stop(self):
            self.did += ("stop",)

    late = Late()
    view = GuardedView(late, print)
    view.start()
    view.show(snapshot, [chop(1)])
    view.show(snapshot, [chop(2)], last=True)
    view.stop()
    assert late.did == ("start", 1, 2, "stop")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
def test_a_terminal_that_is_read_late_gets_the_last_picture_and_its_cursor(terminal, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    ours, theirs = terminal
    with os.fdopen(os.dup(theirs), "w", encoding="utf-8") as stream, ThreadPoolExecutor(1) as pool:
        view = choose_view(stream, quiet=False)
        view.start()
        while view.ready():
            view.show(snapshot(position=20 * RATE), [])

        def read():
            taken = b""
            while b"\x1b[?25h" not in taken:
                taken += os.read(ours, 100)
            return taken

        reading = pool.submit(read)
        view.stop()
        assert b"\x1b[?25l" in reading.result()


@settings(max_examples=60)
@given(sessions, st.integers(0, 12) | st.integers(0, 5000), st.integers(-1, 12) | st.integers(0, 5000))
def test_a_terminal_of_any_size_is_drawn(session, width, height):
    picture = rows(session, width, height, session.chops)
    assert len(picture) <= max(0, height)
    assert max((cell_len(row) for row in picture), default=0) <= width


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (9, 24), (5000, 5000)])
def test_the_smallest_and_the_largest_terminal_are_drawn_on(size):
    view = TerminalView(terminal(*size))
    view.start()
    view.show(snapshot(), [])
    view.stop()


def test_the_view_suits_the_stream():
    assert type(choose_view(io.StringIO(), quiet=True)) is QuietView
    assert type(choose_view(None, quiet=False)) is QuietView
    assert isinstance(choose_view(io.StringIO(), quiet=False), PlainView)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("term", "encoding", "kind"),
    [("xterm-256color", "utf-8", TerminalView), ("dumb", "utf-8", PlainView), ("xterm", "latin-1", PlainView)],
)
def test_a_terminal_gets_the_live_screen_if_it_can_show_it(monkeypatch, term, encoding, kind):
    monkeypatch.setenv("TERM", term)
    main, sub = os.openpty()
    with os.fdopen(sub, "w", encoding=encoding) as stream:
        assert isinstance(choose_view(stream, quiet=False), kind)
    os.close(main)


@pytest.mark.parametrize("width", [100, 50])
def test_the_view_counts_taps_where_they_are_taken(width):
    assert any("taps" in row and "12" in row for row in rows(snapshot(taps=12, pad="space bar"), width))
    assert not any("taps" in row for row in rows(snapshot(), width))


def test_plain_lines_tell_the_pad_and_each_new_tap():
    stream = io.StringIO()
    view = PlainView(stream)
    for taps in (0, 1, 1, 3):
        view.show(snapshot(taps=taps, pad="space bar"), [])
    assert "Taps on space bar" in stream.getvalue()
    assert [line.split()[-1] for line in stream.getvalue().splitlines() if "  taps " in line] == ["1", "3"]


def test_the_view_says_that_it_records_and_what_a_key_keeps():
    recording = Recording(Path("sessions/2026-01-02_line-in"), (), "k keeps the last 60 s")
    shown = "\n".join(rows(snapshot(recording=recording), 130))
    assert "2026-01-02_line-in" in shown and "k keeps the last 60 s" in shown
    assert "rec ·" in "\n".join(rows(snapshot(recording=recording), 50))


def test_plain_lines_name_each_folder_that_was_kept_once():
    stream = io.StringIO()
    view = PlainView(stream)
    kept = (Path("a"), Path("b"), Path("c"))
    for count in (0, 1, 1, 3):
        view.show(snapshot(recording=Recording(Path("whole"), kept[:count], "k keeps the last 60 s")), [])
    lines = stream.getvalue().splitlines()
    assert "Recording to whole" in lines and "Key k keeps the last 60 s" in lines
    assert [line.split()[-1] for line in lines if "  kept  " in line] == ["a", "b", "c"]
