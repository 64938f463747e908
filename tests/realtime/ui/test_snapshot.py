"""The statistics of a session that a view and the summary show."""

from samplechop.realtime.core.events import DRUMS, Event
from samplechop.realtime.ui.snapshot import LAST_CHOPS, SessionStats

RATE = 1000


def event(kind: str, label: str | None = None, sample: int = 0, **more) -> Event:
    return Event(kind, sample, sample, 0.5, label, **more)


def test_chops_and_what_plug_ins_find_are_shown_together_and_nothing_else() -> None:
    stats = SessionStats(0.1, RATE)
    for one in ("chop", "beat", "drum", "chord", "key", "pitches", "clap"):
        stats.take(event(one))
    assert [one.kind for one in stats.chops] == ["chop", "clap"]
    assert set(stats.counts.values()) == {1} and len(stats.counts) == 7


def test_the_newest_chops_are_kept_oldest_first() -> None:
    stats = SessionStats(0.1, RATE)
    for sample in range(LAST_CHOPS + 3):
        stats.take(event("chop", sample=sample))
    assert [one.sample for one in stats.chops] == list(range(3, LAST_CHOPS + 3))


def test_drums_are_counted_each_and_fade() -> None:
    stats = SessionStats(0.1, RATE)
    assert dict(stats.drum_counts) == dict.fromkeys(DRUMS, 0)
    for sample in (0, 100):
        stats.take(event("drum", "kick", sample, velocity=127))
    assert stats.drum_counts["kick"] == stats.counts["drum"] == 2
    assert stats.presence.at(200)["kick"] == 0.5
    assert stats.presence.at(200)["snare"] == 0.0


def test_the_last_of_each_kind_is_known() -> None:
    stats = SessionStats(0.1, RATE)
    assert stats.last.get("chord") is None
    for label in ("C:maj", "A:min"):
        stats.take(event("chord", label))
    last = stats.last.get("chord")
    assert last is not None and last.label == "A:min"
