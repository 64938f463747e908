import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from samplechop.offline.atlas.collect.collect import collect
from samplechop.offline.atlas.collect.segmentation import Segment, read_alignment
from samplechop.offline.atlas.settings import CollectSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.cli.main import app
from samplechop.realtime.core.errors import UserError
from tests.support.signals import RATE

GENTLE = {
    "transcript": "The cat um sat.",
    "words": [
        {
            "alignedWord": "the",
            "case": "success",
            "start": 0.1,
            "end": 0.3,
            "phones": [{"duration": 0.05, "phone": "dh_B"}, {"duration": 0.15, "phone": "ah_E"}],
            "word": "The",
            "startOffset": 0,
            "endOffset": 3,
        },
        {"case": "not-found-in-audio", "word": "cat", "startOffset": 4, "endOffset": 7},
        {
            "alignedWord": "<unk>",
            "case": "success",
            "start": 0.4,
            "end": 0.5,
            "phones": [{"duration": 0.1, "phone": "oov_S"}],
            "word": "um",
        },
        {
            "alignedWord": "sat",
            "case": "success",
            "start": 0.6,
            "end": 0.9,
            "phones": [
                {"duration": 0.1, "phone": "s_B"},
                {"duration": 0.1, "phone": "ae_I"},
                {"duration": 0.1, "phone": "t_E"},
            ],
            "word": "sat",
        },
    ],
}
SPHINX = """\
INFO: continuous.c(307): pocketsphinx_continuous COMPILED ON: Jan 1 2016
the cat sat
<s> 0.110 0.150 0.999400
the(2) 0.160 0.290 0.832112
cat 0.300 0.540 1.000000
<sil> 0.550 0.700 0.990000
[NOISE] 0.710 0.750 0.420000
++BREATH++ 0.760 0.800 0.420000
sat 0.810 1.090 0.999
</s> 1.100 1.200 1.000000
"""
SPHINX_5 = """\
{"b":0.000,"d":0.500,"p":1.000,"t":"the","w":[{"b":0.000,"d":0.160,"p":1.000,"t":"<s>"},{"b":0.160,"d":0.140,"p":0.870,\
"t":"the(2)","w":[{"b":0.160,"d":0.040,"p":1.000,"t":"DH"},{"b":0.200,"d":0.100,"p":1.000,"t":"AH"}]}]}
{"b":1.000,"d":0.500,"p":1.000,"t":"cat","w":[{"b":1.200,"d":0.300,"p":0.900,"t":"cat"}]}
"""
ALLPHONE = "SIL 0.000 0.100 1.0\nDH 0.110 0.190 1.0\nAH 0.200 0.290 1.0\n+SPN+ 0.300 0.310 1.0\n"


def textgrid(form: str = "long", tiers: str = "words phones") -> str:
    """Give "the", said from 0.1 to 0.3 s as DH AH0, as Praat writes it."""
    said = {
        "words": [(0.0, 0.1, ""), (0.1, 0.3, "The"), (0.3, 1.0, "sp")],
        "phones": [(0.0, 0.1, "sil"), (0.1, 0.15, "DH"), (0.15, 0.3, "AH0"), (0.3, 1.0, "")],
    }
    short = ["0", "1", "<exists>", "2"]
    long = ["xmin = 0 ", "xmax = 1 ", "tiers? <exists> ", "size = 2 ", "item []: "]
    for number, (name, parts) in enumerate(zip(tiers.split(), said.values(), strict=True), 1):
        short += ['"IntervalTier"', f'"{name}"', "0", "1", str(len(parts))]
        long += [f"    item [{number}]:", '        class = "IntervalTier" ', f'        name = "{name}" ']
        long += ["        xmin = 0 ", "        xmax = 1 ", f"        intervals: size = {len(parts)} "]
        for index, (start, stop, label) in enumerate(parts, 1):
            short += [f"{start:g}", f"{stop:g}", f'"{label}"']
            long += [f"        intervals [{index}]:", f"            xmin = {start:g} "]
            long += [f"            xmax = {stop:g} ", f'            text = "{label}" ']
    return "\n".join(
        ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", *(long if form == "long" else short), ""]
    )


def save(path: Path, content: object, encoding: str = "utf-8") -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding=encoding)
    return path


def told(said: list[Segment]) -> list[tuple[float, float, str]]:
    return [(round(each.start, 6), round(each.stop, 6), each.label) for each in said]


def test_gentle_tells_words_without_those_not_found(tmp_path):
    path = save(tmp_path / "a.json", GENTLE)
    assert told(read_alignment(path, "word")) == [(0.1, 0.3, "the"), (0.4, 0.5, "um"), (0.6, 0.9, "sat")]


def test_gentle_tells_phones_one_after_the_other(tmp_path):
    path = save(tmp_path / "a.json", GENTLE)
    assert told(read_alignment(path, "phone")) == [
        (0.1, 0.15, "dh"),
        (0.15, 0.3, "ah"),
        (0.6, 0.7, "s"),
        (0.7, 0.8, "ae"),
        (0.8, 0.9, "t"),
    ]


def test_sphinx_tells_words_without_fillers_and_numbers_of_variants(tmp_path):
    path = save(tmp_path / "a.txt", SPHINX)
    assert told(read_alignment(path, "word")) == [(0.16, 0.3, "the"), (0.3, 0.55, "cat"), (0.81, 1.1, "sat")]


def test_sphinx_gives_phones_where_it_recognised_phones(tmp_path):
    path = save(tmp_path / "a.txt", ALLPHONE)
    assert told(read_alignment(path, "phone")) == [(0.11, 0.2, "dh"), (0.2, 0.3, "ah")]


def test_sphinx_5_tells_words_and_phones(tmp_path):
    path = save(tmp_path / "a.txt", SPHINX_5)
    assert told(read_alignment(path, "word")) == [(0.16, 0.3, "the"), (1.2, 1.5, "cat")]
    assert told(read_alignment(path, "phone")) == [(0.16, 0.2, "dh"), (0.2, 0.3, "ah")]


@pytest.mark.parametrize("form", ["long", "short"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("tiers", ["words phones", "ORT-MAU MAU", "Mary-words Mary-phones"])
def test_textgrids_of_every_kind_are_read(tmp_path, form, encoding, tiers):
    pytest.importorskip("praatio")
    path = save(tmp_path / "a.TextGrid", textgrid(form, tiers), encoding)
    assert told(read_alignment(path, "word")) == [(0.1, 0.3, "the")]
    assert told(read_alignment(path, "phone")) == [(0.1, 0.15, "dh"), (0.15, 0.3, "ah")]


words = st.lists(
    st.tuples(st.integers(1, 50), st.integers(0, 50), st.from_regex(r"[a-z']{2,8}", fullmatch=True)), min_size=1
)


@given(words)
def test_gentle_and_sphinx_tell_the_same_words_alike(tmp_path_factory, given_words):
    folder = tmp_path_factory.getbasetemp()
    clock, gentle, sphinx = 0, [], []
    for length, pause, word in given_words:
        start, stop = (clock + pause) / 100, (clock + pause + length) / 100
        gentle.append({"case": "success", "word": word, "start": start, "end": stop, "phones": []})
        sphinx.append(f"{word} {start:.3f} {stop - 0.01:.3f} 1.000000")
        clock += pause + length
    one = told(read_alignment(save(folder / "same.json", {"words": gentle}), "word")) if any(gentle) else []
    assert told(read_alignment(save(folder / "same.txt", "\n".join(sphinx)), "word")) == one


@pytest.mark.parametrize(
    ("name", "content", "unit", "expected"),
    [
        ("a.json", '{"words": [\n{]}', "word", r"line 2: this is no JSON"),
        ("a.json", {"transcript": ""}, "word", "it has no list of words"),
        ("a.json", {"words": [{"case": "success", "start": "x"}]}, "word", "word 1: it is not as Gentle"),
        ("a.json", {"words": [{"case": "not-found-in-audio"}]}, "word", "holds no word"),
        ("a.txt", "hello\nworld", "word", "line 1: this is neither"),
        ("a.txt", "", "word", "line 1: this is neither"),
        ("a.txt", "the 0.1 0.2 1.0\ncat 0.5 0.3 1.0", "word", "line 2: a word, its start and its end"),
        ("a.txt", "the 0.1 x 1.0", "word", "line 1: a word, its start and its end"),
        ("a.txt", "the 5.1 5.2 1.0\n\ncat 0.1 0.3 1.0", "word", "line 3: time goes back from 5.1 to 0.1"),
        ("a.txt", '{"b":0.0,"w":[]}\n{"b":1.0}', "word", "line 2: it is not as CMU Sphinx"),
        ("a.txt", SPHINX, "phone", "holds words only: use --unit word"),
        ("a.txt", "<s> 0.1 0.2 1.0", "word", "holds no word"),
        ("a.TextGrid", 'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = ', "word", "no TextGrid"),
        ("a.TextGrid", textgrid().replace("xmin = 0", "xmin = " + "9" * 400), "word", "no TextGrid"),
        ("a.TextGrid", textgrid(tiers="one two"), "word", "its tiers: 'one', 'two'"),
    ],
)
def test_what_is_wrong_is_reported_with_file_and_place(tmp_path, name, content, unit, expected):
    path = save(tmp_path / name, content)
    with pytest.raises(UserError, match=expected) as raised:
        read_alignment(path, unit)
    assert repr(str(path)) in str(raised.value) and "\n" not in str(raised.value)


def test_what_is_no_text_is_one_sentence(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\x80\x81\x82")
    with pytest.raises(UserError, match="is no text in UTF-8"):
        read_alignment(path, "word")


@pytest.fixture
def speech(tmp_path):
    """One second in which every tenth has a pitch of its own."""
    t = np.arange(RATE) / RATE
    pitch = 200.0 * (1 + np.floor(10 * t))
    soundfile.write(tmp_path / "talk.wav", 0.5 * np.sin(2 * np.pi * pitch * t), RATE)
    return tmp_path / "talk.wav"


def collected(folder: Path, inputs: list[Path], alignments: list[Path], unit: str) -> list:
    collect(folder, inputs, CollectSettings(), lambda *_: None, 1, alignments, unit)
    return Atlas(folder).sounds


def test_speech_is_cut_into_words_or_phones(tmp_path, speech):
    sounds = collected(tmp_path / "atlas", [speech], [save(tmp_path / "x.json", GENTLE)], "phone")
    assert [sound.label for sound in sounds] == ["dh", "ah", "s", "ae", "t"]
    assert [sound.name for sound in sounds] == [
        f"talk_{n:04d}_{label}" for n, label in enumerate(["dh", "ah", "s", "ae", "t"], 1)
    ]
    assert [sound.start for sound in sounds] == pytest.approx([0.1, 0.15, 0.6, 0.7, 0.8], abs=0.002)
    assert [sound.zero_crossings for sound in sounds[2:]] == pytest.approx([2800, 3200, 3600], rel=0.03)


def test_several_recordings_get_the_alignments_of_their_names(tmp_path, speech):
    (tmp_path / "speech").mkdir()
    for name in ("one", "two", "three"):
        (tmp_path / "speech" / f"{name}.wav").write_bytes(speech.read_bytes())
    (tmp_path / "aligned").mkdir()
    save(tmp_path / "aligned" / "one.json", GENTLE)
    save(tmp_path / "aligned" / "two.txt", SPHINX.replace("1.090", "0.990"))
    sounds = collected(tmp_path / "atlas", [tmp_path / "speech"], [tmp_path / "aligned"], "word")
    assert [sound.label for sound in sounds] == ["the", "um", "sat", "the", "cat", "sat"]
    (left,) = [source for source in Atlas(tmp_path / "atlas").sources() if source.reason]
    assert "three.wav' has no alignment of its name" in left.reason


def test_an_alignment_without_its_recording_is_one_sentence(tmp_path, speech):
    alignments = [save(tmp_path / "talk.json", GENTLE), save(tmp_path / "walk.json", GENTLE)]
    with pytest.raises(UserError, match=r"no recording is named like the alignment '.*walk\.json'"):
        collected(tmp_path / "atlas", [speech], alignments, "word")


def test_an_alignment_of_a_longer_recording_is_refused_and_nothing_comes_in(tmp_path, speech):
    later = {"words": [{**GENTLE["words"][0], "start": 5.0, "end": 5.2}]}
    sounds = collected(tmp_path / "atlas", [speech], [save(tmp_path / "x.json", later)], "word")
    assert not sounds
    assert "'the' is spoken at 5.00 s" in Atlas(tmp_path / "atlas").sources()[0].reason


def test_the_command_cuts_speech(tmp_path, speech):
    path = save(tmp_path / "x.txt", SPHINX.replace("1.090", "0.990"))
    given_options = ["atlas", "collect", str(speech), "-o", str(tmp_path / "atlas"), "--jobs", "1"]
    done = CliRunner().invoke(app, [*given_options, "--alignment", str(path), "--unit", "word"])
    assert done.exit_code == 0 and "3 new, 3 sounds" in done.output
    done = CliRunner().invoke(app, [*given_options, "--alignment", str(path), "--unit", "sentence"])
    assert "--unit must be one of phone, word" in str(done.exception)


@pytest.mark.parametrize("word", ["+" * 10**6, "+" * 10**6 + "x", "<" * 10**6, "(1" * 10**6, "_" * 10**6])
def test_long_words_are_read(word: str, tmp_path: Path) -> None:
    path = tmp_path / "speech.json"
    words = [
        {"case": "success", "start": start, "end": start + 1, "word": text} for start, text in ((0, word), (1, "a"))
    ]
    path.write_text(json.dumps({"words": words}), encoding="utf-8")
    assert read_alignment(path, "word")[-1] == Segment(1, 2, "a")


@pytest.mark.parametrize("end", ["NaN", "1e999", "1e300", "1" + "0" * 5000, "[" * 5000 + "]" * 5000])
def test_times_beyond_any_recording_are_refused(end: str, tmp_path: Path) -> None:
    path = tmp_path / "speech.json"
    path.write_text('{"words": [{"case": "success", "start": 0, "word": "a", "end": ' + end + "}]}", encoding="utf-8")
    with pytest.raises(UserError):
        read_alignment(path, "word")


@given(content=st.binary() | st.binary().map(lambda rest: b'{"words": [' + rest))
def test_any_bytes_are_an_alignment_or_an_error(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("any") / "any.json"
    path.write_bytes(content)
    with contextlib.suppress(UserError):
        assert read_alignment(path, "word")
