"""What the page says when its socket closes."""

import shutil

import soundfile

from tests.offline.studio.conftest import RATE, groove, until


def test_a_record_that_cannot_be_opened_is_said(page, studio):
    (broken := studio.folder / "broken.wav").write_bytes(b"no audio")
    page.evaluate("(id) => window.studio.server.open(id)", studio.id_of("broken"))
    until(page, "({ store }) => store.trouble.includes('cannot be read as audio')")
    broken.unlink()


def test_a_record_that_is_bounced_anew_is_shown_as_it_is_now(opened, studio):
    shutil.copyfile(studio.folder / "groove.wav", bounced := studio.folder / "bounced.wav")
    page = opened()
    page.goto(f"{studio.host}/?record={studio.id_of('bounced')}")
    page.wait_for_selector("h1 + span:text-is('0:10.0')")
    soundfile.write(bounced, groove()[: 2 * RATE], RATE, "PCM_16")
    page.wait_for_selector("h1 + span:text-is('0:02.0')")
    bounced.unlink()


def test_a_studio_that_was_started_anew_is_said(page):
    page.context.clear_cookies()
    page.evaluate("(id) => window.studio.server.open(id)", "anything")
    until(page, "({ store }) => store.trouble.includes('started anew')")
