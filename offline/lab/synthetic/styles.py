"""The styles records are made in: tempo, feel, drum patterns, chords, players.

Patterns have one sign per step: X accent, x usual, o in half of the bars, g ghost note, . nothing.
"""

from dataclasses import dataclass

from samplechop.offline.lab.synthetic.chords import BOSSA, DARK, DISCO, FUNK, GOSPEL, JAZZ, PLAIN, ROCK, SOUL

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
    weight: how often it comes up. sticks, brushes: how often the snare is played on its rim, or with brushes.
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
    sticks: float = 0.0
    brushes: float = 0.0


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
          loose=(0.004, 0.014), weight=1.5, brushes=0.35),
    Style("gospel", (58, 120), ("X.....x.X.......", "X.......X.x.....", "X..x....X......."), (BACK,
          "....X.......X.g."), ("8", "8", "4", "ride"),
          GOSPEL, ("held", "beat", "arpeggio"), ("kick", "roots", "walk"), (0, 1, 16, 16, 17, 18, 4), ("4/4",
          "12/8", "12/8", "6/8", "3/4"),
          (0.5, 0.64), extras=("voice", "voice", "pad"), weight=1.5),
    Style("bossa", (100, 160), ("X..xX..xX..xX..x", "x.......x......."), ("X..X..X...X..X..", "X..X...X..X..X.."),
          ("8", "8", "none"), BOSSA,
          ("bossa", "bossa", "held"), ("bossa",), (24, 24, 25, 4, 0), extras=("strings", "pad"), sticks=0.7),
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
          extras=("horns",), sticks=0.7),
    Style("ballad", (55, 92), ("X.......X.......", "X......xX......."), (BACK, "........X......."), ("8", "4",
          "16"), PLAIN + SOUL,
          ("held", "arpeggio", "beat"), ("roots", "kick"), WOOD, meters=("4/4", "4/4", "12/8", "6/8", "3/4"),
          extras=("strings", "pad", "voice"), sticks=0.7),
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
          ("montuno", "stabs"), ("tumbao",), (0, 0, 1, 24, 11), extras=("horns", "horns"), sticks=0.7),
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
    Style("d-beat", (160, 230), ("X..x......X.....", "X.....x...X.....", "X...x...X...x...", "X.....X.X.....X."),
          (BACK, BACK, "..X...X...X...X."), ("4", "8", "crash", "open"), ROCK, ("eighths", "held"), ("eighths", "kick"),
          LOUD_GUITARS, extras=(), leads=(29, 30), weight=1.5),
    Style("thrash", (100, 210), ("xxxxxxxxxxxxxxxx", "x.x.x.x.x.x.x.x.", "xxxx..x.xxxx..x.", "X.xxX.xxX.xxX.xx"),
          (BACK, BACK, "........X......."), ("4", "8", "ride", "crash"), ROCK + DARK, ("sixteenths", "eighths", "held"),
          ("eighths", "kick", "sixteenths"), LOUD_GUITARS, extras=("voice",), leads=(29, 30), weight=1.5),
    Style("blast", (110, 180), ("x.x.x.x.x.x.x.x.", "xxxxxxxxxxxxxxxx"), (".x.x.x.x.x.x.x.x", "x.x.x.x.x.x.x.x."),
          ("8", "ride", "crash"), DARK, ("sixteenths", "held"), ("eighths",), LOUD_GUITARS, extras=(), leads=(29, 30),
          weight=0.5),
    Style("hard rock", (80, 190), ("X.......X.x.....", "X.....x.X.x.....", "X..x..x.X.......", "X.x...x.X......."),
          (BACK, BACK, "....X..g....X.g."), ("8", "8", "open", "ride", "crash"), ROCK, ("eighths", "strum", "held"),
          ("kick", "eighths", "roots"), LOUD_GUITARS, leads=(27, 29, 30), extras=("voice",), weight=2.0),
    Style("surf", (130, 185), ("X.......X.......", "X...x...X...x..."), ("....X.x.....X...", "....X.x...x.X..."),
          ("8", "ride"), ROCK, ("strum", "eighths"), ("eighths", "walk"), GUITARS, extras=("horns",), weight=0.6),
    Style("one-drop", (120, 160), ("........X.......", "........X.......", "X.......X......."),
          ("........X.......", "........X.....o."), ("8", "8", "4"), PLAIN, ("skank", "skank", "off"), ("busy", "kick"),
          (26, 27, 28, 16, 0), swing=(0.5, 0.66), extras=("horns",), sticks=0.6),
    Style("country", (80, 150), ("X.......X.......", "X.......x......."),
          ("gggXggggggXggggg", "ggggXgggggggXggg", "g.g.X.g.g.g.X.g."), ("none", "none", "8"), PLAIN,
          ("acoustic", "oompah", "strum"), ("two", "two", "roots"), (24, 25, 25, 26, 27), extras=("strings",),
          leads=(25, 27, 40, 105), brushes=0.8, weight=1.2),
    Style("songwriter", (65, 145), ("X.......X.......", "X.....x...x.....", "X......xX......."), (BACK, BACK, GHOSTED),
          ("8", "8", "4", "none"), PLAIN + GOSPEL, ("acoustic", "acoustic", "strum"), ("kick", "roots"),
          (24, 25, 25, 25), ("4/4", "4/4", "4/4", "3/4", "12/8", "6/8"), extras=("strings", "voice"),
          leads=(24, 25, 73), sticks=0.3, brushes=0.2, weight=2.0),
    Style("free", (55, 190), (), (), ("8", "16", "4", "off", "none", "ride", "open"), SOUL + JAZZ + DARK + PLAIN,
          ("held", "stabs", "eighths", "arpeggio", "off", "beat"), ("kick", "eighths", "busy", "roots", "walk"),
          WOOD + ORGANS,
          ("4/4", "4/4", "4/4", "3/4"), (0.5, 0.6)),
)  # fmt: skip
COMPOUND_KICKS = {2: ("X.....", "X....o", "X..o.."), 4: ("X.....x.....", "X....xx.....", "X.....x..x..")}
COMPOUND_SNARES = {2: ("...X..",), 4: ("...X.....X..", "......X.....")}
