"""The styles records are made in: tempo, feel, drum patterns, chords, players.

Patterns have one sign per step: X accent, x usual, o in half of the bars, g ghost note, . nothing.
"""

from dataclasses import dataclass

CHORDS = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "5": (0, 7, 12),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "dim": (0, 3, 6),
    "hdim7": (0, 3, 6, 10),
    "sus4": (0, 5, 7),
    "maj6": (0, 4, 7, 9),
    "min6": (0, 3, 7, 9),
    "9": (0, 4, 7, 10, 14),
    "maj9": (0, 4, 7, 11, 14),
    "min9": (0, 3, 7, 10, 14),
}
"""Qualities in Harte syntax and their semitones over the root."""

# Progressions: semitones over the key and the quality of each chord.
SOUL = ("0:maj7 9:min7 5:maj7 7:7", "2:min7 7:7 0:maj7 9:min7", "0:min7 5:min7 0:min7 5:7", "0:maj 9:min 5:maj 7:maj")
FUNK = ("0:9 0:9 0:9 0:9", "0:min7 5:7 0:min7 5:7", "0:7 0:7 5:9 0:7", "0:min9 0:min9 10:7 0:min9")
JAZZ = (
    "2:min7 7:7 0:maj7 9:7",
    "2:hdim7 7:7 0:min6 0:min6",
    "0:maj6 9:min7 2:min7 7:7",
    "0:7 5:7 0:7 7:7",
    "0:min7 3:maj7 2:hdim7 7:7",
)
GOSPEL = ("0:maj 5:maj 0:maj 7:7", "0:maj 4:7 9:min7 5:min6", "2:min9 7:9 4:7 9:min9", "0:7 5:7 6:dim 0:maj")
BOSSA = ("0:maj9 2:7 2:min9 7:9", "0:min9 5:min7 10:9 3:maj7", "0:maj7 1:dim 2:min7 7:7")
DARK = (
    "0:min 8:maj 5:min 7:maj",
    "0:min9 0:min9 8:maj7 7:7",
    "0:min 10:maj 8:maj 7:sus4",
    "0:min6 2:hdim7 7:7 0:min",
    "0:min 1:maj 0:min 11:dim",
)
ROCK = ("0:maj 10:maj 5:maj 0:maj", "0:maj 7:maj 9:min 5:maj", "0:5 3:5 5:5 0:5", "0:5 8:5 10:5 0:5", "0:7 5:7 7:7 0:7")
DISCO = ("0:min7 5:7 10:maj7 3:maj7", "0:min7 10:maj 8:maj7 7:7", "5:maj7 4:min7 2:min7 0:maj7")
PLAIN = ("0:maj 7:maj 9:min 5:maj", "0:min 8:maj 3:maj 10:maj", "0:maj 5:maj 0:maj 7:maj", "0:min 5:min 0:min 7:min")

KEYS = (0, 1, 2, 3, 4, 4, 5, 7)
ORGANS = (16, 17, 18, 19)
GUITARS = (24, 25, 26, 27, 28)
LOUD_GUITARS = (29, 30)
MALLETS = (8, 9, 10, 11, 12, 13, 45, 46)
BASSES = (32, 33, 33, 34, 35, 36, 37, 38, 39, 43)
STRINGS = (40, 41, 42, 44, 48, 48, 49, 50, 51)
HORNS = (56, 57, 59, 60, 61, 61, 62, 63, 65, 66)
WINDS = (64, 65, 66, 67, 68, 70, 71, 73, 74, 75, 78, 79)
VOICES = (52, 53, 54, 85, 91)
PADS = (88, 89, 90, 92, 94, 95, 50, 51)
SYNTHS = (80, 81, 84, 87)


@dataclass(frozen=True, slots=True)
class Style:
    """How a kind of music is played.

    bpm: range. swing: of the eighths, range. kicks, snares: patterns of 16 steps. tops: "8", "16", "4", "off",
          "ride",
    "open", "none". comping, bass: ways to play,
          see band.py. comps: programs for chords. loose: seconds of human error.
    weight: how often it comes up.
    """

    name: str
    bpm: tuple[float, float]
    kicks: tuple[str, ...]
    snares: tuple[str, ...]
    tops: tuple[str, ...]
    changes: tuple[str, ...]
    comping: tuple[str, ...] = ("held", "beat", "stabs")
    bass: tuple[str, ...] = ("kick", "eighths", "roots")
    comps: tuple[int, ...] = KEYS + ORGANS + GUITARS
    meters: tuple[str, ...] = ("4/4",)
    swing: tuple[float, float] = (0.5, 0.53)
    fine_swing: tuple[float, float] = (0.5, 0.5)
    leads: tuple[int, ...] = WINDS + MALLETS + GUITARS
    extras: tuple[str, ...] = ("pad", "strings", "horns", "voice")
    loose: tuple[float, float] = (0.002, 0.01)
    weight: float = 1.0


BACK = "....X.......X..."
GHOSTED = "....X..g.g..X..g"
WOOD = KEYS + GUITARS + MALLETS
STYLES = (
    Style("soul", (72, 128), ("X.....x.x.......", "X..x..x.X.x.....", "X......xX.......", "X...X...X...X..."),
          (BACK, "X...X...X...X...", GHOSTED), ("8", "8", "16", "4"), SOUL, ("held", "beat", "stabs", "off",
          "charleston"),
          weight=2.0),
    Style("funk", (88, 125), ("X.x...x...x..x..", "X..x..x.o.x.....", "X.....xo..x..o..", "X.o....x.xx....."),
          (GHOSTED, "....X.g.og.gX.o.", "....X..g.X..X..g", "....X..Xg..gX.g."), ("16", "8", "16", "open"), FUNK,
          ("stabs", "sixteenths", "beat", "off"), ("kick", "busy", "busy"), KEYS + GUITARS + (7, 28, 16),
          fine_swing=(0.5, 0.58),
          weight=2.0),
    Style("break", (84, 140), ("X.X.......XX....", "X.x.......x..x..", "X..x...x..X.....", "X.....x..xX..o.."),
          ("....X..g.g..X..g", "....X..X.X..X..X", "....X.......X.g.", "....X..g....X.og"), ("8", "16", "ride",
          "8"), FUNK + DARK,
          ("stabs", "held"), fine_swing=(0.5, 0.56), weight=2.0),
    Style("jazz", (95, 200), ("x...o...x...o...", "................", "g...g...g...g..."), ("......o.......o.",
          "g..o..g.....g.o.", "............o..."),
          ("ride", "ride", "ride"), JAZZ, ("charleston", "held", "stabs"), ("walk",), (0, 0, 1, 4, 16, 26, 26, 11),
          swing=(0.58, 0.68),
          loose=(0.004, 0.014), weight=1.5),
    Style("gospel", (58, 120), ("X.....x.X.......", "X.......X.x.....", "X..x....X......."), (BACK,
          "....X.......X.g."), ("8", "8", "4", "ride"),
          GOSPEL, ("held", "beat", "arpeggio"), ("kick", "roots", "walk"), (0, 1, 16, 16, 17, 18, 4), ("4/4",
          "12/8", "12/8", "6/8", "3/4"),
          (0.5, 0.64), extras=("voice", "voice", "pad"), weight=1.5),
    Style("bossa", (100, 160), ("X..xX..xX..xX..x", "x.......x......."), ("X..X..X...X..X..", "X..X...X..X..X.."),
          ("8", "8", "none"), BOSSA,
          ("bossa", "bossa", "held"), ("bossa",), (24, 24, 25, 4, 0), extras=("strings", "pad")),
    Style("library", (60, 130), ("X.......x.......", "X.....x...x....."), (BACK, "............X..."), ("8", "4",
          "none", "ride"), DARK,
          ("held", "arpeggio", "eighths", "none"), comps=KEYS + MALLETS + (6, 6, 46, 15), extras=("strings",
          "strings", "horns", "voice"),
          meters=("4/4", "4/4", "3/4", "6/8"), weight=1.5),
    Style("disco", (105, 132), ("X...X...X...X...",), (BACK, "....X.......X.g."), ("off", "off", "16", "open"),
          DISCO,
          ("stabs", "off", "sixteenths", "beat"), ("octaves", "octaves", "kick"), (*KEYS, 27, 28),
          extras=("strings", "strings", "horns")),
    Style("rock", (95, 165), ("X.......X.......", "X.....x.X.x.....", "X.x.....X.x....."), (BACK,), ("8", "8", "4",
          "open", "ride"), ROCK,
          ("eighths", "strum", "held"), ("eighths", "roots", "kick"), GUITARS + LOUD_GUITARS * 4, leads=(27, 29, 30,
          25), extras=("voice",),
          weight=2.0),
    Style("punk", (150, 200), ("X.......X.x.....", "X...x...X...x..."), (BACK, "..X...X...X...X."), ("4", "8",
          "open"), ROCK, ("eighths",),
          ("eighths",), LOUD_GUITARS, extras=(), leads=(29, 30)),
    Style("metal", (100, 200), ("x.x.x.x.x.x.x.x.", "xxx.xxx.x.x.x...", "X...X...X...X...", "X.xxX.xxX.xxX.xx"),
          (BACK, "........X......."), ("4", "ride", "open"),
          ROCK + DARK, ("eighths", "sixteenths", "held"), ("eighths",), LOUD_GUITARS, extras=("strings", "voice"),
          leads=(29, 30)),
    Style("reggae", (62, 92), ("........X.......", "X.......X......."), ("........X.......", "....o...X......."),
          ("8", "16", "4"), PLAIN,
          ("skank", "skank", "off"), ("busy", "kick"), (26, 27, 28, 16, 16, 0), swing=(0.5, 0.62),
          extras=("horns",)),
    Style("ballad", (55, 92), ("X.......X.......", "X......xX......."), (BACK, "........X......."), ("8", "4",
          "16"), PLAIN + SOUL,
          ("held", "arpeggio", "beat"), ("roots", "kick"), WOOD, meters=("4/4", "4/4", "12/8", "6/8", "3/4"),
          extras=("strings", "pad", "voice")),
    Style("shuffle", (85, 150), ("X.......X.......", "X...X...X...X...", "X.....x.X......."), (BACK, GHOSTED), ("8",
          "ride", "4"), ROCK[4:] + GOSPEL,
          ("beat", "stabs", "held", "off"), ("walk", "eighths"), (0, 3, 16, 26, 27), ("4/4", "4/4", "12/8"), (0.6,
          0.68), extras=("horns",)),
    Style("half", (120, 170), ("X.......o.x.....", "X.....x.........", "X..x......x....."), ("........X.......",),
          ("8", "16", "4"), DARK + SOUL,
          ("held", "stabs", "arpeggio"), ("kick", "roots")),
    Style("hiphop", (78, 104), ("X.....x..xx.....", "X......x.x......", "X..x......x....."), (BACK, GHOSTED), ("8",
          "8", "16"), SOUL + JAZZ,
          ("held", "stabs"), ("kick", "roots"), KEYS + MALLETS, swing=(0.5, 0.6), fine_swing=(0.5, 0.62),
          weight=1.5),
    Style("latin", (90, 130), ("X..x....X..x....", "x..xx..xx..xx..x"), ("................", "...X..X.....X..."),
          ("8", "none", "ride"), DISCO + BOSSA,
          ("montuno", "stabs"), ("tumbao",), (0, 0, 1, 24, 11), extras=("horns", "horns")),
    Style("waltz", (80, 180), ("X...........",), ("....x...x...", "........X..."), ("4", "ride", "none"),
          JAZZ + PLAIN, ("oompah", "held", "arpeggio"),
          ("roots",), WOOD, ("3/4",), (0.5, 0.66), weight=0.7),
    Style("electro", (98, 130), ("X.....x...x.....", "X...X...X...X...", "X..x..X....x.x.."), (BACK,
          "....X.......X..X"), ("16", "8", "off"), DARK + FUNK,
          ("eighths", "stabs", "arpeggio"), ("sixteenths", "octaves"), (80, 81, 84, 87, 4, 62), leads=SYNTHS,
          extras=("pad", "voice"),
          loose=(0.0, 0.001)),
    Style("sparse", (55, 120), ("X...............", "X.........x.....", "........X......."),
          ("................", "........X.......", "............X..."), ("none", "none", "4"),
          SOUL + DARK, ("held",), ("roots",)),
    Style("free", (55, 190), (), (), ("8", "16", "4", "off", "none", "ride", "open"), SOUL + JAZZ + DARK + PLAIN,
          ("held", "stabs", "eighths", "arpeggio", "off", "beat"), ("kick", "eighths", "busy", "roots", "walk"),
          WOOD + ORGANS,
          ("4/4", "4/4", "4/4", "3/4"), (0.5, 0.6)),
)  # fmt: skip
COMPOUND_KICKS = {2: ("X.....", "X....o", "X..o.."), 4: ("X.....x.....", "X....xx.....", "X.....x..x..")}
COMPOUND_SNARES = {2: ("...X..",), 4: ("...X.....X..", "......X.....")}
