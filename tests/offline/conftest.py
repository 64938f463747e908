"""One small crate for all that ask about it or learn from it, and a cache for the tests of a file."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.lab.synthetic import soundfont_bank
from samplechop.offline.synthesis import soundfonts
from tests.support.command import samplechop
from tests.support.crates import Crate


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let the tests of a file find what an earlier one found in the same record, as a user's commands do."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SAMPLECHOP_CACHE", str(tmp_path_factory.mktemp("kept")))
        yield


@pytest.fixture(scope="session")
def crate(tmp_path_factory: pytest.TempPathFactory) -> Crate:
    """Give a crate of two records, drums alone and everything; skip where fluidsynth or a soundfont is missing.

    It is one for all: playing a soundfont's every program takes a while.
    """
    if shutil.which("fluidsynth") is None or not any(Path(place).is_file() for place in soundfonts.USUAL_PLACES):
        pytest.skip("needs fluidsynth and a General MIDI soundfont")
    folder = tmp_path_factory.mktemp("crates")
    sounds, kept, prepare = folder / "sounds", folder / "bank", soundfont_bank.prepare
    sounds.mkdir()
    soundfile.write(sounds / "kick.wav", 0.5 * np.exp(-np.arange(4000) / 500), 44_100)

    def prepare_and_keep(place: Path, font: Path | None, *further: Sequence) -> None:
        prepare(place, font, *further)
        shutil.copytree(place, kept)

    options = ("--minutes", 0.5, "--seed", 12, "--sounds", sounds, "--jobs", 2)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(soundfont_bank, "prepare", prepare_and_keep)
        built = samplechop("crate", "build", "-o", folder / "crate", *options)
    assert built.code == 0, built
    return Crate(folder / "crate", options, kept)
