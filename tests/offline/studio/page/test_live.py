"""A session that is recorded while the page looks at it."""

from datetime import UTC, datetime

import soundfile

from samplechop.realtime.recording.session_writer import Facts, SessionWriter, line
from tests.offline.studio.conftest import RATE, WINDOW, until

AT = (44_100, 110_250)
"""Chops of a session, samples."""
BEGAN = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
NAMED = """async () => {
  window.studio = { ...await import("/page/store.js"), ...await import("/page/view.js"),
                    server: await import("/page/server.js") };
}"""

WATCHED = """() => {
  const { prototype } = AudioBufferSourceNode, { stop } = prototype, { store } = window.studio;
  Object.assign(window.studio, { stops: 0, heads: [] });
  prototype.stop = function (...when) {
    window.studio.stops += 1;
    stop.apply(this, when);
  };
  store.addEventListener("head", () => window.studio.heads.push(store.head));
}"""


def test_a_mark_of_a_session_that_is_recorded_is_a_locked_chop_when_it_has_ended(chromium, studio):
    sound = soundfile.read(studio.folder / "groove.wav", dtype="float32")[0]
    writer = SessionWriter(studio.folder, Facts("line in", RATE, 2), BEGAN)
    writer.write(sound[: 4 * RATE])
    writer.log([line("chop", 110_250, strength=0.7, note=36)])
    writer.flush()
    page = chromium.new_context(**WINDOW).new_page()
    page.goto(f"{studio.address}&record={studio.id_of(writer.folder.name)}")
    page.evaluate(NAMED)
    until(page, "({ store }) => store.record.length === 176_400 && store.pads.length === 1")
    writer.write(sound[4 * RATE :])
    writer.flush()
    writer.log([line("chop", len(sound) - 3000, strength=0.8, note=37)])
    until(page, "({ store }) => store.pads.length === 2")
    page.keyboard.press("m")
    until(page, "({ store }) => document.querySelector('chop-live [role=status]').textContent.startsWith('1 marked')")
    assert page.evaluate("window.studio.store.trouble") == ""
    page.evaluate("window.studio.store.select(window.studio.store.pads[0].start)")
    page.keyboard.press("ArrowRight")
    until(page, "({ store }) => store.trouble.startsWith('This is being recorded')")
    writer.close()
    until(page, "({ store }) => store.pads.some((pad) => pad.locked && pad.chop)")
    assert page.evaluate("window.studio.store.pads.find((pad) => pad.locked).start") == len(sound) - 3000
    page.context.close()


def test_a_pad_of_a_session_that_is_recorded_sounds_while_it_goes_on(chromium, studio):
    sound = soundfile.read(studio.folder / "groove.wav", dtype="float32")[0]
    writer = SessionWriter(studio.folder, Facts("a pad", RATE, 2), BEGAN)
    writer.write(sound[: 4 * RATE])
    writer.log([line("chop", at, strength=0.7, note=36) for at in AT])
    writer.flush()
    page = chromium.new_context(**WINDOW).new_page()
    page.goto(f"{studio.address}&record={studio.id_of(writer.folder.name)}")
    page.evaluate(NAMED)
    until(page, "({ store }) => store.record.length === 176_400 && store.pads.length === 2")
    page.evaluate(WATCHED)
    page.keyboard.press("z")
    until(page, "({ heads }, [first, last]) => heads.some((at) => first < at && at < last)", AT)
    writer.write(sound[4 * RATE : 5 * RATE])
    writer.flush()
    until(page, "({ store }) => store.record.length === 220_500")
    assert page.evaluate("[window.studio.stops, window.studio.store.trouble]") == [0, ""]
    writer.close()
    page.context.close()
