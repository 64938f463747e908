"""The device that is meant is found, and a wrong one is refused in a sentence that helps."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from samplechop.realtime.audio.devices import Device, choose_input, choose_output, list_devices
from samplechop.realtime.core.errors import UserError


def device(index: int, name: str, inputs: int = 2, outputs: int = 0, api: str = "ALSA", **defaults: bool) -> Device:
    return Device(index, name, api, inputs, outputs, 44_100, **defaults)


DEVICES = [
    device(0, "Built-in Microphone", is_default=True),
    device(1, "Built-in Output", inputs=0, outputs=2, is_default_output=True),
    device(2, "USB Turntable"),
    device(3, "USB Turntable Pro", outputs=2),
    device(4, "Line In", api="MME"),
    device(5, "Line In", api="WASAPI"),
]


def test_without_a_name_the_default_input_is_meant() -> None:
    assert choose_input(DEVICES, None).index == 0


def test_without_a_default_the_first_input_is_meant() -> None:
    assert choose_input(DEVICES[1:], None).index == 2


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ("3", 3),
        ("usb turntable", 2),
        ("turntable pro", 3),
        ("microphone", 0),
        ("Line In (WASAPI)", 5),
        ("mme", 4),
        (" USB Turntable ", 2),
    ],
)
def test_an_index_or_the_whole_name_or_a_part_finds_the_input(wanted: str, index: int) -> None:
    assert choose_input(DEVICES, wanted).index == index


@pytest.mark.parametrize(("wanted", "listed"), [("turn", [2, 3]), ("line in", [4, 5])])
def test_a_name_that_fits_several_inputs_lists_them(wanted: str, listed: list[int]) -> None:
    with pytest.raises(UserError, match="fits several audio inputs") as refusal:
        choose_input(DEVICES, wanted)
    for one in DEVICES:
        assert (f"{one.index} {one.full_name}" in str(refusal.value)) == (one.index in listed)


@pytest.mark.parametrize("wanted", ["cassette deck", "9", "1", "Built-in Output", ""])
def test_a_name_that_fits_no_input_lists_the_inputs(wanted: str) -> None:
    with pytest.raises(UserError, match="there is no audio input") as refusal:
        choose_input(DEVICES, wanted)
    assert "2 USB Turntable (ALSA)" in str(refusal.value)
    assert "Built-in Output (" not in str(refusal.value)


@pytest.mark.parametrize("devices", [[], [DEVICES[1]]])
def test_a_machine_without_inputs_is_answered_that_files_work(devices: list[Device]) -> None:
    with pytest.raises(UserError, match=r"no audio input on this machine.*live FILE.*--demo"):
        choose_input(devices, None)


def test_the_monitor_plays_on_the_device_itself_if_it_has_outputs() -> None:
    assert choose_output(DEVICES, beside=DEVICES[3]).index == 3


def test_the_monitor_plays_on_the_default_output_otherwise() -> None:
    assert choose_output(DEVICES, beside=DEVICES[2]).index == 1
    assert choose_output(DEVICES).index == 1


def test_a_machine_without_outputs_has_no_monitor() -> None:
    with pytest.raises(UserError, match="--monitor off"):
        choose_output(DEVICES[4:])


def test_a_missing_portaudio_is_one_sentence_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(UserError, match="libportaudio2") as refusal:
        list_devices()
    assert "files still work" in str(refusal.value)
    assert "\n" not in str(refusal.value)


class FakeError(Exception):
    """Stands for sounddevice.PortAudioError."""


class FakePortAudio(SimpleNamespace):
    """Stands for the sounddevice module: one device, two inputs, 44 100 Hz only."""

    PortAudioError = FakeError

    def __init__(self) -> None:
        super().__init__(_initialized=1, starts=0, default=SimpleNamespace(device=(0, -1)))

    def _initialize(self) -> None:
        self._initialized += 1
        self.starts += 1

    def _terminate(self) -> None:
        self._initialized -= 1

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [{"name": "ALSA"}]

    def query_devices(self) -> list[dict[str, Any]]:
        record = {"name": "Turntable", "hostapi": 0, "max_input_channels": 2, "max_output_channels": 0}
        return [record | {"default_samplerate": 44_100.0}]

    def check_input_settings(self, device: int, channels: int, dtype: str, samplerate: int) -> None:
        assert (device, dtype) == (0, "float32")
        assert channels <= 2
        if samplerate != 44_100:
            raise FakeError("Invalid sample rate", -9997)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakePortAudio:
    fake = FakePortAudio()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return fake


@pytest.mark.usefixtures("fake")
def test_the_list_has_all_about_a_device() -> None:
    assert list_devices() == [Device(0, "Turntable", "ALSA", 2, 0, 44_100, is_default=True)]


def test_every_list_starts_portaudio_anew_so_that_new_devices_are_seen(fake: FakePortAudio) -> None:
    for _ in range(3):
        assert choose_input(list_devices(), "turn").name == "Turntable"
        assert fake._initialized == 0
    assert fake.starts == 2


def test_a_portaudio_that_does_not_start_is_one_sentence(fake: FakePortAudio, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise FakeError("Host error")

    fake._initialized = 0
    monkeypatch.setattr(fake, "_initialize", fail)
    with pytest.raises(UserError, match=r"does not start \(Host error\)"):
        list_devices()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"sample_rate": 48_000}, "cannot run at 48000 Hz .* its own rate is 44100 Hz"),
        ({"channels": 8}, "has 2 input channels, not 8"),
        ({"channels": 0}, "has 2 input channels, not 0"),
        ({"device": "deck"}, "there is no audio input 'deck'"),
        ({"monitor": "direct"}, "--monitor off"),
    ],
)
@pytest.mark.usefixtures("fake")
def test_what_a_device_cannot_do_is_refused_before_it_is_opened(options: dict[str, Any], sentence: str) -> None:
    from samplechop.realtime.audio.device_source import DeviceSource

    with pytest.raises(UserError, match=sentence):
        DeviceSource(**options)
