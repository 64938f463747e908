import io
import json
import pickle
import re
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from samplechop import models
from samplechop.offline.evaluate import drums, harmony, peers, report, runner, systems
from samplechop.offline.evaluate.chops import TASK
from samplechop.offline.evaluate.measures import Markers
from samplechop.offline.evaluate.references import tracks_in, write_play
from samplechop.offline.lab.synthetic.tempo_records import TEMPO_STYLES, make_tempo_record
from samplechop.offline.labels.files import fingerprint
from samplechop.offline.labels.recording_truth import ChopTruth, DrumTruth, Truth, write_truth
from samplechop.realtime.core.errors import UserError
from tests.support.command import samplechop

RATE = 44_100
HITS = np.arange(0.5, 5.5, 0.5)


def clicks(times=HITS, seconds=6.0, seed=0):
    rng, samples = np.random.default_rng(seed), np.zeros(round(seconds * RATE), np.float32)
    burst = (rng.standard_normal(3000) * np.exp(-np.arange(3000) / 500)).astype(np.float32)
    for time in times:
        samples[round(time * RATE) : round(time * RATE) + 3000] += 0.5 * burst
    return samples


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("records")
    for name, seed in (("soul/one", 1), ("jazz/two", 2)):
        path = place / f"{name}.wav"
        path.parent.mkdir()
        soundfile.write(path, clicks(seed=seed), RATE)
    drums = [DrumTruth(time, "kick", 0.9) for time in HITS]
    truth = Truth(6.0, "soul", "validation", 1, chops=[ChopTruth(time, "hit", 1.0) for time in HITS], drums=drums)
    write_truth(truth, place / "soul/one.json")
    (place / "jazz/two.onsets.txt").write_text("".join(f"{time}\n" for time in HITS))
    return place


@pytest.fixture(scope="module")
def result(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "synthetic_noises", short_noises)
        return runner.evaluate(TASK, tracks_in(folder), ["chop-61", "librosa"], [], jobs=1)


def short_noises():
    return {"hiss": [0.01 * np.random.default_rng(5).standard_normal(RATE).astype(np.float32)]}


def shown(renderable, width=100):
    from rich.console import Console

    console = Console(width=width, record=True, force_terminal=True, file=io.StringIO())
    console.print(renderable)
    return console.export_text(styles=True)


def test_the_command_prints_a_table_that_fits_100_columns(folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    found = samplechop("evaluate", folder, "--model", "chop-61", "--peers", "librosa", "--no-noise", "--jobs", 1)
    assert found.code == 0
    assert all(word in found.out for word in ("chop-61", "librosa", "chosen chops F", "strong hits F", "soul", "jazz"))
    assert max(map(len, found.out.splitlines())) <= 100


def test_the_command_writes_everything_as_json_and_as_a_page(folder, tmp_path):
    options = ["--model", "chop-61", "--peers", "none", "--no-noise", "--jobs", 1, "--tracks"]
    found = samplechop("evaluate", folder, *options, "--json", tmp_path / "all.json", "--page", tmp_path / "all.html")
    assert found.code == 0
    written = json.loads((tmp_path / "all.json").read_text())
    assert set(written["systems"]["chop-61"]["recordings"]) == {"soul/one.wav", "jazz/two.wav"}
    assert "one" in (tmp_path / "all.html").read_text()


def test_the_best_value_is_bold(result):
    line = next(row for row in shown(report.means(result)).splitlines() if "hiss" in row)
    assert result.noise["hiss"]["chop-61"] < result.noise["hiss"]["librosa"]
    assert re.search(r"\x1b\[1m *0\.0", line)
    assert not re.search(r"\x1b\[1m *[1-9]", line)


@pytest.mark.parametrize("judged", [TASK, drums.TASK, harmony.TASK])
def test_what_is_judged_can_be_handed_to_another_process(judged):
    assert pickle.loads(pickle.dumps(judged)) == judged


def test_results_do_not_depend_on_the_number_of_processes(folder, result):
    again = runner.evaluate(TASK, tracks_in(folder), ["chop-61"], None, jobs=2)  # librosa would take long to load
    for one, two in zip(result.tracks, again.tracks, strict=True):
        (heard,) = two.by_system.values()
        assert one.by_system["chop-61"].found.times.tolist() == heard.found.times.tolist()


def test_chops_beats_and_their_ways_stand_in_one_table(folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    options = ["--model", "chop", "--choose", "hits", "--detector", "chop", "--detector", "beats", "--peers", "none"]
    found = samplechop("evaluate", folder, *options, "--no-noise", "--jobs", 1)
    assert found.code == 0, found.err
    assert "chop hits" in found.out
    assert "beats" in found.out
    wrong = samplechop("evaluate", folder, "--choose", "never", "--peers", "none")
    assert wrong.code == 2
    assert "--choose must be" in wrong.err


def test_the_second_play_of_a_record_is_compared_with_the_first(tmp_path):
    first = clicks()
    soundfile.write(tmp_path / "record-a.wav", first, RATE)
    soundfile.write(tmp_path / "record-b.wav", first[RATE // 4 :], RATE)
    (tmp_path / "record-a.onsets.txt").write_text("".join(f"{time}\n" for time in HITS))
    write_play(tmp_path / "record-b.play.json", "record-a.wav", np.array([[0.25, 0.0], [6.0, 5.75]]))
    found = runner.evaluate(TASK, tracks_in(tmp_path), ["librosa"], None, jobs=1)
    values = {one.track.name: one.by_system["librosa"].measures.get("replayed") for one in found.tracks}
    assert values["record-a"] is None
    assert values["record-b"] > 0.8


def test_librosa_finds_the_clicks(result):
    assert result.summary("librosa")["onsets_r"] == pytest.approx(1)


def test_a_marker_on_pure_noise_is_a_false_one(monkeypatch, folder):
    monkeypatch.setattr(systems, "open_system", lambda _: lambda _: Markers(np.array([1.0])))
    monkeypatch.setattr(runner, "synthetic_noises", lambda: {"hum": [np.zeros(30 * RATE, np.float32)] * 3})
    assert runner.evaluate(TASK, tracks_in(folder), ["one"], [], jobs=1).noise == {"hum": {"one": pytest.approx(2)}}


def test_the_page_holds_every_recording_and_fetches_nothing(result):
    html = report.page(result, "my <records>")
    assert "my &lt;records&gt;" in html
    for one in result.tracks:
        assert f"<h3>{one.track.name} " in html
    assert html.count('aria-label="reliability diagram"') == 1
    assert "False markers per minute" in html
    assert not re.search(r"(src|href)=\"(?!#)|url\(|@import|<script", html)


def test_the_page_is_well_formed_and_small(result):
    from xml.etree import ElementTree

    drawings = re.findall(r"<svg.*?</svg>", report.page(result, "records"), re.DOTALL)
    assert len(drawings) == len(result.tracks) + 1
    for drawing in drawings:
        ElementTree.fromstring(drawing)
        assert len(drawing) < 40_000


def test_a_page_that_cannot_be_written_is_a_clear_fault(result, tmp_path):
    with pytest.raises(UserError, match="cannot be written"):
        report.write_page(result, "records", tmp_path)


def test_a_peer_that_is_not_installed_is_named(folder, monkeypatch):
    monkeypatch.setattr(peers.shutil, "which", lambda _: None)
    assert peers.wanted_peers("all", ("librosa", "aubio")) == ["librosa"]
    found = samplechop("evaluate", folder, "--peers", "aubio")
    assert found.code == 2
    assert "aubio-tools" in found.err
    assert len(found.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["{}/nowhere"], "No folder"),
        (["{}", "--peers", "madmom"], "--peers must be"),
        (["{}", "--model", "nobody"], "nobody"),
        (["{}", "--detector", "nobody"], "no detector 'nobody'"),
        (["{}", "--detector", "beats", "--model", "chop"], "--model chooses the net of the chop detector"),
        (["{}", "--density", "1.5"], "--density must be in 0..1, got 1.5"),
        (["{}", "--density", ".5", "--choose", "hits"], "--density takes the place of --choose"),
        (["{}", "--page", "{}/nowhere/page.html"], "cannot be written"),
        (["{}", "--json", "{}/nowhere/all.json"], "cannot be written"),
        (["{}", "--json", "{}"], "it is a folder"),
        (["{}", "--page", "{}/loop.flac"], "the name must end in .html"),
        (["{}", "--json", "{}/loop.flac"], "the name must end in .json"),
        (["{}", "--noise-file", "{}/nowhere.wav", "--peers", "none", "--model", "chop-61"], "nowhere.wav"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(folder, arguments, says, monkeypatch):
    monkeypatch.setattr(runner, "synthetic_noises", short_noises)
    found = samplechop("evaluate", *(one.format(folder) for one in arguments), "--jobs", 1)
    assert found.code == 2, found
    assert found.out == ""
    assert len(found.err.strip().splitlines()) == 1, found.err
    assert says in found.err


def test_recordings_of_the_same_name_in_two_subfolders_are_kept_apart(tmp_path):
    for group in ("soul", "jazz"):
        (tmp_path / group).mkdir()
        soundfile.write(tmp_path / group / "one.wav", clicks(), RATE)
        (tmp_path / group / "one.onsets.txt").write_text("0.5\n")
    made = runner.evaluate(TASK, tracks_in(tmp_path), ["librosa"], None, jobs=1)
    assert set(report.as_data(made, tmp_path)["systems"]["librosa"]["recordings"]) == {
        "jazz/one.wav",
        "soul/one.wav",
    }


def test_names_with_brackets_are_shown_whole(tmp_path):
    soundfile.write(tmp_path / "break [live]-1.wav", clicks(), RATE)
    (tmp_path / "break [live]-1.onsets.txt").write_text("0.5\n")
    made = runner.evaluate(TASK, tracks_in(tmp_path), ["librosa"], None, jobs=1)
    assert "break [live]-1" in shown(report.recordings(made))
    assert "break [live]" in shown(report.means(made))


def test_parts_of_a_measure_that_is_not_known_stand_under_its_name(folder, monkeypatch):
    def nothing(_system):
        return lambda _samples: Markers(np.zeros(0), np.zeros(0), None, 1.0)

    monkeypatch.setattr(systems, "open_system", nothing)
    made = runner.evaluate(TASK, tracks_in(folder / "jazz"), ["none"], None, jobs=1)
    found = [(row.label.strip(), cells) for row, cells in report.lines(made, "jazz")]
    attack = found.index(("on a real attack", [("–", False)]))
    assert found[attack + 1] == ("recall", [(".000", False)])


def test_results_that_cannot_be_written_are_a_clear_fault(result, folder, tmp_path):
    with pytest.raises(UserError, match="cannot be written"):
        report.write_data(result, folder, tmp_path)


def test_a_model_that_learned_from_a_recording_is_named(result, monkeypatch):
    learned = fingerprint(result.tracks[0].track.path)
    trained = replace(models.load("chop-61"), training={"learned_from": [learned]})
    monkeypatch.setattr(models, "load", lambda _: trained)
    assert "chop-61 has learned from 1 of these" in shown(report.means(result))
    assert "has learned from 1 of these" in report.page(result, "mine")


def test_the_tempo_of_recordings_with_known_beats_is_measured(tmp_path):
    record = make_tempo_record(TEMPO_STYLES[4], 0, 0, 12.0)
    soundfile.write(tmp_path / "house.wav", record.samples, RATE)
    (tmp_path / "house.beats.txt").write_text("".join(f"{beat:.4f}\n" for beat in record.beats))
    result = samplechop("evaluate", "tempo", tmp_path, "--jobs", "1", "--json", tmp_path / "out.json")
    assert result.code == 0, result.err
    ((score,),) = json.loads((tmp_path / "out.json").read_text()).values()
    assert score["level"] == "right"


def test_a_recording_without_any_beat_found_is_written_as_plain_json(tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE * 8), RATE)
    (tmp_path / "silence.beats.txt").write_text("".join(f"{beat}\n" for beat in range(8)))
    result = samplechop("evaluate", "tempo", tmp_path, "--jobs", "1", "--json", tmp_path / "out.json")
    assert result.code == 0, result.err

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    ((score,),) = json.loads((tmp_path / "out.json").read_text(), parse_constant=refuse).values()
    assert score["late"] is None and score["level"] == "none"


def test_the_tempo_by_other_weights_is_another(tmp_path):
    record = make_tempo_record(TEMPO_STYLES[4], 0, 0, 12.0)
    soundfile.write(tmp_path / "house.wav", record.samples, RATE)
    (tmp_path / "house.beats.txt").write_text("".join(f"{beat:.4f}\n" for beat in record.beats))
    content = json.loads((models.FOLDER / "beats.json").read_text())
    content["octave"]["output"][0][-1] = 900.0  # always half as fast
    (tmp_path / "mine.json").write_text(json.dumps(content))
    options = ["--jobs", "1", "--json", tmp_path / "out.json"]
    levels = []
    for weights in (["--weights", tmp_path / "mine.json"], []):
        result = samplechop("evaluate", "tempo", tmp_path, *weights, *options)
        assert result.code == 0, result.err
        levels.append(next(iter(json.loads((tmp_path / "out.json").read_text()).values()))[0]["level"])
    assert levels == ["half", "right"]
    content["bars"]["usual"].append(0.5)
    (tmp_path / "later.json").write_text(json.dumps(content))
    for name, told in (("later", "of another version"), ("nothing", "No such file"), ("out", "be used: ")):
        refused = samplechop("evaluate", "tempo", tmp_path, "--weights", tmp_path / f"{name}.json", "--jobs", "1")
        assert refused.code == 2 and refused.err.count("\n") == 1 and told in refused.err, refused.err
