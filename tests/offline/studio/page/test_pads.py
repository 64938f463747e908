"""Pads: each gesture with them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import soundfile

from tests.offline.studio.conftest import Studio, until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SWAPPED = """({ store }, [a, b]) => [[a, b], [b, a]].every(([one, other]) =>
  store.pads.find(({ start }) => start === one.start)?.note === other.note)"""
PADS = "() => window.studio.store.pads.map(({ note, start, pad }) => ({ note, start, pad }))"


@pytest.fixture
def pads(page: "Page") -> list[dict[str, Any]]:
    """Give the pads in order of time."""
    return list(page.evaluate(PADS))


def slot(page: "Page", pad: dict[str, Any]) -> "Locator":
    """Give a pad on the page."""
    return page.locator(".pad", has=page.locator(f".where:text-is('{pad['pad']}')"))


def test_lowest_row_is_the_first(page: "Page", pads: list[dict[str, Any]]) -> None:
    first, fifth = slot(page, pads[0]).bounding_box(), slot(page, pads[4]).bounding_box()
    assert first and fifth and first["x"] == fifth["x"] and first["y"] > fifth["y"]
    assert slot(page, pads[0]).locator("kbd").text_content() == "Z"


def test_the_picture_of_a_pad_ends_before_the_next_attack(page: "Page", record: Path) -> None:
    sound = soundfile.read(record, dtype="int16", always_2d=True)[0][:, 0]
    places = page.evaluate("() => window.studio.store.pads.map(({ start, stop }) => [start, stop])")
    assert places
    # Pairs are no wider than a column; until they come, wider ones of all that is around stand in.
    most = [int(sound[int(stop - (stop - start) / 20) : stop].max()) for start, stop in places]
    page.evaluate(
        """async (pads) => {
          const { columns } = await import("/page/peaks.js");
          for (const [start, stop, most] of pads) {
            const step = (stop - start) / 40, [low, high] = [new Int16Array(40), new Int16Array(40)];
            const isThere = () => columns(0, step, start / step, 40, low, high, true, stop) && high[39] <= most;
            for (let look = 0; !isThere(); look += 1) {
              if (look > 10_000) throw new Error(`${high[39]} at the end of ${start}..${stop}, over ${most}`);
              await new Promise((go) => setTimeout(go, 4));
            }
          }
        }""",
        [[*place, limit] for place, limit in zip(places, most, strict=True)],
    )


def test_a_pad_tells_what_the_kit_says_is_in_its_slice(
    page: "Page", pads: list[dict[str, Any]], studio: Studio, record: Path
) -> None:
    told = page.evaluate("() => window.studio.store.pads.map(({ start, stop }) => `${start}-${stop}`).join()")
    rows = json.loads(studio.get(f"/api/tags?record={studio.id_of(record.stem)}&slices={told}"))
    words = [" ".join(filter(None, (chord.removesuffix(" note"), drum))) for _, _, chord, drum in rows]
    assert len(set(words)) > 1
    page.wait_for_selector(f".pad .about:text-is('{next(filter(None, words))}')")
    assert [slot(page, pad).locator(".about").text_content() for pad in pads] == words
    notes = [chord.removesuffix(" note") for _, _, chord, drum in rows if chord.endswith(" note") and not drum]
    assert page.locator(".pad.note .about").all_text_contents() == notes
    assert all(page.locator(f".pad.note[title^='Note {note}. ']").count() for note in notes)


def test_a_press_plays_and_selects_at_once(page: "Page", pads: list[dict[str, Any]]) -> None:
    slot(page, pads[2]).hover()
    page.mouse.down()
    until(page, "({ store }, pad) => store.selected === pad.start && store.playing.has(pad.note)", pads[2])
    page.mouse.up()
    assert page.evaluate("window.studio.store.cursor") == pads[2]["start"]  # from where space goes on


def test_pads_of_a_choke_group_end_each_other(page: "Page", pads: list[dict[str, Any]]) -> None:
    slot(page, pads[1]).click()
    slot(page, pads[3]).click()
    until(page, "({ store }, note) => store.playing.size === 1 && store.playing.has(note)", pads[3]["note"])


def test_a_gate_pad_sounds_while_it_is_held(page: "Page", pads: list[dict[str, Any]]) -> None:
    page.evaluate("(at) => window.studio.server.edit({ do: 'play', at, play: 'gate' })", pads[1]["start"])
    slot(page, pads[1]).hover()
    page.mouse.down()
    until(page, "({ store }, note) => store.playing.has(note)", pads[1]["note"])
    page.mouse.up()
    until(page, "({ store }, note) => !store.playing.has(note)", pads[1]["note"])


def test_shift_and_a_press_selects_in_silence(page: "Page", pads: list[dict[str, Any]]) -> None:
    page.evaluate("async () => (await import('/page/sound.js')).hush()")
    slot(page, pads[4]).click(modifiers=["Shift"])
    until(page, "({ store }, at) => store.selected === at && store.playing.size === 0", pads[4]["start"])


def test_two_fingers_play_two_pads(page: "Page", pads: list[dict[str, Any]]) -> None:
    page.evaluate("() => window.studio.server.edit({ do: 'kit', option: 'choke', value: false })")
    until(page, "({ store }) => store.kit.options.choke === false")
    for number, pad in enumerate(pads[1:3]):
        facts = {"pointerId": 10 + number, "pointerType": "touch", "button": 0, "bubbles": True}
        slot(page, pad).dispatch_event("pointerdown", facts)
    until(page, "({ store }, notes) => notes.every((note) => store.playing.has(note))", [p["note"] for p in pads[1:3]])
    for number in range(2):
        page.evaluate("(id) => dispatchEvent(new PointerEvent('pointerup', { pointerId: id }))", 10 + number)


def test_a_pad_dropped_on_another_swaps_with_it(page: "Page", pads: list[dict[str, Any]]) -> None:
    slot(page, pads[1]).drag_to(slot(page, pads[6]))
    until(page, SWAPPED, [pads[1], pads[6]])


@pytest.mark.parametrize("pinned", [(1,), (6,), (1, 6)])
def test_one_undo_takes_a_swap_back(page: "Page", pinned: tuple[int, ...]) -> None:
    for index in pinned:
        pad = page.evaluate(PADS)[index]
        page.evaluate("({ start, note }) => window.studio.server.edit({ do: 'pad', at: start, note })", pad)
        until(page, "({ store }, pad) => store.pads.find(({ start }) => start === pad.start).pinned", pad)
    pads = page.evaluate(PADS)
    slot(page, pads[1]).drag_to(slot(page, pads[6]))
    until(page, SWAPPED, [pads[1], pads[6]])
    page.evaluate("() => window.studio.server.undo()")
    until(page, "({ store }, pads) => pads.every((pad, at) => store.pads[at].note === pad.note)", pads)


def test_a_finger_that_rests_carries_a_pad(page: "Page", pads: list[dict[str, Any]]) -> None:
    finger = {"pointerId": 30, "pointerType": "touch", "button": 0, "bubbles": True}
    slot(page, pads[1]).dispatch_event("pointerdown", finger)
    page.locator(".pad.lifted").wait_for()
    box = slot(page, pads[6]).bounding_box()
    assert box
    finger |= {"clientX": box["x"] + 20, "clientY": box["y"] + 20}
    slot(page, pads[1]).dispatch_event("pointermove", finger)
    assert page.locator(".pad.over .where").text_content() == pads[6]["pad"]
    slot(page, pads[1]).dispatch_event("pointerup", finger)
    until(page, SWAPPED, [pads[1], pads[6]])


def test_a_pad_that_is_dragged_out_is_a_wav_file(page: "Page", pads: list[dict[str, Any]]) -> None:
    page.evaluate("""() => document.addEventListener("dragstart", (event) => {
      window.carried = event.dataTransfer.getData("DownloadURL");
    }, { once: true })""")
    slot(page, pads[1]).drag_to(page.locator("chop-wave"))
    kind, name, address = page.evaluate("() => window.carried").split(":", 2)
    assert (kind, name) == ("audio/wav", f"test_pads_{pads[1]['pad']}.wav")
    answer = page.request.get(address)
    assert answer.ok and answer.body()[:4] == b"RIFF"
    assert page.evaluate(PADS) == pads


def test_banks_show_what_sixteen_pads_do_not(page: "Page", pads: list[dict[str, Any]]) -> None:
    page.evaluate("(at) => window.studio.server.edit({ do: 'pad', at, note: 60 })", pads[2]["start"])
    page.get_by_role("button", name="B", exact=True).click()
    slot(page, {"pad": "B09"}).click()
    until(page, "({ store }, at) => store.selected === at", pads[2]["start"])


def test_keys_show_what_is_printed_on_them(page: "Page") -> None:
    caps = page.evaluate("""async () => {
      const { cap, learnCaps } = await import("/page/keycaps.js");
      const french = new Map([["KeyQ", "a"], ["KeyW", "z"], ["Digit1", "&"]]);
      const learn = async (map) => {
        Object.defineProperty(navigator, "keyboard", { value: { getLayoutMap: async () => map }, configurable: true });
        await learnCaps(() => {});
      };
      await learn(french);
      const found = ["KeyQ", "KeyW", "Digit1", "KeyS"].map(cap);
      await learn(new Map([["KeyQ", "q"]]));
      delete navigator.keyboard;
      return found;
    }""")
    assert caps == ["A", "Z", "&", "S"]
