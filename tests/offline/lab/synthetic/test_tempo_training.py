"""What the weights of beats are fitted to: recordings whose beats are known."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.lab.synthetic.tempo_evidence import positions_in_bars
from samplechop.offline.lab.synthetic.tempo_records import MADE_STYLES, make_tempo_record
from samplechop.offline.lab.synthetic.tempo_training import CHOOSING, recordings
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.detectors.beats.bars import CUES
from samplechop.realtime.detectors.beats.octave_evidence import FEATURES


@pytest.mark.parametrize(
    ("downbeats", "expected"),
    [
        ([1.0, 2.5], [2, 3, 1, 2, 3, 1, 2]),  # beats of 0.5 s, bars of three
        ([0.51, 2.49], [4, 1, 2, 3, 4, 1, 2]),
        ([1.0], []),
        ([], []),
        ([0.0, 2.5], []),  # five beats to a bar
    ],
)
def test_beats_are_counted_from_the_nearest_downbeat_in_bars_of_the_usual_length(
    downbeats: list[float], expected: list[int]
) -> None:
    assert positions_in_bars(np.arange(7) * 0.5, np.array(downbeats)).tolist() == expected


def written(folder: Path, count: int) -> Path:
    """Write recordings of twelve seconds with their beats beside them."""
    folder.mkdir()
    for number in range(count):
        record = make_tempo_record(MADE_STYLES[5], 7, 2 * number, seconds=12.0)
        soundfile.write(folder / f"{number}.wav", record.samples, 44_100)
        rows = zip(record.beats.tolist(), record.positions.tolist(), strict=True)
        (folder / f"{number}.beats.txt").write_text("".join(f"{time:.6f}\t{position}\n" for time, position in rows))
    return folder


def test_of_four_recordings_one_chooses_and_each_gives_evidence_of_octave_and_bars(tmp_path: Path) -> None:
    fitted, other = recordings(written(tmp_path / "mine", CHOOSING + 1))
    assert (len(fitted), len(other)) == (CHOOSING, 1)
    names = [name for name, _ in fitted + other]
    assert len(set(names)) == CHOOSING + 1
    evidence = other[0][1]()
    assert evidence.octave.shape[1] == len(FEATURES) and len(evidence.octaves) > 3
    assert evidence.cues.shape == (len(evidence.beats), len(CUES))
    assert len(evidence.positions) == len(evidence.beats) and set(evidence.positions.tolist()) == {1, 2, 3, 4}


def test_a_recording_with_other_beats_is_another(tmp_path: Path) -> None:
    folder = written(tmp_path / "mine", 1)
    before = recordings(folder)[0][0][0]
    beats = folder / "0.beats.txt"
    beats.write_text(beats.read_text().replace("\t1\n", "\t2\n", 1))
    assert recordings(folder)[0][0][0] != before


def test_recordings_without_known_beats_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "one.wav", np.zeros(1000), 44_100)
    (tmp_path / "one.onsets.txt").write_text("0.1\n")
    with pytest.raises(UserError, match=r"no recording with 16 known beats: name\.beats\.txt"):
        recordings(tmp_path)
