"""The list of sessions in a narrow terminal."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from samplechop.offline.cli import sessions
from samplechop.offline.sessions.reading import Session, find_sessions
from tests.support.command import samplechop


def test_on_a_narrow_terminal_no_column_is_cut_and_no_line_is_too_long() -> None:
    values: dict[str, Any] = {
        "folder": Path("2026-11-21_10-30-43_Scarlett-2i2-USB_last-60s"),
        "date": datetime(2026, 11, 21, 10, 30),
        "frames": round(754.3 * 44_100),
        "sample_rate": 44_100,
        "channels": 2,
        "format": "wav24",
        "state": "broken off by a power cut",
        "lost": 4410,
        "counts": {"chop": 1234, "tap": 56, "gap": 1, "xrun": 12},
    }
    found = Session(**{name: values.get(name) for name in Session.__dataclass_fields__})
    wide, narrow = sessions._rows([found], None), sessions._rows([found], 80)
    assert len(wide) == 2 and len(narrow) == 5
    assert max(map(len, narrow)) <= 80
    assert sorted(re.findall(r"[^\s:,]+", " ".join(narrow))) == sorted(re.findall(r"[^\s:,]+", " ".join(wide)))


def test_sessions_are_found_in_the_folder_that_people_record_into(tmp_path: Path) -> None:
    session = tmp_path / "sessions" / "2026-11-21_10-30-43_line-in"
    session.mkdir(parents=True)
    (session / "events.jsonl").write_text('{"kind": "session"}\n')
    assert find_sessions(tmp_path) == find_sessions(tmp_path / "sessions") == [session]


def test_help_names_the_folder_of_the_readme() -> None:
    assert "sessions/2026-" in samplechop("chop", "-h").out
    assert "recordings" not in samplechop("sessions", "-h").out
