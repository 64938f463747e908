"""Text of XML documents is what ElementTree makes of them."""

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.export import xml_bytes
from samplechop.offline.export.xml_text import copied

WORDS = st.none() | st.text(st.sampled_from("aé𝄞 \n\t\r<>&\"'"), max_size=4)
TAGS = st.sampled_from(["Pad", "Layer", "Note"])


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> ET.Element:
    one = ET.Element(draw(TAGS), {name: draw(WORDS) or "" for name in draw(st.sets(TAGS))})
    one.text, one.tail = draw(WORDS), draw(WORDS)
    if depth:
        one.extend(draw(st.lists(elements(depth - 1), max_size=3)))
    return one


def by_element_tree(root: ET.Element) -> bytes:
    root = copied(root)  # in which nothing stands twice
    root.tail = None
    ET.indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="utf-8") + b"\n"


@given(elements())
def test_a_document_is_written_as_element_tree_writes_it(root: ET.Element) -> None:
    assert xml_bytes(root) == by_element_tree(root)


@given(elements())
def test_a_part_that_stands_in_several_places_is_written_in_each(part: ET.Element) -> None:
    root, inner = ET.Element("Kit"), ET.Element("Pads")
    root.extend([part, inner, part])
    inner.extend([part, part])
    assert xml_bytes(root) == by_element_tree(root)


@given(elements())
def test_a_copy_is_equal_and_shares_nothing(root: ET.Element) -> None:
    made = copied(root)
    assert ET.tostring(made) == ET.tostring(root)
    assert not set(map(id, made.iter())) & set(map(id, root.iter()))
