import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.lab.bench import best_cpu_seconds, best_seconds, kit, peers
from samplechop.offline.synthesis.drums import MADE
from tests.support.command import samplechop
from tests.support.signals import RATE, record


def test_the_kit_benchmark_prints_what_it_promises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit, "MINUTES", 0.1)
    monkeypatch.setattr(kit, "AGAIN_MINUTES", 0.2)
    monkeypatch.setattr(kit, "RUNS", 1)
    for measure in (best_seconds, best_cpu_seconds):
        monkeypatch.setattr(kit, measure.__name__, lambda work, _runs=1, measure=measure: measure(work, 1))
    command, most = kit._command, []

    def once(wav: Path, folder: Path) -> float:
        """Run the command the first time."""
        most[:] = most or [command(wav, folder)]
        return most[0]

    monkeypatch.setattr(kit, "_command", once)
    soundfile.write(tmp_path / "record.wav", record(12.0)[0], RATE)
    result = samplechop("bench", "kit", tmp_path / "record.wav", "--hours", 0.002, "--json")
    assert result.code == 0, result.err
    figures = {one["name"]: one["value"] for one in json.loads(result.out)["figures"]}
    assert figures["16 of 2,000 candidates"] > 0
    for way in ("kit", "strongest", "classic", "random", "grid"):
        assert 0.0 <= figures[f"record: repeats, {way}"] <= 1.0
        assert 0.0 < figures[f"record: distance to the nearest, {way}"] < 10.0
        assert 0.0 <= figures[f"record: mean probability, {way}"] <= 1.0
    assert figures["record: distance to the nearest, random"] == pytest.approx(1.0)
    assert figures["0.1 minutes to a kit, loaded"] > 0
    assert all(figures[f"0.1 minutes to a kit, all processes ÷ {name}"] > 0 for name in peers.there())
    assert figures["0.2 minutes planned again, density 1"] > 0
    assert 50 < figures["0.002 hours to a kit: largest memory"] < 1000


def test_a_recording_to_chop_that_is_missing_is_named() -> None:
    result = samplechop("bench", "kit", "no such.wav")
    assert (result.code, result.err) == (2, "samplechop: there is no file 'no such.wav'\n")


def test_one_shots_are_counted_by_what_they_are_called_and_what_they_are_tagged(tmp_path: Path) -> None:
    for folder, role in (("kicks", "kick"), ("other", "kick"), ("hats", "hat")):
        (tmp_path / folder).mkdir()
        sound = np.pad(MADE[role](10_001, 0.8, np.random.default_rng(0)), (0, RATE // 4))
        soundfile.write(tmp_path / folder / "a sound.wav", sound, RATE)
    result = samplechop("bench", "kit", "--one-shots", tmp_path, "--json")
    assert result.code == 0, result.err
    figures = {one["name"]: one["value"] for one in json.loads(result.out)["figures"]}
    assert sum(value for name, value in figures.items() if "tagged" in name and "share" not in name) == 3
    assert sum(value for name, value in figures.items() if name.startswith("none, 1 of them")) == 1
    assert 0.0 <= figures["kick, snare, hat: share tagged right"] <= 1.0
