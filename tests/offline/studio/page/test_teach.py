"""A model is taught in the page: progress, what came of it, and that it is used only where it is better.

What trains is a script that says what samplechop train says, one outcome after another, so that each takes no time.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import soundfile

from samplechop.offline.project.model import Project
from samplechop.offline.project.places import PROJECT
from samplechop.offline.project.store import editing
from tests.offline.studio.conftest import RATE, WINDOW, groove, until
from tests.support.command import program
from tests.support.projects import AUDIO
from tests.support.waiting import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STUDIO = """
import sys
from samplechop.offline.cli.main import main
from samplechop.offline.studio import teaching

if __name__ == "__main__":
    teaching.TRAIN = (sys.executable, sys.argv.pop(1))
    main()
"""
TRAINER = """
import pathlib, shutil, sys, time
from samplechop import models

here, out = pathlib.Path(__file__).parent, pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
print("training, loss 0.5: 24 of 240", file=sys.stderr, flush=True)
while not (here / "go on").exists():
    time.sleep(0.01)
how = (here / "go on").read_text()
(here / "go on").unlink()
if how == "fails":
    print("samplechop: the disk is full", file=sys.stderr)
    sys.exit(2)
if how == "better":
    for ending in (".json", ".tflite"):
        shutil.copy(models.load("chop").path.with_suffix(ending), out.with_suffix(ending))
print(f"{out}.json in 12 s: chops found before 0.70, after", "0.80" if how == "better" else "0.60")
"""
OPEN, PANEL, GO, SAID = "chop-teach > button", "#teach-panel", "#teach-panel .main", "#teach-panel .said-of-kit"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with what trains, and a folder of records, about two of which something was decided."""
    made = tmp_path_factory.mktemp("teach")
    (made / "records").mkdir()
    (made / "studio.py").write_text(STUDIO)
    (made / "trainer.py").write_text(TRAINER)
    for number in range(2):
        audio = made / "records" / f"song {number}.wav"
        soundfile.write(audio, groove()[: 2 * RATE], RATE, "PCM_16")
        with editing(audio.with_name(audio.stem + PROJECT), Project(AUDIO)) as editor:
            editor.do({"do": "add", "at": 100 * (number + 1)})
    return made


@pytest.fixture(scope="module")
def window(chromium: "Browser", folder: Path) -> Iterator["Page"]:
    """Give a page of a studio that learns by the script."""
    running = program(
        *(folder / "trainer.py", "studio", folder / "records", "--no-browser", "--port", 0, "-o", folder / "kits"),
        script=str(folder / "studio.py"),
        SAMPLECHOP_CACHE=str(folder / "cache"),
        XDG_DATA_HOME=str(folder / "data"),
    )
    assert running.stdout is not None
    page = chromium.new_context(**WINDOW).new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.goto(running.stdout.readline().strip())
    page.evaluate("async () => { window.studio = await import('/page/store.js'); }")
    until(page, "({ store }) => store.record.length > 0")
    yield page
    page.context.close()
    running.terminate()
    running.communicate(timeout=PATIENCE)


@pytest.fixture
def page(window: "Page") -> "Page":
    """Give the page with the panel open and a training begun, which waits."""
    if window.is_hidden(PANEL):
        window.click(OPEN)
    window.click(GO)
    until(window, "({ store }) => store.taught?.done === 24")
    return window


def ended(page: "Page", folder: Path, how: str) -> str:
    """Let the training end; give what the page says of it."""
    (folder / "part").write_text(how)
    (folder / "part").rename(folder / "go on")
    until(page, "({ store }) => store.taught.done === undefined")
    assert page.is_visible(GO)
    return page.inner_text(SAID)


def model(folder: Path) -> Path:
    return folder / "data" / "samplechop" / "models" / "mine.json"


def test_it_says_how_far_it_is_also_after_the_panel_was_closed(page: "Page", folder: Path) -> None:
    assert "Training, loss 0.5" in page.inner_text(PANEL)
    assert page.locator(f"{PANEL} progress").evaluate("(line) => line.value") == pytest.approx(0.1)
    assert page.is_hidden(GO)
    page.keyboard.press("Escape")
    assert page.inner_text(OPEN) == "Teaching …"
    page.click(OPEN)
    assert "the model stays as it was" in ended(page, folder, "worse")
    assert page.inner_text(OPEN) == "Teach"


def test_a_model_that_is_no_better_is_told_with_its_figures_and_not_offered(page: "Page", folder: Path) -> None:
    assert "\nChops found before 0.70, after 0.60" in ended(page, folder, "worse")
    assert page.locator(f"{SAID} input").count() == 0
    assert not model(folder).exists()


def test_a_training_that_breaks_off_is_said_in_a_sentence(page: "Page", folder: Path) -> None:
    assert ended(page, folder, "fails") == "The disk is full."


def test_a_training_is_stopped(page: "Page") -> None:
    page.get_by_role("button", name="Stop", exact=True).click()
    until(page, "({ store }) => store.taught.stage === 'stopped'")
    assert "The model is as it was" in page.inner_text(SAID)


def test_kits_are_chosen_by_a_better_model_and_by_the_one_of_before_again(page: "Page", folder: Path) -> None:
    assert "before 0.70, after 0.80" in ended(page, folder, "better")
    use = page.get_by_label("Choose kits by it until the studio ends")
    use.check()
    until(page, "({ store }, model) => store.kit.options.model === model", str(model(folder)))
    page.keyboard.press("Escape")
    page.click(OPEN)  # it is as it was left
    until(page, "() => document.querySelector('#teach-panel .said-of-kit input')?.checked")
    use.uncheck()
    until(page, "({ store }) => store.kit.options.model === 'chop'")


def test_a_worse_model_leaves_the_better_one(page: "Page", folder: Path) -> None:
    before = model(folder).read_bytes()
    assert "stays as it was" in ended(page, folder, "worse")
    assert model(folder).read_bytes() == before
