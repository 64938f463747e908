"""What is said of a kit names options of the command line: the page has other words for them."""

import re
from pathlib import Path

_WORDS = (
    (re.compile(r"a lower --threshold finds more"), "more density finds more"),
    (re.compile(r"--until chosen has"), "“End at: next slice, however late” has"),
    (re.compile(r"--count (\d+)"), r"a count of \1"),
    (re.compile(r"at least --min-gap apart"), "as far apart as “Apart” asks for"),
    (re.compile(r"--bars\b"), "“Bars first”"),
    (re.compile(r"--play (one-shot|gate|loop)"), r"“\1”"),
    (re.compile(r", --no-project chops without"), ""),
)
_OPTION = re.compile(r"--(?:no-)?([a-z]+(?:-[a-z]+)*)")


def in_page_words(sentence: str, source: Path | None = None) -> str:
    """Give a sentence without names of the command line's options. source: the record that is open, by its path."""
    if source is not None:
        sentence = sentence.replace(repr(str(source)), "the record")
    for pattern, words in _WORDS:
        sentence = pattern.sub(words, sentence)
    return _OPTION.sub(lambda option: option[1].replace("-", " "), sentence)
