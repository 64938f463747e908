import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.lab.synthetic import tagged_sounds
from samplechop.offline.lab.synthetic.synths import MADE_SYNTHS
from samplechop.offline.lab.synthetic.tagging import DRUM_KEYS, PROGRAMS, tags_of_name
from samplechop.offline.labels.midi import DRUM_OF_KEY
from samplechop.realtime.core.errors import UserError


def test_every_program_of_general_midi_has_tags() -> None:
    assert len(PROGRAMS) == 128 and all(PROGRAMS)


def test_drum_keys_are_called_what_general_midi_calls_them() -> None:
    assert all(label in DRUM_KEYS[key] for key, label in DRUM_OF_KEY.items() if key not in (39, 53))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tr808/Kick_long", ("kick", "drum", "synth")),
        ("hihat_opened01", ("hat", "open", "cymbal", "drum")),
        ("basses/rave_bass01", ("bass", "synth")),
        ("effects/laser", ("effect",)),
        ("latin/Clave", ("woodblock", "wood", "percussion")),
        ("misc/xyz", ()),
    ],
)
def test_a_name_tells_what_a_sound_is(name: str, expected: tuple[str, ...]) -> None:
    assert tags_of_name(name) == expected


@pytest.mark.parametrize("kind", sorted(MADE_SYNTHS))
def test_made_sounds_are_heard_and_the_same_for_the_same_seed(kind: str) -> None:
    make, tags = MADE_SYNTHS[kind]
    one, again = (make(np.random.default_rng([5, 1])) for _ in range(2))
    assert tags and one.dtype == np.float32 and np.isfinite(one).all() and np.abs(one).max() > 0.01
    np.testing.assert_array_equal(one, again)


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagged_sounds, "MADE", {role: tagged_sounds.MADE[role] for role in ("kick", "hat")})
    monkeypatch.setattr(tagged_sounds, "MADE_SYNTHS", {"zap": MADE_SYNTHS["zap"]})
    for name, value in (("PER_ROLE", 3), ("PER_SYNTH", 3), ("LOOPS", 4)):
        monkeypatch.setattr(tagged_sounds, name, value)


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_gives_the_same_sounds_and_lists_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(monkeypatch)
    given = tmp_path / "given"
    given.mkdir()
    soundfile.write(given / "snare one.wav", np.random.default_rng(1).standard_normal(9000) * 0.1, 44_100)
    (given / "clap broken.wav").write_bytes(b"RIFF")
    for out in ("a", "b"):
        *_, (done, wanted) = tagged_sounds.build(tmp_path / out, [], [given], 3, 1)
        assert done == wanted
    found = everything(tmp_path / "a")
    assert found == everything(tmp_path / "b")
    listed = {
        f"{index.parent.name}/{row['filename']}": row["tags"]
        for index in (tmp_path / "a").glob(f"*/{tagged_sounds.INDEX}")
        for row in json.loads(index.read_text())
    }
    assert set(listed) == {name for name in found if name.endswith(".flac")} and len(listed) == 14
    assert listed["given/0001-snare one.flac"] == ["snare", "drum"]
    assert sum("loop" in tags for tags in listed.values()) == 4


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(UserError, match="not empty"):
        list(tagged_sounds.build(tmp_path, [], [], 0, 1))


def test_a_missing_folder_of_sounds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder of sounds"):
        list(tagged_sounds.build(tmp_path / "out", [], [tmp_path / "none"], 0, 1))


def test_notes_of_a_soundfont_carry_the_tags_of_their_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[int] = []

    def render(messages: list[tuple[int, int, object]], _: Path) -> np.ndarray:
        played.append(len(messages))
        length = max(sample for sample, *_ in messages) + 200_000
        return np.random.default_rng(1).standard_normal(length).astype(np.float32) * 0.1

    monkeypatch.setattr(tagged_sounds, "render", render)
    job = tagged_sounds.Job("programs", "any.sf2", (0, 33), tmp_path, 1)
    rows = [row for row, _ in tagged_sounds._programs(job)]
    assert len(rows) == 2 * tagged_sounds.PER_PROGRAM and len(played) == 1
    assert {row.tags[0] for row in rows} == {"piano", "bass"}
    assert not any("chord" in row.tags for row in rows if row.tags[0] == "bass")
