"""What a development set is made of: one-shots, loops and music that training never uses.

One-shots and single hits are those held out by a hash of their name, see audio.one_shots; loops those that no
training set may use. Loops and music need reference times: name.onsets.txt and name.beats.txt beside them, in a folder
reference_times there, or in one beside their folder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from samplechop.offline.audio.one_shots import Shot, gather, is_index, loop_may_be_used, role_of, trimmed
from samplechop.offline.audio.reading import RATE, SUFFIXES, Sound, read_audio
from samplechop.offline.common.paths import ends_in
from samplechop.offline.evaluate.references import References, references_for
from samplechop.offline.lab.synthetic.beds import Recording
from samplechop.offline.lab.synthetic.grooves import Performance, read_grooves
from samplechop.offline.lab.synthetic.songs import Song, bed_of, read_songs, song_may_be_used
from samplechop.realtime.core.errors import UserError

FEWEST_ONSETS = 8
LEAST_MUSIC = 20.0
MOST_PERCUSSION = 0.05
"""Share of the power of a piece of music that may be percussive for it to count as music without drums."""
KICK_HZ, SNARE_HZ, HAT_HZ = 150.0, 500.0, 5000.0
LOUD_DB = 7.5
ATTACK_SEARCH = 0.02
LEAST_NOTE = 0.2
NOTE_RISE = 10.0
NO_HITS = ("vinyl", "scratch", "roll", "noise")


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything a development set is made of. hits: single sounds of instruments, attack at sample 0.

    grooves: what people held out have drummed. songs: real ones whose drums lie apart.
    """

    drums: tuple[Shot, ...]
    hits: tuple[Shot, ...]
    loops: tuple[Recording, ...]
    music: tuple[Recording, ...]
    grooves: tuple[Performance, ...] = ()
    songs: tuple[Song, ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """Where the sources lie. grooves: the Groove MIDI Dataset. songs: see songs.py. None for none of them."""

    sounds: tuple[Path, ...]
    music: Path
    grooves: Path | None = None
    songs: Path | None = None

    @property
    def names(self) -> tuple[tuple[str, ...], str, str, str]:
        """Name them all, whatever the folder that they lie in."""
        others = (one.resolve().name if one is not None else "" for one in (self.music, self.grooves, self.songs))
        music, grooves, songs = others
        return tuple(sorted(one.resolve().name for one in self.sounds)), music, grooves, songs


def audio_in(folder: Path, what: str) -> list[Path]:
    """List the audio files under a folder, sorted. what: the option that named it, such as "--music".

    Raises UserError if the folder is missing or holds none.
    """
    if not folder.is_dir():
        raise UserError(f"No folder at {str(folder)!r}: {what} names one that holds audio files.")
    found = sorted(path for path in folder.rglob("*") if ends_in(path, SUFFIXES))
    if not found:
        raise UserError(f"No audio files under {str(folder)!r}: {what} takes .wav, .flac, .ogg, .aiff or .mp3.")
    return found


def _known(path: Path, folder: Path) -> Recording | None:
    known = references_for(path, folder) or references_for(path, folder.parent)
    if known is None or known.onsets is None or len(known.onsets) < FEWEST_ONSETS:
        return None
    beats = known.beats if known.beats is not None else np.zeros(0)
    return Recording(path.stem, read_audio(path), known.onsets, beats, _positions(known))


def _positions(known: References) -> NDArray[np.int64]:
    """Count each beat from the downbeat before it; 0 before the first one."""
    if known.beats is None:
        return np.zeros(0, np.int64)
    if known.downbeats is None:
        return np.zeros(len(known.beats), np.int64)
    starts = np.searchsorted(known.beats, known.downbeats)
    before = np.searchsorted(starts, np.arange(len(known.beats)), "right") - 1
    counted = np.arange(len(known.beats)) - starts[np.maximum(before, 0)] + 1 if len(starts) else before
    return np.where(before >= 0, counted, 0).astype(np.int64)


def percussion(samples: Sound) -> float:
    """Give the share of power that is percussive, 0..1: what stands three times above its neighbours in time.

    Fitzgerald, Harmonic/percussive separation using median filtering, DAFx 2010, with the margin of Driedger et al.,
    ISMIR 2014.
    """
    import librosa

    size = np.abs(librosa.stft(samples[::2], n_fft=2048, hop_length=1024))
    steady = ndimage.median_filter(size, (1, 17))
    sudden = ndimage.median_filter(size, (31, 1))
    percussive = sudden**2 / (sudden**2 + (3 * steady) ** 2 + 1e-12)
    return float(np.sum((percussive * size) ** 2) / (np.sum(size**2) + 1e-12))


def music_without_drums(folder: Path, found: Sequence[Recording]) -> tuple[Recording, ...]:
    """Keep the music that can lie under real drums: with known beats and attacks, long enough, without drums itself.

    Music with drums of its own would contradict the truth: its kicks and snares are hits that nobody wrote down.
    Raises UserError if there is none; it names the folder.
    """
    long = [one for one in found if len(one.beats) and one.beats[-1] - one.beats[0] >= LEAST_MUSIC]
    kept = tuple(one for one in long if percussion(one.samples) <= MOST_PERCUSSION)
    if not kept:
        raise UserError(
            f"No music to use under {str(folder)!r}: it needs pieces without drums of at least {LEAST_MUSIC:g} s, with "
            "name.onsets.txt and name.beats.txt beside them or in a folder reference_times."
        )
    return kept


def _attack(samples: Sound, time: float) -> int:
    """Find the sample within 20 ms of `time` at which the power of 3 ms rises most."""
    width, around, middle = round(0.003 * RATE), round(ATTACK_SEARCH * RATE), round(time * RATE)
    first = max(0, middle - around - width)
    near = samples[first : middle + around + width].astype(np.float64)
    if len(near) <= 2 * width:
        return middle
    power = np.concatenate([[0.0], np.cumsum(np.square(near))])
    sums = power[width:] - power[:-width]
    before, after = sums[:-width], sums[width:]
    return first + width + int(np.argmax((after - before) * after / (before + after + 1e-12)))


def drums_of(loop: Recording) -> list[Shot]:
    """Cut clear kicks, snares and hats out of a loop of drums at its attacks; none unless it has kicks and snares.

    By the share of power of the first 120 ms under 150 Hz, under 500 Hz and over 5 kHz. What is not clear is left.
    """
    ends = np.append(loop.onsets[1:], len(loop.samples) / RATE)
    cuts, levels = [], []
    for start, stop in zip(loop.onsets, ends, strict=True):
        first, last = _attack(loop.samples, start), _attack(loop.samples, stop)
        cut = loop.samples[first : last - round(0.004 * RATE)]
        if len(cut) >= round(0.06 * RATE):
            cuts.append(cut)
            levels.append(float(np.sqrt(np.mean(np.square(cut[: round(0.12 * RATE)])))))
    shots, loudest = [], max(levels, default=0.0) * 10 ** (-LOUD_DB / 20)
    for number, (cut, level) in enumerate(zip(cuts, levels, strict=True)):
        role = _drum(cut)
        if role is not None and (role == "hat" or level >= loudest):
            shots.append(Shot(f"{loop.name}/{number}", role, trimmed(cut.copy()), True))
    return shots if {"kick", "snare"} <= {shot.role for shot in shots} else []


def _drum(cut: Sound) -> str | None:
    part = cut[: round(0.12 * RATE)]
    power = np.abs(np.fft.rfft(part, 16_384)) ** 2
    hertz = np.fft.rfftfreq(16_384, 1 / RATE)
    low, middle, high = (
        float(np.sum(power[(hertz >= start) & (hertz < stop)]) / (np.sum(power) + 1e-12))
        for start, stop in ((0, KICK_HZ), (KICK_HZ, SNARE_HZ), (HAT_HZ, RATE))
    )
    if low >= 0.45 and low + middle >= 0.85:
        return "kick"
    if high >= 0.6:
        return "hat"
    if low <= 0.15 and high >= 0.1 and low + middle <= 0.7:
        return "snare"
    return None


def _is_hit(sound: Sound) -> bool:
    """Say whether a sound is one hit: it speaks within 20 ms and is never again louder than in its first 0.15 s."""
    width, early = round(0.01 * RATE), round(0.15 * RATE)
    if len(sound) < 3 * width:
        return False
    level = np.sqrt(np.convolve(np.square(sound), np.ones(width) / width, "same"))
    peak = float(np.max(level[:early]))
    speaks = int(np.argmax(level > 0.5 * peak)) <= round(0.02 * RATE)
    return speaks and float(np.max(level[early:], initial=0.0)) <= peak


def notes_of(music: Recording) -> list[Shot]:
    """Cut single notes and chords out of real music: those that rise 10 dB from what was before and ring on alone."""
    ends = np.append(music.onsets[1:], len(music.samples) / RATE)
    width, found = round(0.03 * RATE), []
    for number, (start, stop) in enumerate(zip(music.onsets, ends, strict=True)):
        first, last = _attack(music.samples, start), _attack(music.samples, stop) - round(0.01 * RATE)
        if last - first < round(LEAST_NOTE * RATE) or first < width:
            continue
        before, after = music.samples[first - width : first], music.samples[first : first + width]
        if np.sum(np.square(after)) > NOTE_RISE * np.sum(np.square(before)):
            sound = trimmed(music.samples[first:last].copy())
            if _is_hit(sound):
                found.append(Shot(f"{music.name}/{number}", "stab", sound, True))
    return found


def gather_sources(places: Places) -> Sources:
    """Read all that may be used.

    Raises UserError if a folder is missing, a file cannot be read, or there is not at least one kick and one snare.
    """
    sounds, music = places.sounds, places.music
    files = [(folder, path) for folder in sounds for path in audio_in(folder, "--sounds")]
    shots = [shot for shot in gather(sounds) if shot.held_out and shot.role != "loop"]
    loops: list[Recording] = []
    names: set[str] = set()
    for folder, path in files:
        name = path.relative_to(folder).with_suffix("").as_posix()
        if role_of(name) != "loop" or loop_may_be_used(name) or path.stem in names:
            continue
        if (one := _known(path, folder)) is not None:
            loops.append(one)
            names.add(path.stem)
    drums = [shot for shot in shots if shot.role != "stab"] + [shot for loop in loops for shot in drums_of(loop)]
    missing = {"kick", "snare"} - {shot.role for shot in drums}
    if missing:
        raise UserError(
            f"No {' and no '.join(sorted(missing))} under {', '.join(repr(str(one)) for one in sounds)} that training "
            "leaves out (every fifth sound, by a hash of its name): give a folder with more one-shots."
        )
    # Sounds of no role are left out of every training set, held out or not.
    listed = tuple(f"{index.parent}/" for folder in sounds for index in folder.rglob("index.csv") if is_index(index))
    unused = {
        path.stem: path
        for folder, path in files
        if role_of(str(path.relative_to(folder))) is None and not str(path).startswith(listed)
    }
    kept = [(name, path) for name, path in unused.items() if not any(word in name.lower() for word in NO_HITS)]
    shots += [Shot(name, "stab", trimmed(read_audio(path)), True) for name, path in kept]
    pieces = [one for path in audio_in(music, "--music") if (one := _known(path, music)) is not None]
    hits = [shot for shot in shots if shot.role == "stab" and _is_hit(shot.samples)]
    hits += [shot for piece in pieces for shot in notes_of(piece)]
    given = read_songs(places.songs) if places.songs is not None else ()
    songs = tuple(song for song in given if not song_may_be_used(song.name))
    grooves = read_grooves(places.grooves) if places.grooves is not None else []
    beds = tuple(bed_of(song) for song in songs if len(song.beats))
    return Sources(
        tuple(drums),
        tuple(hits),
        tuple(loops),
        music_without_drums(music, pieces) + beds,
        tuple(one for one in grooves if one.held_out),
        songs,
    )


SHORTEST, LONGEST = 20.0, 36.0
