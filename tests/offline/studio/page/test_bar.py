"""The bar: tempo and bars corrected, the key, undo and redo by name, keys, what goes wrong, hints of a first visit."""

from tests.offline.studio.conftest import until

TEMPO = "({ store }, wanted) => Math.abs(Number(store.grid.tempo.value) - wanted) < 0.6"
GRID = "({ store }, [name, value]) => JSON.stringify(store.project.grid[name]) === JSON.stringify(value)"


def tempo_of(page) -> float:
    return float(page.evaluate("window.studio.store.grid.tempo.value"))


def press(page, name):
    page.locator(f"button[title^='{name}']").click()


def test_the_tempo_is_doubled_and_halved(page):
    before = tempo_of(page)
    press(page, "Halve the tempo")
    until(page, TEMPO, before / 2)
    press(page, "Double the tempo")
    until(page, TEMPO, before)


def test_stems_lie_on_the_dial_by_the_beats_as_corrected(page):
    on_beats = "({ store }, wanted) => store.found.attacks.filter((one) => one[2] <= 0.33).length === wanted"
    beats = page.evaluate("window.studio.store.grid.beats.length")
    until(page, on_beats, beats)
    press(page, "Halve the tempo")
    until(page, on_beats, beats // 2)


def test_the_tempo_is_typed_and_forgotten(page):
    before, field = tempo_of(page), page.get_by_label("Tempo in beats per minute")
    field.fill("100")
    page.keyboard.press("Enter")
    until(page, TEMPO, 100)
    field.fill("")
    page.keyboard.press("Enter")
    until(page, TEMPO, before)


def test_what_is_no_tempo_is_told_and_not_done(page):
    page.get_by_label("Tempo in beats per minute").fill("fast")
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert")
    assert "such as 92.5, not “fast”" in alert.inner_text()
    alert.get_by_role("button", name="Close").click()
    assert alert.is_hidden()


def test_the_tempo_is_tapped_where_the_record_plays(page):
    page.evaluate("""() => {
      const { store } = window.studio;
      for (let tap = 0; tap < 5; tap += 1) {
        store.head = Math.round((1 + tap * 0.6) * store.record.rate);
        dispatchEvent(new KeyboardEvent("keydown", { key: "t", bubbles: true }));
      }
      store.head = null;
    }""")
    until(page, TEMPO, 100)


def test_bars_begin_a_beat_later_and_earlier(page):
    press(page, "Bars begin a beat later")
    until(page, GRID, ["shift_beats", 1])
    press(page, "Bars begin a beat earlier")
    until(page, "({ store }) => !store.project.grid.shift_beats")


def test_a_bar_begins_at_the_cursor_by_a_key_and_no_more_by_it_again(page):
    page.evaluate("window.studio.store.moveCursor(50000)")
    page.keyboard.press("g")
    until(page, GRID, ["ones", [50000]])
    page.keyboard.press("g")
    until(page, "({ store }) => !store.project.grid.ones?.length")


def test_the_meter_is_chosen_and_all_is_taken_back(page):
    page.get_by_label("Beats in a bar").select_option("3")
    until(page, GRID, ["beats_per_bar", 3])
    press(page, "Take all corrections of the grid back")
    until(page, "({ store }) => Object.keys(store.project.grid).length === 0")


def test_the_key_is_typed(page):
    page.get_by_label("Key of the record").fill("A minor")
    page.keyboard.press("Enter")
    until(page, "({ store }) => store.grid.key === 'A minor'")


def test_undo_and_redo_name_what_they_do(page):
    page.get_by_label("Beats in a bar").select_option("3")
    until(page, "({ store }) => store.project.undo === 'meter'")
    press(page, "Undo meter")
    until(page, "({ store }) => store.project.redo === 'meter'")
    press(page, "Redo meter")
    until(page, GRID, ["beats_per_bar", 3])
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Control+z")
    until(page, "({ store }) => store.project.redo === 'meter'")
    page.keyboard.press("Control+Shift+z")
    until(page, GRID, ["beats_per_bar", 3])


def test_keys_are_shown_by_a_key_and_go_by_escape(page):
    page.keyboard.press("?")
    panel = page.get_by_role("region", name="Keys")
    assert panel.is_visible()
    page.keyboard.press("Escape")
    assert panel.is_hidden()


def test_light_and_dark_change_places(page):
    before = page.evaluate("document.documentElement.dataset.theme")
    press(page, "Dark or light")
    assert page.evaluate("document.documentElement.dataset.theme") != before
    press(page, "Dark or light")


def test_how_far_the_detectors_are_is_said(page):
    page.evaluate("""() => {
      const { store } = window.studio;
      store.job = { stage: "detecting chops", done: 43, length: 100 };
      store.tell("job");
    }""")
    assert "Detecting chops 43 %" in page.locator("chop-status .job").inner_text()
    page.evaluate("() => { window.studio.store.job = null; window.studio.store.tell('job'); }")
    assert page.locator("chop-status .job").is_hidden()


def test_a_first_visit_has_hints_that_go_away_as_they_are_followed(opened):
    page = opened()
    page.evaluate("""() => {
      localStorage.removeItem("samplechop-hints");
      document.querySelector("chop-hints").replaceWith(document.createElement("chop-hints"));
    }""")
    hint = page.get_by_role("note")
    assert "Press a pad" in hint.inner_text()
    page.evaluate("window.studio.store.select(window.studio.store.pads[0].start)")
    assert "Drag its flag" in hint.inner_text()
    hint.get_by_role("button", name="Next hint").click()
    assert "Move a slider" in hint.inner_text()
    hint.get_by_role("button", name="Next hint").click()
    assert hint.is_hidden()
    assert page.evaluate("localStorage.getItem('samplechop-hints')") == "seen"
