"""What the sounds of General MIDI, of drum kits and of folders are called: the tags that a net of sounds learns.

Every tag is a plain word. A sound has a few: what it is (snare), what it belongs to (drum), how it was made (acoustic).
"""

import re

from samplechop.offline.audio.one_shots import role_of

_PROGRAMS: tuple[tuple[range, str], ...] = (
    (range(4), "piano keys acoustic"),
    (range(4, 6), "piano keys electric"),
    (range(6, 7), "harpsichord keys plucked acoustic"),
    (range(7, 8), "clavinet keys plucked electric"),
    (range(8, 9), "bell keys acoustic"),
    (range(9, 12), "bell mallet acoustic"),
    (range(12, 14), "mallet wood acoustic"),
    (range(14, 15), "bell acoustic"),
    (range(15, 16), "plucked acoustic"),
    (range(16, 19), "organ keys electric"),
    (range(19, 20), "organ keys acoustic"),
    (range(20, 24), "reed organ acoustic"),
    (range(24, 26), "guitar plucked acoustic"),
    (range(26, 29), "guitar plucked electric"),
    (range(29, 31), "guitar distorted electric"),
    (range(31, 32), "guitar bell electric"),
    (range(32, 33), "bass plucked acoustic"),
    (range(33, 38), "bass plucked electric"),
    (range(38, 40), "bass synth"),
    (range(40, 45), "strings acoustic"),
    (range(45, 47), "strings plucked acoustic"),
    (range(47, 48), "timpani tom drum acoustic"),
    (range(48, 50), "strings acoustic"),
    (range(50, 52), "strings pad synth"),
    (range(52, 54), "choir voice acoustic"),
    (range(54, 55), "choir voice synth"),
    (range(55, 56), "hit chord acoustic"),
    (range(56, 62), "brass acoustic"),
    (range(62, 64), "brass synth"),
    (range(64, 72), "reed acoustic"),
    (range(72, 80), "flute acoustic"),
    (range(80, 87), "lead synth"),
    (range(87, 88), "lead bass synth"),
    (range(88, 96), "pad synth"),
    (range(96, 104), "pad effect synth"),
    (range(104, 108), "plucked acoustic"),
    (range(108, 109), "kalimba plucked mallet acoustic"),
    (range(109, 110), "reed acoustic"),
    (range(110, 111), "strings acoustic"),
    (range(111, 112), "reed acoustic"),
    (range(112, 113), "bell percussion acoustic"),
    (range(113, 114), "cowbell bell percussion acoustic"),
    (range(114, 115), "bell mallet percussion acoustic"),
    (range(115, 116), "woodblock wood percussion acoustic"),
    (range(116, 118), "tom drum acoustic"),
    (range(118, 119), "tom drum synth"),
    (range(119, 120), "cymbal reverse effect"),
    (range(120, 121), "guitar noise effect"),
    (range(121, 123), "noise effect"),
    (range(123, 125), "effect"),
    (range(125, 127), "noise effect"),
    (range(127, 128), "hit noise effect"),
)
PROGRAMS: tuple[tuple[str, ...], ...] = tuple(tuple(tags.split()) for numbers, tags in _PROGRAMS for _ in numbers)
"""The tags of each of the 128 programs of General MIDI."""

ROLES: dict[str, str] = {
    "kick": "kick drum",
    "snare": "snare drum",
    "rim": "rim snare drum",
    "clap": "clap percussion",
    "hat": "hat closed cymbal drum",
    "pedal": "hat closed cymbal drum",
    "open": "hat open cymbal drum",
    "crash": "crash cymbal drum",
    "ride": "ride cymbal drum",
    "tom": "tom drum",
    "conga": "hand-drum percussion",
    "shaker": "shaker percussion",
    "cowbell": "cowbell percussion",
}
"""The tags of each role that samplechop.offline.audio.one_shots.role_of gives."""

_KEYS: tuple[tuple[tuple[int, ...], str], ...] = (
    ((27,), "effect synth"),
    ((28,), "clap percussion"),
    ((29, 30), "scratch effect"),
    ((31, 37), ROLES["rim"]),
    ((32, 33), "click percussion"),
    ((34,), "bell percussion"),
    ((35, 36), ROLES["kick"]),
    ((38, 40), ROLES["snare"]),
    ((39,), ROLES["clap"]),
    ((41, 43, 45, 47, 48, 50), ROLES["tom"]),
    ((42, 44), ROLES["hat"]),
    ((46,), ROLES["open"]),
    ((49, 52, 55, 57), ROLES["crash"]),
    ((51, 59), ROLES["ride"]),
    ((53,), "bell ride cymbal drum"),
    ((54, 69, 70, 82), ROLES["shaker"]),
    ((56,), ROLES["cowbell"]),
    ((58,), "rattle percussion"),
    ((60, 61, 62, 63, 64), ROLES["conga"]),
    ((65, 66), "timbale tom percussion"),
    ((67, 68), "bell cowbell percussion"),
    ((71, 72), "whistle effect"),
    ((73, 74), "guiro rattle percussion"),
    ((75, 76, 77, 85), "woodblock wood percussion"),
    ((78, 79), "cuica hand-drum percussion"),
    ((80, 81), "triangle bell percussion"),
    ((83, 84), "bell shaker percussion"),
    ((86, 87), "tom drum percussion"),
)
DRUM_KEYS: dict[int, tuple[str, ...]] = {key: tuple(tags.split()) for keys, tags in _KEYS for key in keys}
"""The tags of the percussion keys of General MIDI, with those that GS adds below and above."""
SYNTH_KITS = (24, 25)
"""Drum kits that are machines: of the electronic ones and the TR-808."""

_WORDS: tuple[tuple[str, str], ...] = (
    ("bassdrum|bass drum", "kick drum"),
    ("bass|sub$", "bass"),
    ("loop|beats/|break", "loop"),
    ("string|violin|cello|viola", "strings"),
    ("choir|vox|voice|chorus", "choir voice"),
    ("pad|ambient|drone|heaven", "pad"),
    ("organ", "organ keys"),
    ("piano|rhodes", "piano keys"),
    ("harpsichord", "harpsichord keys plucked"),
    ("guitar", "guitar"),
    ("flute", "flute"),
    ("brass|trumpet|horn", "brass"),
    ("bell|chime|glocken|dong|gong|glass|gamelan|triangle|ring", "bell"),
    ("pluck|pizz|thumbpno|harp", "plucked"),
    ("lead|acid|tb303", "lead"),
    ("laser|zap|sonar|sweep|warp|bubble|explo|effect|fx|phaser|sci-?fi|siren|gunshot|saber|thunder|alarm", "effect"),
    ("noise|hiss|static|applause|crowd|breath", "noise"),
    ("scratch|zip|backspin", "scratch effect"),
    ("click|metronome|tick", "click percussion"),
    ("chord|accord", "chord"),
    ("synth", "synth"),
    ("vibra$|vibrasl|guiro|cuica", "rattle percussion"),
    ("djembe|tabla|bongo|conga", "hand-drum percussion"),
    ("taiko|surdo", "tom drum"),
    ("wood|clave|castanet", "woodblock wood percussion"),
)
_MACHINES = re.compile(
    r"808|909|606|tr77|cr78|cr8000|linn|electro|drumsynth|8bit|synth|machine|techno|rave|drum[-_ ]?synth|farfisa"
)


def tags_of_name(path: str, in_kit: bool = False) -> tuple[str, ...]:
    """Give the tags that the words in a path speak of, none where none is known. in_kit: it is a drum of a kit."""
    role = role_of(path, in_kit)
    tags: list[str] = []
    lowered = path.lower()
    if role in ROLES and not (role == "cowbell" and re.search("wood|clave", lowered)):
        tags += ROLES[role].split()
    else:
        for pattern, found in _WORDS:
            if re.search(pattern, lowered) and not (in_kit and found == "loop"):
                tags += found.split()
    if tags and is_machine(path):
        tags.append("synth")
    return tuple(dict.fromkeys(tags))


def is_machine(name: str) -> bool:
    """Say whether a name speaks of drum machines or synthesizers."""
    return _MACHINES.search(name.lower()) is not None
