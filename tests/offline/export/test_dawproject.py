"""The DAWproject, held against the schemas its makers publish, and its audio against the record."""

import io
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.export.timelines import write_dawproject
from tests.support.kits import CHANGING, make_kit

etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")

SCHEMAS = os.environ.get("SAMPLECHOP_DAWPROJECT_XSD")
needs_schemas = pytest.mark.skipif(not SCHEMAS, reason="SAMPLECHOP_DAWPROJECT_XSD names no folder with the schemas")
ANY_NAME = "Größe & <サンプル> d'été"


def parts_of(kit) -> dict[str, bytes]:
    with zipfile.ZipFile(write_dawproject(kit)[0]) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@needs_schemas
@pytest.mark.parametrize("kind", ["Project", "MetaData"])
@pytest.mark.parametrize("slices", [1, 128])
def test_the_published_schemas_accept_it(tmp_path, kind, slices):
    parts = parts_of(make_kit(tmp_path, slices=slices, slice_length=200, first_note=0, name=ANY_NAME))
    schema = etree.XMLSchema(etree.parse(str(Path(SCHEMAS or "") / f"{kind}.xsd")))
    schema.assertValid(etree.fromstring(parts[f"{kind.lower()}.xml"]))


@needs_schemas
def test_the_published_schemas_accept_colours(tmp_path):
    kit = make_kit(tmp_path)
    coloured = replace(kit, slices=tuple(replace(part, colour="#56b4e9") for part in kit.slices))
    schema = etree.XMLSchema(etree.parse(str(Path(SCHEMAS or "") / "Project.xsd")))
    schema.assertValid(etree.fromstring(parts_of(coloured)["project.xml"]))


@needs_schemas
def test_the_published_schemas_accept_changes_of_tempo(tmp_path):
    schema = etree.XMLSchema(etree.parse(str(Path(SCHEMAS or "") / "Project.xsd")))
    kit = replace(make_kit(tmp_path, slices=14), tempo_map=CHANGING)
    schema.assertValid(etree.fromstring(parts_of(kit)["project.xml"]))


@needs_schemas
def test_the_published_schemas_accept_a_kit_of_which_little_is_known(tmp_path):
    parts = parts_of(make_kit(tmp_path, tempo=None, key=None))
    schema = etree.XMLSchema(etree.parse(str(Path(SCHEMAS or "") / "Project.xsd")))
    schema.assertValid(etree.fromstring(parts["project.xml"]))


def test_the_audio_inside_is_the_record(tmp_path):
    kit = make_kit(tmp_path, subtype="PCM_24", name=ANY_NAME)
    parts = parts_of(kit)
    named = etree.fromstring(parts["project.xml"]).find(".//Audio/File").get("path")
    samples, rate = soundfile.read(io.BytesIO(parts[named]), dtype="int32")
    assert rate == kit.sample_rate
    assert np.array_equal(samples, soundfile.read(kit.audio, dtype="int32")[0])


def test_notes_and_markers_lie_at_the_slices(tmp_path):
    kit = make_kit(tmp_path, slices=7, sample_rate=48_000, gap=77, first=1_234)
    project = etree.fromstring(parts_of(kit)["project.xml"])
    tempo = float(project.find("Transport/Tempo").get("value"))

    def sample(beats: str) -> int:
        return round(float(beats) * 60.0 / tempo * kit.sample_rate)

    notes, markers = project.findall(".//Note"), project.findall(".//Marker")
    assert tempo == 92.0
    for part, note, marker in zip(kit.slices, notes, markers, strict=True):
        assert (sample(note.get("time")), sample(note.get("duration"))) == (part.start, part.stop - part.start)
        assert int(note.get("key")) == part.note
        assert (sample(marker.get("time")), marker.get("name")) == (part.start, part.name)


def test_notes_lie_at_the_slices_by_the_tempi_of_a_record_whose_tempo_changes(tmp_path):
    kit = replace(make_kit(tmp_path, slices=14, gap=700, first=100), tempo_map=CHANGING)
    project = etree.fromstring(parts_of(kit)["project.xml"])
    points = project.findall(".//TempoAutomation/RealPoint")
    beats = np.array([float(point.get("time")) for point in points])
    periods = 60 / np.array([float(point.get("value")) for point in points])
    starts = np.concatenate([[0], np.cumsum(np.diff(beats) * periods[:-1])])
    for part, note in zip(kit.slices, project.findall(".//Note"), strict=True):
        for place, beat in ((part.start, 0.0), (part.stop, float(note.get("duration")))):
            beat += float(note.get("time"))
            at = np.searchsorted(beats, beat, "right") - 1
            assert round((starts[at] + (beat - beats[at]) * periods[at]) * kit.sample_rate) == place
    bars = project.findall(".//TimeSignatureAutomation/TimeSignaturePoint")
    assert [(bar.get("time"), bar.get("numerator")) for bar in bars] == [("0", "1"), ("1", "3")]


def test_everything_that_is_referred_to_is_there(tmp_path):
    kit = replace(make_kit(tmp_path, slices=14), tempo_map=CHANGING)
    project = etree.fromstring(parts_of(kit)["project.xml"])
    given = [element.get("id") for element in project.iter() if element.get("id")]
    wanted = {
        element.get(name)
        for element in project.iter()
        for name in ("track", "destination", "parameter")
        if element.get(name)
    }
    assert len(set(given)) == len(given) and wanted <= set(given)
