"""Session folders that a power cut, a failing disk or a stranger made: nothing is destroyed, and none hides another."""

import contextlib
import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from samplechop.offline.sessions import flac
from samplechop.offline.sessions.reading import find_sessions, read_session, repair
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.recording.audio_files import wav_header
from tests.support.command import samplechop

RATE = 44_100
HEADER = {"kind": "session", "sample": 0, "date": "2026-01-02T03:04:05+00:00", "source": "x", "format": "wav24"}
STOP = {"kind": "stop", "sample": 100, "reason": "ended"}
WAV = wav_header(RATE, 2, 3, False, 600) + bytes(600)
LOG = "events.jsonl"


def text_of(*lines: Any) -> bytes:
    return b"".join(one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in lines)


def folder_of(parent: Path, name: str, log: bytes, audio: bytes = WAV, audio_name: str = "audio.wav") -> Path:
    folder = parent / name
    folder.mkdir(parents=True)
    (folder / LOG).write_bytes(log)
    (folder / audio_name).write_bytes(audio)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_zeroed_line_costs_that_line_only(tmp_path: Path) -> None:
    lines = [HEADER, *({"kind": "chop", "sample": at} for at in range(100)), STOP]
    raw = [text_of(one) for one in lines]
    raw[20] = bytes(len(raw[20]) - 1) + b"\n"
    folder = folder_of(tmp_path, "s", before := b"".join(raw))
    assert "lines of the log that cannot be read: 1" in samplechop("sessions", tmp_path).out
    assert samplechop("sessions", tmp_path, "--repair").code == 0
    assert (folder / LOG).read_bytes() == b"".join(raw[:20] + raw[21:])
    assert (folder / f"{LOG}.broken").read_bytes() == before
    assert read_session(folder).counts["chop"] == 99


def test_a_line_behind_zeros_is_kept(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "s", text_of(HEADER, bytes(4_000), {"kind": "chop", "sample": 1}, STOP))
    repair(read_session(folder))
    assert (folder / LOG).read_bytes() == text_of(HEADER, {"kind": "chop", "sample": 1}, STOP)


def test_a_last_line_that_lacks_only_its_end_is_kept(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "s", text_of(HEADER, STOP)[:-1])
    assert repair(read_session(folder)).state == "ended"
    assert (folder / LOG).read_bytes() == text_of(HEADER, STOP)


def test_each_repair_keeps_its_own_original(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "s", text_of(HEADER, b"first\n", STOP))
    (folder / f"{LOG}.broken2").symlink_to("nowhere")
    repair(read_session(folder))
    (folder / LOG).write_bytes(second := text_of(HEADER, b"second\n", STOP))
    repair(read_session(folder))
    assert (folder / f"{LOG}.broken").read_bytes() == text_of(HEADER, b"first\n", STOP)
    assert str((folder / f"{LOG}.broken2").readlink()) == "nowhere"
    assert (folder / f"{LOG}.broken3").read_bytes() == second


@pytest.mark.parametrize("name", [LOG, "audio.wav", "audio.flac"])
@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "folder"])
def test_nothing_but_regular_files_is_opened(tmp_path: Path, name: str, kind: str) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(content := b"do not touch\n" + WAV[:-1])
    bad = folder_of(tmp_path / "all", "bad", text_of(HEADER), WAV[:-1])
    good = folder_of(tmp_path / "all", "good", text_of(HEADER))
    if name == "audio.flac":
        (bad / "audio.wav").unlink()
    (bad / name).unlink(missing_ok=True)
    if kind == "link":
        (bad / name).symlink_to(victim)
    elif kind == "dangling":
        (bad / name).symlink_to(tmp_path / "made")
    elif kind == "pipe":
        os.mkfifo(bad / name)
    else:
        (bad / name).mkdir()
    listed = samplechop("sessions", tmp_path / "all")
    assert listed.code == 0
    assert f"{name} is not opened" in listed.out and "broken off" in listed.out
    mended = samplechop("sessions", tmp_path / "all", "--repair")
    assert mended.code == 2 and len(mended.err.splitlines()) == 1 and "1 repaired" in mended.out
    assert read_session(good).state == "broken off, repaired"
    assert victim.read_bytes() == content
    assert not (tmp_path / "made").exists()


def test_a_folder_that_is_a_link_is_listed_and_not_repaired(tmp_path: Path) -> None:
    real = folder_of(tmp_path / "elsewhere", "s", text_of(HEADER), WAV + b"\0")
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "s").symlink_to(real)
    before = files_of(real)
    assert "broken off" in samplechop("sessions", tmp_path / "all").out
    outcome = samplechop("sessions", tmp_path / "all", "--repair")
    assert outcome.code == 2 and "is a link" in outcome.err
    assert files_of(real) == before


@pytest.mark.parametrize("audio", [WAV[:4] + b"\0\0\0\0" + WAV[8:], WAV + b"\0\0"], ids=["lagging", "half a sample"])
def test_what_is_mended_is_not_written_through_a_second_name(tmp_path: Path, audio: bytes) -> None:
    folder = folder_of(tmp_path, "s", text_of(HEADER), audio)
    names = {name: tmp_path / f"other {name}" for name in (LOG, "audio.wav")}
    for name, other in names.items():
        other.hardlink_to(folder / name)
    repair(read_session(folder))
    assert (folder / "audio.wav").read_bytes() == WAV
    assert names["audio.wav"].read_bytes() == audio
    assert names[LOG].read_bytes() == text_of(HEADER)


def test_where_a_file_is_written_beside_nobody_can_put_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("as it was")
    folder = folder_of(tmp_path, "s", text_of(HEADER, b"bad\n"), WAV + b"\0")
    for name in (LOG, "audio.wav"):
        (folder / f".part-{os.getpid()}-{name}").symlink_to(victim)
    repair(read_session(folder))
    assert victim.read_text() == "as it was"
    assert not (folder / LOG).is_symlink() and not (folder / "audio.wav").is_symlink()


def test_a_wav_that_loses_half_a_sample_is_kept_beside(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "s", text_of(HEADER, STOP), WAV + b"\1\2\3")
    repair(read_session(folder))
    assert (folder / "audio.wav").read_bytes() == WAV
    assert (folder / "audio.wav.broken").read_bytes() == WAV + b"\1\2\3"
    assert not (folder / f"{LOG}.broken").exists()


def test_a_wav_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "s", text_of(HEADER))
    soundfile.write(folder / "audio.wav", np.zeros((500, 2)), RATE, "PCM_16")
    before = (folder / "audio.wav").read_bytes()
    mended = repair(read_session(folder))
    assert (mended.frames, mended.state) == (500, "broken off, repaired")
    assert (folder / "audio.wav").read_bytes() == before


def fmt(rate: int, channels: int, frame_bytes: int, tag: int = 1) -> bytes:
    return WAV[:56] + struct.pack("<HHIIHH", tag, channels, rate, 0, frame_bytes, 24) + WAV[72:]


DEEP = b"[" * 100_000 + b"]" * 100_000
BAD = {
    "nested": text_of(b'{"kind": "session", "x": ' + DEEP + b"}\n"),
    "deep line": text_of(HEADER, DEEP + b"\n", STOP),
    "digits": text_of(b'{"kind": "session", "sample_rate": ' + b"9" * 5_000 + b"}\n"),
    "large": text_of(b'{"kind": "session", "sample_rate": ' + b"9" * 400 + b', "channels": 1e999}\n', STOP),
    "year 1": text_of(HEADER | {"date": "0001-01-01T00:00:00+14:00"}, STOP),
    "year 9999": text_of(HEADER | {"date": "9999-12-31T23:59:59-14:00"}, STOP),
    "types": text_of({"kind": ["session"], "date": {}, "source": 1}, {"kind": "session", "sample_rate": True}),
    "wrong header": text_of(
        HEADER | {"date": {}, "source": [1], "format": {"a": 1}, "sample_rate": -1}, STOP | {"reason": None}
    ),
    "binary": np.random.default_rng(0).bytes(50_000),
    "one line": b'{"kind": "' + b"x" * 9_000_000,
    "kinds": text_of(*({"kind": f"k{at}"} for at in range(5_000))),
    "UTF-16": "".join(map(json.dumps, (HEADER, STOP))).encode("utf-16"),
    "empty": b"",
}
BAD_AUDIO = {
    "large rate": fmt(2**32 - 1, 65_535, 65_535 * 3 % 65_536),
    "rate times frame": fmt(2**32 - 1, 100, 300),
    "rate 0": fmt(0, 2, 6),
    "frame 0": fmt(RATE, 2, 0),
    "channels 0": fmt(RATE, 0, 6),
    "extensible": fmt(RATE, 3, 9, 0xFFFE)[:76],
    "short": WAV[:30],
    "FLAC": b"fLaC" + bytes(40),
}


@pytest.mark.parametrize("name", [*BAD, *BAD_AUDIO])
def test_a_bad_session_hides_no_other(tmp_path: Path, name: str) -> None:
    bad = folder_of(tmp_path, "bad", BAD.get(name, text_of(HEADER, STOP)), BAD_AUDIO.get(name, WAV))
    folder_of(tmp_path, "good", text_of(HEADER, STOP))
    before = files_of(bad)
    for options in ([], ["--json"], ["--repair"]):
        outcome = samplechop("sessions", tmp_path, *options)
        assert outcome.code == 0, outcome.err
        assert "bad" in outcome.out and "good" in outcome.out
    assert set(before.values()) <= set(files_of(bad).values())


def test_text_from_files_cannot_reach_the_terminal_as_it_is(tmp_path: Path) -> None:
    evil = "\x1b]0;x\x07\x1b[2J\x9b31m‮\r\n[red]"
    log = text_of(HEADER | {"format": evil, "source": evil}, {"kind": evil}, STOP | {"reason": evil})
    folder_of(tmp_path, "esc\x1b[2J\x9b", log)
    for options in ([], ["--json"], ["--repair"]):
        outcome = samplechop("sessions", tmp_path, *options)
        shown = (outcome.out + outcome.err).replace("\n", "")
        assert shown.isprintable()
    (tmp_path / "esc\x1b[2J\x9b" / LOG).unlink()
    assert samplechop("sessions", tmp_path).err.strip().isprintable()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
LINE = st.one_of(
    st.binary(max_size=60),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.builds(
        lambda header, kind: json.dumps(header | {"kind": kind}).encode(),
        st.fixed_dictionaries({}, optional=dict.fromkeys(("date", "source", "format", "sample_rate", "reason"), JSON)),
        st.sampled_from(["session", "stop", "chop"]),
    ),
    st.integers(1, 3).map(bytes),
)


def objects(log: bytes) -> list[bytes]:
    found = []
    for raw in log.split(b"\n"):
        with contextlib.suppress(ValueError):
            if isinstance(json.loads(raw.decode()), dict):
                found.append(raw.strip(b"\r"))
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(LINE, max_size=8), st.sampled_from([b"\n", b"\r\n", b""]), st.sampled_from([WAV, WAV[:-1], WAV[:80]]))
@example([b'{"kind": "chop", "sample": ' + b"9" * 30 + b"}"], b"\n", WAV)
@example([b'{"kind": "chop", "x": ' + b"[" * 50 + b"]" * 50 + b"}"], b"\n", WAV)
@example([b"\0" * 50 + b'{"kind": "chop"}'], b"", WAV)
def test_of_any_log_every_line_that_was_one_stays(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], end: bytes, audio: bytes
) -> None:
    log = end.join(lines) + end
    folder = folder_of(tmp_path_factory.mktemp("log"), "s", log, audio)
    (found,) = find_sessions(folder)
    mended = repair(read_session(found))
    after = (folder / LOG).read_bytes()
    left = iter(after.splitlines() if after.isascii() else after.split(b"\n"))
    assert all(any(one == other.strip(b"\r") for other in left) for one in objects(log))
    if after != log:
        assert (folder / f"{LOG}.broken").read_bytes() == log
        assert not mended.damaged
        assert len(objects(after)) == len(after.split(b"\n")) - 1


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([WAV, b"fLaC\0\0\0\x22"]), st.sampled_from(["audio.wav", "audio.flac"]))
def test_any_audio_is_listed_and_refused_or_mended(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, head: bytes, name: str
) -> None:
    folder = folder_of(
        tmp_path_factory.mktemp("audio"), "s", text_of(HEADER), head[: 80 - len(content)] + content, name
    )
    before = (folder / name).read_bytes()
    with contextlib.suppress(UserError):
        repair(read_session(folder))
    files = files_of(folder)
    assert files[name].endswith(before[80:]) or before in files.values()


def test_a_flac_whose_header_counts_days_is_tried_only_where_blocks_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    soundfile.write(tmp_path / "a.flac", rng.standard_normal(5 * 4096) / 10, 8000, subtype="PCM_24")
    content = bytearray((tmp_path / "a.flac").read_bytes())
    content[22:26] = b"\xff" * 4  # the lower half of the count of samples
    (tmp_path / "a.flac").write_bytes(content)
    opened, begin = [], flac._WithFrameCount.__init__
    monkeypatch.setattr(flac._WithFrameCount, "__init__", lambda *given: opened.append(given) or begin(*given))
    assert flac.repair_flac(tmp_path / "a.flac").frames == 5 * 4096
    assert len(opened) < 20
