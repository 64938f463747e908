"""Text that goes into files of other programs: names people gave, and XML."""

import unicodedata
from xml.etree import ElementTree as ET

from samplechop.offline.kits.model import Kit


def plain(text: str) -> str:
    """Give one line that UTF-8 and XML 1.0 can hold; what they cannot, and what breaks lines, becomes a space."""
    return " ".join("".join(" " if _breaks(char) else char for char in text).split())


def _breaks(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in "\ufffe\uffff"


def credit(kit: Kit) -> str:
    """Say in a line what the kit is made of."""
    told = [f"{guess.value}{unit}" for guess, unit in ((kit.tempo, " BPM"), (kit.key, "")) if guess is not None]
    return f"chops of {', '.join([plain(kit.source.name), *told])}, made by samplechop"


def xml_bytes(root: ET.Element) -> bytes:
    """Give the document: UTF-8, indented, with the declaration that every reader knows."""
    ET.indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="utf-8") + b"\n"
