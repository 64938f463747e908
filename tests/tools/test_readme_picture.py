import re
from xml.etree import ElementTree

from tools.readme_picture import example, main, picture


def test_the_picture_fetches_nothing(tmp_path):
    assert main([str(tmp_path / "live.svg")]) == 0
    text = (tmp_path / "live.svg").read_text(encoding="utf-8")
    assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/2000/svg"]  # the name of the format, not a place
    assert "@font-face" not in text
    assert "href" not in text


def test_the_picture_is_the_same_every_time(tmp_path):
    for name in ("a.svg", "b.svg"):
        main([str(tmp_path / name)])
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_everything_lies_within_the_picture(tmp_path):
    picture(*example(), tmp_path / "live.svg")
    root = ElementTree.parse(tmp_path / "live.svg").getroot()
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    for shape in root.iter():
        if "x" in shape.attrib:
            left, top = float(shape.attrib["x"]), float(shape.attrib["y"])
            assert 0 <= left < left + float(shape.get("width") or shape.attrib["textLength"]) <= width
            assert 0 <= top <= height


def test_a_wrong_call_says_how_to_call_it(capsys):
    assert main([]) == 2
    assert "OUT.svg" in capsys.readouterr().err
