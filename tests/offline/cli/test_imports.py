"""Help, a typo and the version are there at once: what computes is imported only by what is run."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.cli.main import COMMANDS
from samplechop.offline.cli.train import RECIPES
from tests.support.command import samplechop

COMPUTING = ("numba", "scipy", "librosa", "matplotlib", "tensorflow", "sklearn", "soxr", "ai_edge_litert", "rtmidi")
RUN = """
import sys
from samplechop.offline.cli.main import main
given, computing = sys.argv[1].split(";"), sys.argv[2].split()
for one in given:
    sys.argv = ["samplechop", *one.split()]
    try:
        main()
    except SystemExit:
        pass
print("imported:", *sorted(name for name in computing if name in sys.modules))
"""


def test_nothing_that_detects_is_imported_by_an_edit_where_no_offer_is_known(tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    soundfile.write(song, np.zeros(1000), 8000)
    assert samplechop("project", "set", song, "lock 0.05").code == 0
    given = f'project set {song} {{"do":"lock","at":5}};project undo {song}'
    command = [sys.executable, "-c", RUN, given, " ".join(COMPUTING)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "imported:", done.stderr


@pytest.mark.parametrize(
    ("given", "unwanted"),
    [
        (["--version"], (*COMPUTING, "rich", "numpy")),
        (["--help", "liev", "--hepl"], (*COMPUTING, "numpy")),
        ([f"{command} --help" for command in COMMANDS], COMPUTING),
        ([f"train {task} --help" for task in RECIPES], COMPUTING),
        (["live --devcie x", "chop --cuont 3", "train chpo", "chop no-such-file.wav"], COMPUTING),
        (
            ["live no-such-file.wav --fast --duration 3", "chop no-such-file.wav --count 3 -o kit"],
            ("pydantic", "numba"),
        ),
    ],
    ids=["version", "help and typos", "help of commands", "help of training", "mistakes", "values"],
)
def test_what_computes_is_not_imported_for(given: list[str], unwanted: tuple[str, ...]) -> None:
    command = [sys.executable, "-c", RUN, ";".join(given), " ".join(unwanted)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "imported:", done.stderr
