"""The panel of the export: formats, a kit on disk, and what happens where one is already."""

from tests.offline.studio.conftest import project_of, until

OPEN = "chop-export button"
GO = "#export-panel .main"


def open_panel(page):
    if page.is_hidden("#export-panel"):
        page.click(OPEN)
    page.wait_for_selector("#export-panel input[value=op1]")


def test_all_formats_are_seen_at_once_where_the_window_has_room(page):
    open_panel(page)
    last = page.locator("#export-panel .formats label").last.bounding_box()
    seen = page.locator("#export-panel .formats").bounding_box()
    assert last["y"] + last["height"] <= seen["y"] + seen["height"] + 1


def test_a_kit_is_exported_with_the_formats_that_were_chosen(page, record, studio):
    open_panel(page)
    undo = page.evaluate("window.studio.store.project.undo")
    page.check("#export-panel input[value=op1]")
    page.click(GO)
    until(page, "({ store }) => store.exported?.stage === 'exported'")
    kit = str(studio.kits / record.stem)
    until(page, "(_, kit) => document.querySelector('#export-panel .said-of-kit')?.innerText.includes(kit)", kit)
    assert "op1" in page.inner_text("#export-panel .said-of-kit")
    assert (studio.kits / record.stem / "kit.json").exists()
    assert "op1" in project_of(record)["kit"]["formats"]
    assert page.evaluate("window.studio.store.project.undo") == undo


def test_a_kit_that_is_there_is_asked_about_and_the_page_goes_on(page, record, studio):
    (studio.kits / record.stem).mkdir(exist_ok=True)
    (studio.kits / record.stem / "mine.txt").write_text("mine")
    open_panel(page)
    page.click(GO)
    page.get_by_role("button", name=f"Export as {record.stem}-2").click()
    until(
        page,
        "({ store }, kit) => store.exported?.stage === 'exported' && store.exported.kit === kit",
        f"{record.stem}-2",
    )
    assert (studio.kits / f"{record.stem}-2" / "kit.json").exists()


def test_the_kit_and_its_midi_file_are_carried_out_of_the_page(page, record):
    open_panel(page)
    until(page, "({ store }) => store.exported?.stage === 'exported'")
    carried = page.evaluate("""() => [...document.querySelectorAll(".said-of-kit .file")].map((file) => {
      const event = new DragEvent("dragstart", { dataTransfer: new DataTransfer(), bubbles: true });
      file.dispatchEvent(event);
      return event.dataTransfer.getData("DownloadURL");
    })""")
    assert [one.split(":")[0] for one in carried] == ["application/zip", "audio/midi"]
    assert all(f":{record.stem}" in one and "/api/kit" in one for one in carried)


def test_the_panel_closes_by_escape_and_gives_the_focus_back(page):
    open_panel(page)
    page.keyboard.press("Escape")
    assert page.is_hidden("#export-panel")
    assert page.evaluate("document.activeElement.textContent") == "Export"
