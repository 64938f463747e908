"""What is on the desk is what samplechop chop makes of the record, and it stays so whatever is decided."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.kits.analysis.curve import joined
from samplechop.offline.kits.pipeline import make_kit
from samplechop.offline.project.document import to_document
from samplechop.offline.project.store import editing, project_of
from samplechop.offline.studio import found, hearing, sound, tags
from samplechop.offline.studio.desk import Desk
from samplechop.offline.studio.state import SHARES
from samplechop.offline.studio.worker import Message
from samplechop.realtime.core.errors import UserError
from tests.offline.studio.conftest import RATE, groove


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> ArrayCache:
    return ArrayCache(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "record.wav"
    soundfile.write(path, groove()[: 5 * RATE], RATE, "PCM_16")
    return path


@pytest.fixture
def desk(source: Path, cache: ArrayCache) -> Iterator[Desk]:
    one = Desk(source, cache, {})
    yield one
    one.close()


def heard(desk: Desk) -> list[Message]:
    """Have the record heard as in the other process; give what is told."""
    told: list[Message] = []
    task = desk.to_hear()
    if task is not None:
        hearing.hear(task, told.append)
        desk.was_heard(task)
    assert desk.to_hear() is None
    return told


def test_the_curve_that_is_told_while_a_record_is_heard_is_the_one_that_is_kept(tmp_path: Path, source: Path) -> None:
    desk = Desk(source, ArrayCache(tmp_path / "empty"), {})
    parts = [message["curve"] for message in heard(desk) if "curve" in message]
    kept, told = desk.curve(), joined(parts)
    assert kept is not None and len(parts) > 1
    assert (told.at, told.hop) == (kept.at, kept.hop)
    assert np.array_equal(told.values, kept.values[: len(told.values)])
    assert len(kept.values) == pytest.approx(desk.record.length / kept.hop, abs=1)
    assert found.found(desk)["curve"]["frames"] == len(kept.values)
    desk.close()


def said(desk: Desk, **options: Any) -> None:
    desk.edit([{"do": "kit", "option": name, "value": value} for name, value in options.items()])


def test_until_it_was_heard_there_are_no_pads(tmp_path: Path, source: Path) -> None:
    desk = Desk(source, ArrayCache(tmp_path / "empty"), {})
    assert desk.to_hear() is not None
    assert desk.state()["pads"] == []
    empty = found.found(desk)
    assert [empty[name] for name in ("attacks", "drums", "chords", "key", "curve")] == [
        [[]] * 3,
        [[]] * 3,
        [[]] * 2,
        None,
        None,
    ]
    with pytest.raises(UserError, match="before the record was heard"):
        sound.slice_on_pad(desk, 36)
    desk.close()


def test_attacks_are_told_as_they_are_detected(tmp_path: Path, source: Path) -> None:
    desk = Desk(source, ArrayCache(tmp_path / "empty"), {})
    told = heard(desk)
    before = told[: told.index({"stage": "heard"})]
    rows = [tuple(row) for message in before for row in message.get("attacks", ())]
    every = {(at, one / SHARES, other / SHARES) for at, one, other in zip(*found.found(desk)["attacks"], strict=True)}
    assert set(rows) <= every
    assert len(rows) > 0.8 * len(every)
    assert sum("attacks" in message for message in before) > 5
    desk.close()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"count": 6, "until": "candidate", "fade_ms": 5.0, "normalise": "peak"},
        {"want": "drums", "count": 5},
        {"want": "harmony", "end": 4.0},
        {"harmonic": True, "write_harmonic": True},
        {"channel": "left", "mono": True},
    ],
    ids=str,
)
def test_pads_are_the_kits_slices_with_its_tags(
    desk: Desk, source: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    if options:
        said(desk, **options)
    heard(desk)
    plain = replace(desk.options(), picture=False, formats=())
    kit = make_kit(source, tmp_path / "kit", plain, project=project_of(source)).kit
    pads = desk.state()["pads"]
    assert [(pad["note"], pad["start"], pad["stop"]) for pad in pads] == [
        (part.note, part.start, part.stop) for part in kit.slices
    ]
    told = tags.tagger(desk).tags([(part.start, part.stop) for part in kit.slices])
    assert told == [[part.start, part.stop, part.content.chord_name, part.content.drum or ""] for part in kit.slices]
    assert any(chord for _, _, chord, _ in told)
    for part in kit.slices[:2]:
        assert sound.slice_on_pad(desk, part.note)[1] == kit.path(part).read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fade_ms": 40.0, "normalise": "peak", "tail_ms": 30.0},
        {"declick": True, "normalise": "lufs", "mono": True},
        {"trim": True, "resample": 22_050},
        {"harmonic": True, "write_harmonic": True, "count": 2},
        {"fade_ms": 10.0, "end": 3.0, "channel": "right", "mono": True},
    ],
    ids=str,
)
def test_what_a_pad_plays_is_what_the_kit_holds(desk: Desk, options: dict[str, Any]) -> None:
    if options:
        said(desk, **options)
    heard(desk)
    state = desk.state()
    shape, pad = state["kit"]["shape"], state["pads"][0]
    assert bool(shape) == bool(options)
    if shape:
        played = desk.shaper(shape).wav(pad["start"], pad["stop"]).wav
    else:
        played = sound.wav_of(desk.record, pad["start"], pad["stop"])
    expected, rate = soundfile.read(io.BytesIO(sound.slice_on_pad(desk, pad["note"])[1]), always_2d=True)
    samples, known = soundfile.read(io.BytesIO(played), always_2d=True)
    assert (samples.shape, known) == (expected.shape, rate)
    assert np.abs(samples - expected).max() <= 0.5 * 2.0**-15 + 1e-7


def test_a_slice_of_another_shape_than_the_kit_has_is_not_given(desk: Desk) -> None:
    shape = said(desk, fade_ms=5.0) or desk.state()["kit"]["shape"]
    said(desk, fade_ms=6.0)
    with pytest.raises(UserError, match="in another way"):
        desk.shaper(shape)
    with pytest.raises(UserError, match="1 sample or more"):
        desk.shaper(desk.state()["kit"]["shape"]).wav(9, 9)


def test_the_sound_of_a_record_that_was_heard_is_known(desk: Desk, source: Path) -> None:
    heard(desk)
    known = desk.state()["project"]["audio"]["sha256"]
    said(desk, count=4)
    assert known == project_of(source).audio.sha256 != ""  # type: ignore[union-attr]


def test_nothing_is_written_beside_a_record_that_is_only_looked_at(desk: Desk, source: Path) -> None:
    heard(desk)
    desk.state(), desk.preview([{"do": "add", "at": 1000}]), desk.peaks(64, 0, 1000), found.found(desk)
    assert list(source.parent.iterdir()) == [source]


def test_bars_have_the_same_numbers_at_any_density_and_count(tmp_path: Path, cache: ArrayCache) -> None:
    sound_of_it = groove()[round(0.31 * RATE) : round(7.6 * RATE)].copy()
    sound_of_it[: round(2.5 * RATE)] *= 0.1  # of it little is a chop at a small density
    soundfile.write(tmp_path / "rising.wav", sound_of_it, RATE, "PCM_16")
    desk = Desk(tmp_path / "rising.wav", cache, {})
    heard(desk)
    beats = desk.state()["grid"]["beats"]
    for option, value in (("density", 0.1), ("density", 0.7), ("density", 1.0), ("count", 5), ("count", 30)):
        assert desk.preview([{"do": "kit", "option": option, "value": value}])["grid"]["beats"] == beats
    desk.close()


def test_where_beats_were_corrected_the_attacks_shown_at_a_density_are_those_of_the_kit(desk: Desk) -> None:
    said(desk, count=1)
    heard(desk)
    for correction in ({"do": "shift", "beats": 1}, {"do": "tempo", "factor": 0.5}):
        before = found.found(desk)["attacks"]
        desk.edit([correction])
        assert found.found(desk)["attacks"] != before
        for density in (0.0, 0.33):
            said(desk, density=density)
            samples, _, levels = found.found(desk)["attacks"]
            shown = [at for at, level in zip(samples, levels, strict=True) if level / SHARES <= density]
            assert shown == desk.state()["candidates"][0] != []


def test_a_preview_changes_nothing(desk: Desk) -> None:
    heard(desk)
    before = desk.state()
    shown = desk.preview([{"do": "kit", "option": "count", "value": 3}])
    assert len(shown["pads"]) == 3
    assert desk.state() == before


def test_what_cannot_be_planned_is_said_and_the_rest_is_shown(desk: Desk) -> None:
    heard(desk)
    said(desk, start=60)
    shown = desk.state()
    assert shown["pads"] == []
    assert any(sentence.startswith("start 60 lies behind the end of the record") for sentence in shown["messages"])
    desk.edit([{"do": "undo"}])
    assert desk.state()["pads"]


def test_decisions_without_a_clear_place_are_told_until_they_are_settled(desk: Desk) -> None:
    desk.edit([{"do": "add", "at": 1000}, {"do": "delete", "at": 5000}])
    document = to_document(desk.history.project)
    unclear = [{"what": "chop", "at": 1000, "was": 0.5, "chop": "c1"}, {"what": "deleted", "at": 5000, "was": 0.1}]
    desk.edit([{"do": "replace", "project": {**document, "conflicts": unclear}}])
    told = desk.state()["conflicts"]
    assert [(one["chop"], one["at"]) for one in told] == [("c1", 1000), (None, 5000)]
    assert told[0]["said"].startswith("c1, 0.500 s, has no sound like it")
    assert len(desk.preview([{"do": "move", "chop": "c1", "to": 1200}])["conflicts"]) == 1
    desk.edit([{"do": "settle", "chop": "c1"}])
    assert [one["at"] for one in desk.state()["conflicts"]] == [5000]
    desk.edit([{"do": "undo"}])
    assert desk.state()["conflicts"] == told


def test_a_record_that_is_gone_is_said(desk: Desk, source: Path) -> None:
    heard(desk)
    source.unlink()
    with pytest.raises(UserError):
        sound.wav_of(desk.record, 0, 100)
    assert desk.state()["record"]["length"] == 5 * RATE


def test_what_another_program_decided_is_seen(desk: Desk, source: Path) -> None:
    heard(desk)
    said(desk, count=4)
    desk.release()
    assert not desk.reread()
    with editing(source.with_name("record.chops.json")) as editor:
        editor.do({"do": "kit", "option": "count", "value": 3})
    assert desk.reread()
    assert len(desk.state()["pads"]) == 3
    assert not desk.reread()


def test_another_program_may_edit_when_the_desk_is_left(desk: Desk, source: Path) -> None:
    said(desk, count=4)
    project = source.with_name("record.chops.json")
    with pytest.raises(UserError, match="being edited by another program"), editing(project):
        pass
    desk.release()
    with editing(project):
        pass
    said(desk, count=5)
    assert desk.history.undoable is not None


def test_what_was_heard_and_is_not_kept_is_said(source: Path, tmp_path: Path) -> None:
    desk = Desk(source, ArrayCache(tmp_path / "nothing is kept here"), {})
    task = desk.to_hear()
    assert task is not None
    with pytest.raises(UserError, match="start samplechop studio again"):
        desk.was_heard(task)
    desk.close()


def on_pads(desk: Desk) -> dict[str, tuple[int, int]]:
    return {pad["pad"]: (pad["start"], pad["stop"]) for pad in desk.state()["pads"]}


@pytest.fixture
def kit(desk: Desk) -> dict[str, tuple[int, int]]:
    """Have a kit that is chosen from more than it takes, each slice at most a quarter of a second."""
    said(desk, density=1.0, count=8, max_length=0.25)
    heard(desk)
    assert len(desk.state()["candidates"][0]) > 12
    return on_pads(desk)


@pytest.mark.parametrize("do", ["delete", "move", "name", "swap"])
def test_a_decision_changes_no_other_pad(desk: Desk, kit: dict[str, tuple[int, int]], do: str) -> None:
    at, other = kit["A05"][0], kit["A02"][0]
    edits: dict[str, dict[str, Any]] = {
        "delete": {"do": "delete", "at": at},
        "move": {"do": "move", "at": at, "to": at + 441},
        "name": {"do": "name", "at": at, "name": "x"},
        "swap": {"do": "steps", "steps": [{"do": "pad", "at": at, "note": 37}, {"do": "pad", "at": other, "note": 40}]},
    }
    previewed = {pad["pad"]: (pad["start"], pad["stop"]) for pad in desk.preview([edits[do]])["pads"]}
    desk.edit([edits[do]])
    now = on_pads(desk)
    assert now == previewed
    same = {pad for pad in kit if kit[pad] == now.get(pad)}
    assert same >= kit.keys() - ({"A05", "A02"} if do == "swap" else {"A05", "A04"})
    assert len(now) == len(kit)
    if do == "swap":
        assert (now["A02"], now["A05"]) == (kit["A05"], kit["A02"])
    desk.edit([{"do": "undo"}])
    assert on_pads(desk) == kit


def test_what_is_added_gets_the_next_pad_and_takes_nobodys(desk: Desk, kit: dict[str, tuple[int, int]]) -> None:
    taken = {start for start, _ in kit.values()}
    at = next(one for one in desk.state()["candidates"][0] if all(abs(one - start) > 0.3 * RATE for start in taken))
    desk.edit([{"do": "add", "at": int(at)}])
    now = on_pads(desk)
    assert now.pop("A09")[0] == at
    assert now == kit


def test_what_is_added_keeps_its_pad_when_others_are_chosen(desk: Desk, kit: dict[str, tuple[int, int]]) -> None:
    at = int(kit["A01"][1]) + RATE // 20
    desk.edit([{"do": "add", "at": at}])
    said(desk, count=6)
    assert desk.state()["project"]["undo"] == "kit count"
    assert on_pads(desk)["A09"][0] == at
    desk.edit([{"do": "undo"}])
    assert on_pads(desk).keys() == {*kit, "A09"}


def test_what_is_locked_keeps_its_pad_and_its_length_whatever_else_is_chosen(
    desk: Desk, kit: dict[str, tuple[int, int]]
) -> None:
    desk.edit([{"do": "lock", "at": kit[pad][0]} for pad in ("A03", "A06")])
    for options in ({"reroll": 7}, {"count": 4, "max_length": None}, {"density": 0.8}):
        said(desk, **options)
        now = on_pads(desk)
        assert (now["A03"], now["A06"]) == (kit["A03"], kit["A06"])
    desk.edit([{"do": "delete", "at": next(start for pad, (start, _) in now.items() if pad not in ("A03", "A06"))}])
    assert (on_pads(desk)["A03"], on_pads(desk)["A06"]) == (kit["A03"], kit["A06"])


def test_sliders_choose_anew(desk: Desk, kit: dict[str, tuple[int, int]]) -> None:
    desk.edit([{"do": "name", "at": kit["A05"][0], "name": "x"}])
    said(desk, diversity=1.0)
    free = on_pads(desk)
    desk.edit([{"do": "undo"}, {"do": "undo"}])
    said(desk, diversity=1.0)
    others = on_pads(desk)
    assert {start for start, _ in free.values()} - {kit["A05"][0]} <= {start for start, _ in others.values()}


def test_a_record_without_any_cut_has_a_state(tmp_path: Path, cache: ArrayCache) -> None:
    path = tmp_path / "hum.wav"
    time = np.arange(2 * RATE) / RATE
    soundfile.write(path, 0.1 * np.minimum(time, 1) * np.sin(2 * np.pi * 110 * time), RATE)
    desk = Desk(path, cache, {})
    heard(desk)
    state = desk.state()
    assert state["candidates"][0] == []
    assert [(pad["start"], pad["stop"]) for pad in state["pads"]] == [(0, 2 * RATE)]
    desk.close()
