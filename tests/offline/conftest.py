"""What tests of commands, records and pages share: one small crate, a cache for the tests of a file, one Chromium."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from samplechop.offline.lab.bench import atlas_page
from samplechop.offline.lab.synthetic import soundfont_bank
from samplechop.offline.synthesis import soundfonts
from tests.support.command import samplechop
from tests.support.crates import Crate

if TYPE_CHECKING:
    from playwright.sync_api import Browser

browsing = ExitStack()
"""What ends with the browser that runs, if one does."""


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Leave the browser before a test begins that needs none: Playwright keeps an event loop running."""
    if "chromium" not in getattr(nextitem, "fixturenames", ()):
        browsing.close()


@pytest.fixture(scope="session")
def browsers() -> Iterator[list["Browser"]]:
    """Give the browser that runs, once one does."""
    yield []
    browsing.close()


@pytest.fixture(scope="module")
def chromium(browsers: list["Browser"]) -> "Browser":
    """Give a running browser, the same one to all tests that need one and follow one another."""
    if atlas_page.chromium() is None:
        pytest.skip("there is no Chromium")
    if not browsers:
        browsers.append(browsing.enter_context(atlas_page.browser()))
        browsing.callback(browsers.clear)
    return browsers[0]


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
