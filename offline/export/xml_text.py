"""XML documents as text, and copies of their parts: what ElementTree does, in a fifth of its time.

Documents of samplers repeat one pad for each slice, up to a hundred times with thousands of elements.
"""

import re
from xml.etree import ElementTree as ET

INDENT = "  "
_IN_TEXT, _IN_ATTRIBUTES = re.compile("[&<>]"), re.compile('[&<>"\r\n\t]')
_OF_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_OF_ATTRIBUTES = {**_OF_TEXT, **str.maketrans({'"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#09;"})}


def copied(element: ET.Element) -> ET.Element:
    """Give a copy of an element and of all within it."""
    made = ET.Element(element.tag, element.attrib)
    made.text, made.tail = element.text, element.tail
    made.extend([copied(child) for child in element])
    return made


def indented(root: ET.Element) -> str:
    """Give a document without namespaces and comments as text, each element on a line of its own.

    It is what `ElementTree.indent` and `tostring` give. Elements that stand in several places are written once.
    """
    return _text(root, 0, {})


def _text(element: ET.Element, level: int, known: dict[tuple[int, int], str]) -> str:
    """Give an element without its tail. known: the texts of elements with children, by identity and level."""
    if (text := known.get((id(element), level))) is not None:
        return text
    tag, within = element.tag, element.text
    attributes = "".join([f' {name}="{_attribute(value)}"' for name, value in element.attrib.items()])
    if not len(element):
        return f"<{tag}{attributes}>{_plain(within)}</{tag}>" if within else f"<{tag}{attributes} />"
    line = "\n" + INDENT * (level + 1)
    parts = [f"<{tag}{attributes}>", _plain(within) if within and within.strip() else line]
    for child in element:
        parts += _text(child, level + 1, known), _plain(child.tail) if child.tail and child.tail.strip() else line
    if not (child.tail and child.tail.strip()):
        parts[-1] = line[: -len(INDENT)]
    parts.append(f"</{tag}>")
    text = known[id(element), level] = "".join(parts)
    return text


def _plain(text: str) -> str:
    return text.translate(_OF_TEXT) if _IN_TEXT.search(text) else text


def _attribute(value: str) -> str:
    return value.translate(_OF_ATTRIBUTES) if _IN_ATTRIBUTES.search(value) else value
