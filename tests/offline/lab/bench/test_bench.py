import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.lab.bench import (
    Figure,
    as_json,
    as_table,
    best_cpu_seconds,
    cpu_seconds_of,
    cpu_seconds_to_a_line,
    growth,
    live,
    net_costs,
    peers,
    ratios,
    stages,
    start,
)
from samplechop.realtime.detectors import BUILT_IN
from tests.support.command import samplechop
from tests.support.signals import RATE, record


def test_figures_can_be_read_back() -> None:
    figures = [Figure("speed", 12.5, "×", "≥ 10", True), Figure("size", 3.0, "MiB")]
    read = json.loads(as_json(figures))
    assert read["machine"]["cores"] >= 1
    assert [Figure(**one) for one in read["figures"]] == figures


def test_a_missed_goal_is_marked() -> None:
    table = as_table("title", [Figure("slow", 1.0, "×", "≥ 10", False)])
    assert "missed" in str(list(table.columns[3].cells))


def test_a_short_recording_is_repeated_to_a_minute(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "short.wav", np.ones((1000, 2)) * 0.5, 22_050)
    assert live.recording(tmp_path / "short.wav").shape == (live.SECONDS * RATE, 2)


def test_the_live_benchmark_prints_what_it_promises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SECONDS", 2)
    for module in (live, stages):
        monkeypatch.setattr(module, "best_cpu_seconds", lambda work, _runs=1: best_cpu_seconds(work, 1))
    monkeypatch.setattr(net_costs.costs, "__defaults__", (1,))
    monkeypatch.setattr(stages, "least_in_turns", lambda measures, _repeats: [measure() for measure in measures])
    monkeypatch.setattr(start, "cpu_seconds_of", lambda _command, _runs: 1.0)
    soundfile.write(tmp_path / "record.wav", record(2.0)[0], RATE)
    result = samplechop("bench", "live", tmp_path / "record.wav", "--json")
    assert result.code == 0, result.err
    figures = {one["name"]: one for one in json.loads(result.out)["figures"]}
    for name in (
        "constant-Q, blocks of 256",
        "faster than librosa",
        "chop-61: whole chain per frame, p99",
        *(f"{name} alone, per frame, mean of CPU time" for name in live.TOGETHER if name in BUILT_IN),
        *(f"{name}: latency, event to note" for name in live.TOGETHER if name in BUILT_IN),
        "latency, event to note",
        "chop: per block of 64, p99",
        "file: harmony: chords, key, events, per hop",
    ):
        assert figures[name]["value"] > 0
    assert figures["48-bin sum, relative error, median"]["reached"]


def test_a_missing_recording_is_named() -> None:
    result = samplechop("bench", "live", "no such.wav")
    assert (result.code, result.err) == (2, "samplechop: there is no file 'no such.wav'\n")


def test_the_start_benchmark_prints_what_it_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "cpu_seconds_of", lambda _command, _repeats, _code=0: 0.25)
    monkeypatch.setattr(start, "cpu_seconds_to_a_line", lambda _command, _repeats: 0.5)
    monkeypatch.setattr(growth, "PER_HOUR", 40)
    for grown in (growth.midi_file, growth.kits):
        monkeypatch.setattr(grown, "__defaults__", ((1, 2),))
    before = os.environ.get("NUMBA_CACHE_DIR")
    result = samplechop("bench", "start", "--json")
    assert result.code == 0, result.err
    names = {one["name"] for one in json.loads(result.out)["figures"]}
    assert {"--help", "chops: first start ever, until it listens"} <= names
    assert {"--midi-file, without beats: memory each further hour", "a kit's picture, 2 h ÷ 1 h"} <= names
    assert os.environ.get("NUMBA_CACHE_DIR") == before


def test_a_program_is_measured_until_it_writes_a_line_and_no_longer() -> None:
    endless = [sys.executable, "-c", "print('one', flush=True)\nwhile True: pass"]
    assert cpu_seconds_to_a_line(endless, 1) > 0


def test_a_program_that_ends_with_another_code_is_not_measured() -> None:
    ends = [sys.executable, "-c", "raise SystemExit(2)"]
    assert cpu_seconds_of(ends, 1, code=2) > 0
    with pytest.raises(subprocess.CalledProcessError):
        cpu_seconds_of(ends, 1)


def test_where_no_other_program_is_installed_one_sentence_each_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "there", list)
    monkeypatch.setattr(stages, "SCALE_MINUTES", ())
    monkeypatch.setattr(live, "SECONDS", 1)
    soundfile.write(tmp_path / "record.wav", record(1.0)[0], RATE)
    result = samplechop("bench", "scale", tmp_path / "record.wav", "--json")
    assert (result.code, json.loads(result.out)["figures"]) == (0, [])
    said = [line for line in result.err.splitlines() if "is not installed" in line]
    assert [line.split()[1] for line in said] == [peers.AUBIO, peers.LIBROSA]


def test_calls_of_functions_are_counted_within_functions_too() -> None:
    def work() -> None:
        for _ in range(3):
            len("")

    assert ratios.calls_of(work) == 1 + 3 + 1  # the last ends the counting


def test_no_live_block_calls_more_functions_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratios, "allocations", lambda _work, _frames: (0.0, 0.0))  # which take longer to be counted
    mono = record(4.0)[0]
    calls = [figure for figure in ratios.counts(mono) if "calls" in figure.name]
    assert calls and all(figure.reached for figure in calls), calls


@pytest.mark.parametrize(("bound", "code"), [(1.0, 1), (9.0, 0)])
def test_a_ratio_beyond_its_bound_fails_the_check(bound: float, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {ratios: ("counts", "computing", "starts"), growth: ("midi_file", "kits")}
    for module, part in ((module, part) for module, names in parts.items() for part in names):
        monkeypatch.setattr(module, part, lambda *_: [Figure("ratio", 5.0, "×").at_most(bound)])
    assert samplechop("bench", "ratios", "--json").code == code
