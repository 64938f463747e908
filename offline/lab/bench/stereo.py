"""`samplechop bench stereo`: what mixing stereo does to the chops, by the correlation of left and right.

Each case is stereo whose mono sound is known. Its chops are those of that sound, and F says how many of them are found
in the mean, in what `--channel auto` takes, and in one channel alone.

What decided on -0.6 as the correlation from which channels are in anti-phase: over any second of songs and breaks it
was 0.2 or more, of pads, basses and loops with chorus -0.5 or more, of one bell -0.7, of one lead-in groove -0.9. The
mean of made stereo loses none. Where a channel is inverted it loses some at any correlation (F .85 to .67, of songs),
near -1 all. Songs of -0.4 as a whole have seconds below -0.6, by which they are found.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.evaluate.measures import f_precision_recall
from samplechop.offline.lab.bench import Figure
from samplechop.offline.lab.bench.live import recording
from samplechop.offline.synthesis.drums import made_kick, made_snare
from samplechop.realtime.core.channels import ANTIPHASE_RATIO, Channel
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import OPENING_SECONDS
from samplechop.realtime.detectors.chop.detector import ChopDetector
from samplechop.realtime.engine.engine import Engine

SECONDS = 30
WINDOW = 0.05
"""Seconds that a chop may be off."""
WIDTHS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Of a recording that is made wider or narrower: factors of its side."""
GOAL = 0.9
ENOUGH = 8
"""Chops from which F says something."""
ANTIPHASE = (1 - ANTIPHASE_RATIO) / (1 + ANTIPHASE_RATIO)
"""The correlation from which stereo is in anti-phase. Above, one that is inverted is not always noticed."""
_SEED = 5
_BLOCK = 4096
_HAAS_SECONDS = 0.012
_BEAT_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Case:
    """name. stereo: float32 (n, 2) at RATE. mono: float32 (n,), whose chops are wanted. inverted: in part or whole."""

    name: str
    stereo: NDArray[np.float32]
    mono: Sound
    inverted: bool = False

    @property
    def correlation(self) -> float:
        """Of left and right, as a phase correlation meter over all of it would show."""
        middle, side = (float(np.square(self.stereo @ np.array([1, sign]), dtype=np.float64).sum()) for sign in (1, -1))
        return (middle - side) / max(middle + side, 1e-12)


def figures(recordings: list[Path]) -> Iterator[Figure]:
    """Measure all cases, by falling correlation, made ones first. Raises UserError for what cannot be read."""
    yield from _figures("made", sorted(made(), key=lambda case: -case.correlation))
    for path in recordings:
        yield from _figures(path.stem, sorted(of_recording(path), key=lambda case: -case.correlation))


def _figures(name: str, cases: list[Case]) -> Iterator[Figure]:
    known: dict[int, NDArray[np.float64]] = {}  # by the mono sound, which cases may share
    for case in cases:
        if id(case.mono) not in known:
            known[id(case.mono)], _ = _chops(case.mono[:, None], "mix")
        wanted = known[id(case.mono)]
        if len(wanted) < ENOUGH:
            continue
        at = f"{name}: {case.name}, correlation {case.correlation:+.2f}, "
        for channel in ("mix", "left", "right"):
            found, _ = _chops(case.stereo, channel)
            yield Figure(f"{at}{channel}", f_precision_recall(wanted, found, WINDOW)[0], "F")
        found, antiphase = _chops(case.stereo, "auto")
        figure = Figure(f"{at}auto", f_precision_recall(wanted, found, WINDOW)[0], "F")
        yield figure if case.inverted and case.correlation > ANTIPHASE else figure.at_least(GOAL)
        if antiphase is not None:
            yield Figure(f"{at}side taken from", antiphase / RATE, "s")


def _chops(samples: NDArray[np.float32], channel: Channel) -> tuple[NDArray[np.float64], int | None]:
    """Detect the chops of float32 (n, channels): seconds, and where the channels were first found in anti-phase."""
    found: list[float] = []
    engine = Engine({"chop": ChopDetector()}, RATE, samples.shape[1], _BLOCK, channel=channel)
    engine.reset(0, samples[: round(OPENING_SECONDS * RATE)])

    def emit(event: Event) -> None:
        found.append(event.sample / RATE)

    for first in range(0, len(samples), _BLOCK):
        engine.process(np.ascontiguousarray(samples[first : first + _BLOCK]), emit)
    engine.flush(emit)
    return np.unique(found), engine.downmix.antiphase_at


def _stereo(left: NDArray[np.floating], right: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.stack([left, right], axis=1).astype(np.float32)


def made() -> Iterator[Case]:
    """Make stereo of drums and chords: panned, wide, delayed, turned in phase, inverted in part and as a whole."""
    rng = np.random.default_rng(_SEED)
    kicks, snares, chords = _parts(rng)
    drums = kicks + snares
    sound = (drums + chords).astype(np.float32)
    yield Case("mono", _stereo(sound, sound), sound)
    yield Case("kicks left, snares right", _stereo(kicks + chords / 2, snares + chords / 2), sound)
    yield Case("drums left, chords right", _stereo(drums, chords), sound)
    yield Case("90° phase", _stereo(sound, np.imag(scipy.signal.hilbert(sound))), sound)
    late = np.concatenate([np.zeros(round(_HAAS_SECONDS * RATE)), sound])[: len(sound)]
    yield Case(f"right {1000 * _HAAS_SECONDS:g} ms late", _stereo(sound, late), sound)
    yield Case("decorrelated", _stereo(_dispersed(sound, rng), _dispersed(sound, rng)), sound)
    for share in (0.25, 0.5, 0.75, 1.0):
        yield Case(f"right inverted, {share:g} as loud", _stereo(sound, -share * sound), sound, inverted=True)
    for share in (0.5, 1.0):
        turned = _stereo(sound, chords - share * drums)
        yield Case(f"drums inverted right, {share:g} as loud", turned, sound, inverted=True)
    rest = _dispersed(chords, rng)
    for width in (0.1, 0.25, 0.5, 0.75, 1.0):
        wide = _stereo(sound + width * rest, sound - width * rest)
        yield Case(f"wide chords {width:g}", wide, sound)
        yield Case(f"wide chords {width:g}, right inverted", wide * np.array([1, -1], np.float32), sound, inverted=True)
    for level in (0.01, 0.03, 0.1):
        noise = level * rng.standard_normal((2, len(sound)))
        noisy = _stereo(sound + noise[0], noise[1] - sound)
        yield Case(f"right inverted, noise {level:g}", noisy, sound, inverted=True)


def _parts(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Make kicks and snares in turn, and chords on every fourth: float64 (n,) each."""
    n = SECONDS * RATE
    kicks, snares, chords = (np.zeros(n) for _ in range(3))
    times = np.arange(round(4 * _BEAT_SECONDS * RATE)) / RATE
    for turn, start in enumerate(range(RATE // 2, n - RATE, round(_BEAT_SECONDS * RATE))):
        hit = (made_kick if turn % 2 == 0 else made_snare)(_SEED, 0.9, rng)[: n - start]
        (kicks if turn % 2 == 0 else snares)[start : start + len(hit)] += 0.4 * hit / np.abs(hit).max()
        if turn % 4 == 0:
            root = 110 * 2 ** (int(rng.integers(0, 12)) / 12)
            tones = [(root * 2 ** (step / 12) * partial, partial) for step in (0, 3, 7) for partial in (1, 2, 3)]
            voices = np.sum([np.sin(2 * np.pi * hertz * times) / partial for hertz, partial in tones], axis=0)
            ringing = (0.05 * voices * np.exp(-times / 0.8))[: n - start]
            chords[start : start + len(ringing)] += ringing
    return kicks, snares, chords


def _dispersed(sound: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.float64]:
    """Turn the phases of a sound at random within 10 ms, which leaves its attacks where they are."""
    n = RATE // 100
    spectrum = np.exp(2j * np.pi * rng.random(n // 2 + 1))
    kernel = np.fft.irfft(spectrum, n)
    return np.asarray(scipy.signal.fftconvolve(sound, kernel / np.sqrt(np.sum(kernel**2)))[: len(sound)])


def of_recording(path: Path) -> Iterator[Case]:
    """Take a recording as it is, and as if a cable had one channel inverted, wider and narrower; none of mono ones.

    Its own mean is what is wanted. Raises UserError for what cannot be read.
    """
    audio = recording(path)[: SECONDS * RATE]
    if audio.shape[1] != 2:
        return
    middle, side = audio.mean(axis=1), (audio[:, 0] - audio[:, 1]) / 2
    yield Case("as it is", audio, middle)
    if np.abs(side).max() <= 1e-4:
        return
    for width in WIDTHS:
        wide = _stereo(middle + width * side, width * side - middle)
        yield Case(f"width {width:g}, right inverted", wide, middle, inverted=True)
