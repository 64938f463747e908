"""One small crate for all that ask about it or learn from it: playing a soundfont's every program takes a while."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.lab.synthetic import soundfont_bank
from samplechop.offline.synthesis import soundfonts
from tests.support.command import samplechop
from tests.support.crates import Crate


@pytest.fixture(scope="session")
def crate(tmp_path_factory: pytest.TempPathFactory) -> Crate:
    """Give a crate of two records, drums alone and everything; skip where fluidsynth or a soundfont is missing."""
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
