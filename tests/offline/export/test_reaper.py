"""The Reaper project, read by the rpp package."""

from dataclasses import replace

import pytest
import soundfile

from samplechop.offline.export.timelines import quoted, write_reaper
from tests.support.kits import CHANGING, make_kit

rpp = pytest.importorskip("rpp", reason="the package rpp is not installed")


def project_of(kit):
    with write_reaper(kit)[0].open(encoding="utf-8") as file:
        return rpp.load(file)


def test_every_slice_is_a_region(tmp_path):
    kit = make_kit(tmp_path, slices=5, gap=300)
    marks = [line for line in project_of(kit) if isinstance(line, list) and line[0] == "MARKER"]
    starts, stops = marks[::2], marks[1::2]
    for part, start, stop in zip(kit.slices, starts, stops, strict=True):
        assert start[1] == stop[1] == str(part.number) and start[4] == stop[4] == "1"
        assert (start[3], stop[3]) == (part.name, "")
        assert round(float(start[2]) * kit.sample_rate) == part.start
        assert round(float(stop[2]) * kit.sample_rate) == part.stop


def test_the_record_lies_on_a_track_from_the_beginning(tmp_path):
    kit = make_kit(tmp_path, name="Größe d'été")
    item = project_of(kit).find("TRACK").find("ITEM")
    facts = {line[0]: line[1:] for line in item if isinstance(line, list)}
    assert float(facts["POSITION"][0]) == 0.0
    assert round(float(facts["LENGTH"][0]) * kit.sample_rate) == kit.length
    record = kit.folder / next(line[1] for line in item.find("SOURCE") if line[0] == "FILE")
    assert soundfile.info(record).frames == kit.length


def test_the_project_plays_at_the_records_tempo(tmp_path):
    tempos = {line[1] for line in project_of(make_kit(tmp_path)) if isinstance(line, list) and line[0] == "TEMPO"}
    assert tempos == {"92.0"}


def test_tempi_and_bars_change_where_those_of_the_record_do(tmp_path):
    kit = replace(make_kit(tmp_path, slices=14), tempo_map=CHANGING)
    points = [[float(value) for value in line[1:]] for line in project_of(kit).find("TEMPOENVEX") if line[0] == "PT"]
    assert [point[:3] for point in points] == [[one.sample / 44_100, one.bpm, 1] for one in CHANGING.stretches]
    assert [point[3:] for point in points] == [[4 << 16 | 1, 0, 1], [4 << 16 | 3, 0, 1], []]


@pytest.mark.parametrize("text", ["plain", 'in "quotation" marks', "d'été", "both \" and '", "", "a`b"])
def test_a_text_with_marks_is_read_as_it_was(text):
    assert rpp.loads(f"<A\n  NAME {quoted(text)}\n>\n")[0][1] == text
