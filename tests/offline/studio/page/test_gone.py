"""What the page says when its socket closes."""

from tests.offline.studio.conftest import until


def test_a_record_that_cannot_be_opened_is_said(page, studio):
    (broken := studio.folder / "broken.wav").write_bytes(b"no audio")
    page.evaluate("(id) => window.studio.server.open(id)", studio.id_of("broken"))
    until(page, "({ store }) => store.trouble.includes('cannot be read as audio')")
    broken.unlink()


def test_a_studio_that_was_started_anew_is_said(page):
    page.context.clear_cookies()
    page.evaluate("(id) => window.studio.server.open(id)", "anything")
    until(page, "({ store }) => store.trouble.includes('started anew')")
