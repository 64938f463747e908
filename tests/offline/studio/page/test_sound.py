"""What the page plays is the record, sample for sample, and on pads what the files of the kit hold."""

import io
import shutil
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from tests.offline.studio.conftest import RATE, Studio, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

AT, FIRST, LENGTH, BESIDE = 777, 12_345, 3_000, 400
RENDERED = """async ([parts, at, length, how, stop]) => {
  const { part } = await import("/page/buffers.js"), { Voice } = await import("/page/voice.js");
  const { rate, channels } = window.studio.store.record;
  const context = new OfflineAudioContext(channels, length, rate), voice = new Voice(context, how);
  let frame = at;
  for (const range of parts) {
    const buffer = await part(...range);
    voice.add(buffer, range[0], frame);
    frame += buffer.length;
  }
  if (stop !== null) voice.stop(stop);
  const rendered = await context.startRendering();
  return Array.from({ length: channels }, (_, channel) => Array.from(rendered.getChannelData(channel)));
}"""


def rendered(page: "Page", parts: list[Any], how: Any = None, stop: int | None = None, tail: int = 0) -> np.ndarray:
    """Give what a voice sounds like that plays parts of the record from the frame AT on: (n, channels)."""
    length = AT + max(tail, sum(last - first for first, last, *_ in parts)) + BESIDE
    return np.array(page.evaluate(RENDERED, [parts, AT, length, how or {}, stop])).T


def test_slice_begins_and_ends_on_its_sample(page: "Page", record: Path) -> None:
    heard = rendered(page, [[FIRST, FIRST + LENGTH]])
    samples, _ = soundfile.read(record, frames=LENGTH, start=FIRST, always_2d=True)
    assert np.abs(heard[AT : AT + LENGTH] - samples).max() < 1e-9
    assert np.all(heard[:AT] == 0.0)
    assert np.abs(heard[AT + LENGTH :]).max() < 1e-9


def test_parts_follow_each_other_without_a_seam(page: "Page", record: Path) -> None:
    cuts = [FIRST, FIRST + 1, FIRST + 1_000, FIRST + LENGTH]
    heard = rendered(page, [[first, last] for first, last in pairwise(cuts)])
    samples, _ = soundfile.read(record, frames=LENGTH, start=FIRST, always_2d=True)
    assert np.abs(heard[AT : AT + LENGTH] - samples).max() < 1e-9


def test_gain_is_in_decibels(page: "Page") -> None:
    part = [[FIRST, FIRST + LENGTH]]
    assert np.allclose(rendered(page, part, {"gain_db": -6.0}), 10**-0.3 * rendered(page, part), atol=1e-6)


def test_a_pad_plays_what_its_file_holds(page: "Page", studio: Studio, record: Path) -> None:
    page.evaluate("""([start]) => {
      const kit = (option, value) => ({ do: "kit", option, value });
      return window.studio.server.edit(kit("fade_ms", 80), kit("normalise", "peak"), kit("tail_ms", 30),
                                       { do: "gain", at: start, gain_db: -4.5 });
    }""", [page.evaluate("window.studio.store.pads[0].start")])  # fmt: skip
    until(page, "({ store }) => store.kit.shape && store.pads[0].gain_db === -4.5")
    page.evaluate("""async () => {
      const { prototype } = AudioBufferSourceNode, { start } = prototype, pad = window.studio.store.pads[0];
      const { part } = await import("/page/buffers.js"), { press, hush } = await import("/page/sound.js");
      const buffer = await part(pad.start, pad.stop, window.studio.store.kit.shape), begun = [];
      prototype.start = function (when) {
        begun.push(this.buffer === buffer);
        start.call(this, when);
      };
      press(pad);
      prototype.start = start;
      hush();
      window.studio.begun = begun;
    }""")
    assert page.evaluate("window.studio.begun") == [True]  # at once, as it lies ready
    pad, shape = page.evaluate("[window.studio.store.pads[0], window.studio.store.kit.shape]")
    file = studio.get(f"/api/slice?record={studio.id_of(record.stem)}&note={pad['note']}")
    expected, _ = soundfile.read(io.BytesIO(file), always_2d=True)
    heard = rendered(page, [[pad["start"], pad["stop"], shape]], {"gain_db": -4.5}, tail=len(expected))
    assert np.abs(heard[AT : AT + len(expected)] - expected).max() <= 0.5 * 2.0**-15 + 1e-6
    assert np.all(heard[:AT] == 0.0) and np.abs(heard[AT + len(expected) :]).max() < 1e-9


def test_the_head_of_a_trimmed_slice_is_where_it_sounds(page: "Page", record: Path) -> None:
    page.evaluate("() => window.studio.server.edit({ do: 'kit', option: 'trim', value: true })")
    until(page, "({ store }) => store.kit.shape")
    samples, _ = soundfile.read(record, always_2d=True)
    level = np.abs(samples).max(axis=1)
    start = FIRST + int(level[FIRST : FIRST + LENGTH].argmin())  # near a zero crossing it is silent for a sample
    stop = start + LENGTH
    loud = np.flatnonzero(level[start:stop] > 1e-3 * level[start:stop].max())
    begins = page.evaluate("""async ([first, last]) => {
      const { begins, part } = await import("/page/buffers.js");
      return begins(await part(first, last, window.studio.store.kit.shape), first);
    }""", [start, stop])  # fmt: skip
    assert begins == start + loud[0] > start


def test_what_is_stopped_falls_within_a_millisecond(page: "Page") -> None:
    part, stop = [[FIRST, FIRST + LENGTH]], AT + 1_000
    heard, whole = rendered(page, part, stop=stop), rendered(page, part)
    assert np.array_equal(heard[:stop], whole[:stop])
    assert np.all(np.abs(heard) <= np.abs(whole) + 1e-9)
    assert np.all(heard[stop + 46 :] == 0.0)


@pytest.mark.parametrize(("subtype", "step"), [("PCM_24", 2.0**-23), ("FLOAT", 0.0), ("DOUBLE", 2.0**-24)])
def test_other_formats_are_played_as_they_stand(
    page: "Page", studio: Studio, tmp_path: Path, subtype: str, step: float
) -> None:
    samples = np.random.default_rng(3).uniform(-1.0, 1.0, (500, 2))
    soundfile.write(tmp_path / "one.wav", samples, 44_100, subtype)
    shutil.copyfile(tmp_path / "one.wav", studio.folder / f"of-{subtype}.wav")
    known, _ = soundfile.read(tmp_path / "one.wav", always_2d=True)
    read = """async (id) => {
      const { readWav } = await import("/page/wav.js");
      const answer = await fetch(`/api/audio?record=${id}&from=0&to=500`);
      const buffer = readWav(await answer.arrayBuffer());
      return [0, 1].map((channel) => Array.from(buffer.getChannelData(channel)));
    }"""
    assert np.abs(np.array(page.evaluate(read, studio.id_of(f"of-{subtype}"))).T - known).max() <= step / 2


def test_listening_moves_the_head_until_it_is_stopped(page: "Page") -> None:
    page.evaluate("async () => { window.studio.sound = await import('/page/sound.js'); }")
    page.mouse.click(2, 2)
    page.evaluate("() => window.studio.sound.listen(44100)")
    until(page, "({ store }) => store.head > 50000")
    page.evaluate("() => window.studio.sound.hush()")
    until(page, "({ store, sound }) => store.head === null && !sound.isListening()")


def test_a_loop_begins_anew_on_its_sample(page: "Page", record: Path) -> None:
    length = 500
    heard = rendered(page, [[FIRST, FIRST + length]], {"loop": True}, AT + length + 300)
    samples, _ = soundfile.read(record, frames=length, start=FIRST, always_2d=True)
    assert np.abs(heard[AT : AT + length] - samples).max() < 1e-9
    assert np.abs(heard[AT + length : AT + length + 300] - samples[:300]).max() < 1e-9


@pytest.mark.parametrize(("mode", "times"), [("one-shot", 2), ("loop", 3)])
def test_a_long_slice_is_played_in_parts_without_a_gap(page: "Page", mode: str, times: int) -> None:
    page.evaluate("([at, play, end]) => window.studio.server.edit({ do: 'end', at, end }, { do: 'play', at, play })",
                  [0, mode, 8 * RATE])  # fmt: skip
    until(page, "({ store }, end) => store.pads[0].stop === end", 8 * RATE)
    page.evaluate("""async () => {
      const { prototype } = AudioBufferSourceNode, { start } = prototype;
      window.studio.begun = [];
      prototype.start = function (when) {
        window.studio.begun.push([Math.round(when * this.context.sampleRate), this.buffer.length]);
        start.call(this, when);
      };
      window.studio.sound = await import("/page/sound.js");
      window.studio.sound.press(window.studio.store.pads[0]);
      window.studio.unpatch = () => { prototype.start = start; };
    }""")
    until(page, "({ begun }, times) => begun.length >= times", times)
    page.evaluate("() => { window.studio.unpatch(); window.studio.sound.hush(); }")
    begun = page.evaluate("() => window.studio.begun")[:times]
    assert [length for _, length in begun] == [6 * RATE, 2 * RATE, 6 * RATE][:times]
    assert [begin for begin, _ in begun[1:]] == [begin + length for begin, length in begun[:-1]]
