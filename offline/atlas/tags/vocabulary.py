"""From what people write about sounds to a few tags: words, one for all synonyms, none too rare.

A bag of words (Z. Harris, "Distributional structure", 1954): whether a word is there counts, not how often or where.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.tags.metadata import Described
from samplechop.realtime.core.errors import UserError

USUAL_SYNONYMS = """\
kick: kicks, bd, bassdrum, bass-drum, kik, kickdrum, kick-drum
snare: snares, sn, sd, snr, snaredrum, snare-drum
hat: hats, hh, hihat, hihats, hi-hat, hi-hats, high-hat
clap: claps, handclap, hand-clap, clp
cymbal: cymbals, cym
tom: toms, tomtom, tom-tom
rim: rimshot, rim-shot, sidestick, side-stick, cross-stick
shaker: shakers, maraca, maracas, cabasa, tambourine
hand-drum: conga, congas, bongo, bongos, djembe, tabla, darbuka, doumbek, udu, cajon
cowbell: cow-bell
woodblock: wood-block, clave, claves, castanets
percussion: perc, percs, percussive
drum: drums
loop: loops, looped, breakbeat, break-beat, beat, beats
bell: bells, chime, chimes, glockenspiel
guitar: guitars, guit
choir: choral, choirs
voice: vocal, vocals, vox, voices
strings: string, violin, violins, cello, viola
brass: trumpet, trombone, tuba, horn, horns
reed: saxophone, sax, clarinet, oboe, bassoon, accordion, harmonica
flute: flutes, piccolo, recorder
piano: pianos, rhodes
pad: pads, ambient, ambi, ambience, atmosphere, drone
synth: synths, synthesizer, synthesiser, synthetic, electronic, elec
effect: effects, fx, sfx
noise: noises, hiss, static
vinyl: turntable, record
scratch: scratches, scratching
"""
"""Lines of a synonyms file, in force unless the user's own differ."""
_STOP = """
about after all also an and any are as at be because been but by can could did do does done for from get got had has
have here him his her how if in into is it its just like made make may me more most much my no not now of off on one
only or other our out over per put so some such than that the their them then there these they this those through to
too two under up use used using very was we were what when which while who will with would you your
aif aiff flac mp3 ogg wav wave audio file files sample samples sampled sound sounds recorded recording recordings
http https www com org freesound
"""
STOP_WORDS = frozenset(_STOP.split())
"""Words that do not describe a sound."""
MACHINES = frozenset({"303", "606", "707", "727", "808", "909"})
"""Numbers that are words: drum machines and a bass synthesizer are called by them."""
_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def read_synonyms(path: Path) -> dict[str, str]:
    """Read lines such as "hat: hihat, hi-hat, hh": what each word stands for. "#" begins a comment.

    Raises UserError with the line of what is wrong.
    """
    try:
        return _synonyms(path.read_text(encoding="utf-8-sig"), str(path))
    except OSError as error:
        raise UserError(f"the synonyms {str(path)!r} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise UserError(f"the synonyms {str(path)!r} are no UTF-8 text (byte {error.start})") from None


def _synonyms(text: str, where: str) -> dict[str, str]:
    found: dict[str, str] = {}
    heads: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.partition("#")[0].strip()
        if not plain:
            continue
        head, colon, rest = plain.partition(":")
        words = ["-".join(_WORD.findall(word.lower())) for word in [head, *rest.split(",")]]
        if not colon or not all(words):
            raise UserError(f'{where!r}, line {number}: must be "word: synonym, synonym", got {plain[:60]!r}')
        heads[words[0]] = number
        for word in words[1:]:
            if word in found and found[word] != words[0]:
                raise UserError(f"{where!r}, line {number}: {word!r} already stands for {found[word]!r}")
            if word != words[0]:
                found[word] = words[0]
    for word, head in found.items():
        if word in heads:
            raise UserError(f"{where!r}, line {heads[word]}: {word!r} already stands for {head!r}")
    return found


@cache
def usual_synonyms() -> Mapping[str, str]:
    """Give USUAL_SYNONYMS, word by word."""
    return _synonyms(USUAL_SYNONYMS, "USUAL_SYNONYMS")


def synonyms_with(path: Path | None) -> dict[str, str]:
    """Give the usual synonyms, and a user's own before them. Raises UserError as read_synonyms does."""
    if path is None:
        return dict(usual_synonyms())
    own = read_synonyms(path)
    spoken = set(own) | set(own.values())
    return {word: own.get(head, head) for word, head in usual_synonyms().items() if word not in spoken} | own


def words_of(text: str, synonyms: Mapping[str, str]) -> list[str]:
    """Give the words of a text: lower case, none of STOP_WORDS, no numbers, one for all synonyms, in their order.

    Two words that together are a known one, as "hi hat" and "Hi-Hat", become it; all others are parted at a hyphen.
    """
    parts = [part.lower() for part in _WORD.findall(_CAMEL.sub(" ", text))]
    parts = [part if part in synonyms or part in MACHINES else part.rstrip("0123456789") for part in parts]
    known = synonyms.keys() | set(synonyms.values())
    words, place = [], 0
    while place < len(parts):
        pair = "-".join(parts[place : place + 2])
        both = pair in known and place + 1 < len(parts)
        word = pair if both else parts[place]
        place += 2 if both else 1
        meant = synonyms.get(word, word)
        if len(meant) > 1 and meant not in STOP_WORDS:
            words.append(meant)
    return words


def tags_of(described: Described | None, synonyms: Mapping[str, str]) -> tuple[str, ...]:
    """Give all words of a description, each once, those given as tags first."""
    if described is None:
        return ()
    return tuple(
        dict.fromkeys(word for text in (*described.tags, *described.texts) for word in words_of(text, synonyms))
    )


def choose(tags: Iterable[Sequence[str]], fewest: int, most_share: float = 0.95) -> tuple[str, ...]:
    """Choose the tags worth learning: those of at least `fewest` sounds and of not nearly all, the most frequent first.

    Raises UserError if there is none.
    """
    several = list(tags)
    counts = Counter(tag for one in several for tag in set(one))
    tagged = sum(bool(one) for one in several)
    most = max(fewest, int(most_share * tagged))
    kept = sorted(
        (tag for tag, count in counts.items() if fewest <= count <= most), key=lambda tag: (-counts[tag], tag)
    )
    if not kept:
        common = ", ".join(f"{tag} ({count})" for tag, count in counts.most_common(3)) or "no words at all"
        raise UserError(
            f"no tag is given to {fewest} sounds or more, but not to all: the most frequent are {common}; "
            "lower --min-df, or tag more sounds"
        )
    return tuple(kept)


def labels(tags: Sequence[Sequence[str]], vocabulary: Sequence[str]) -> NDArray[np.float32]:
    """Mark which tags of a vocabulary each sound has: float32 (sounds, tags), 0 or 1."""
    column = {tag: place for place, tag in enumerate(vocabulary)}
    out = np.zeros((len(tags), len(vocabulary)), np.float32)
    for row, some in zip(out, tags, strict=True):
        row[[column[tag] for tag in some if tag in column]] = 1
    return out
