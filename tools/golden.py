"""Freeze what the program does, so that a restructuring can be proven to have changed nothing, bit for bit.

    python tools/golden.py write GOLDEN.json --audio records      before
    python tools/golden.py compare GOLDEN.json --audio records    after: names every difference, exit code 1 if any

Only the command line is used, so modules may be renamed and moved in between. GOLDEN.json says for every file that the
program wrote its SHA-256, and for events a checksum of each line, so that the first line that differs can be shown. It
holds for one machine and one set of library versions, as vector units and libraries round differently: it is not to be
kept in the repository.

--audio: a folder of recordings that are heard beside the demo. --only: parts to run, with commas between. --keep: a new
folder in which all that was read and written stays; `diff -r` of two such folders shows more.
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice, product, zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
GIVEN = Path("given")
"""Folder of what the program is given; every part writes into one of its own beside it."""
RATE = 44_100
RATES, BLOCKS = (44_100, 48_000, 96_000), (64, 256, 8193)
RECORDINGS, LONG, KEPT_SECONDS = 3, 10.0, 20.0
"""How many recordings of --audio are taken, how long one must be, and how much of it is heard."""
WORKERS = 2
MARK = re.compile(rb'("page": \{[^}]*"of": )"[0-9a-f]+"')
"""In atlas.json: of what the page was made, by the times of files that the program wrote."""
UNTOLD = ("-features", ".sqlite", ".busy", ".lock")
"""Ends of names of files and folders which only serve the program itself: they hold clock times, or nothing."""
STEADY = {
    # Sums come in another order with another number of threads.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
    **dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "TF_DETERMINISTIC_OPS"), "1"),
    "XDG_CONFIG_HOME": "no-settings",  # of whoever runs this
}


Step = tuple[object, ...]
"""Arguments of one run of the program."""
Stages = Sequence[Sequence[Step]]
"""Steps that may run side by side, one stage after another."""


def live(folder: Path) -> Stages:
    """Events and notes of every recording, at every rate, in blocks of every size; and of chops alone."""
    steps: list[Step] = [("live", "--demo", *_heard(folder / "demo-whole"))]
    for name in _recordings():
        steps.append(("live", GIVEN / f"{name}-{RATE}.wav", *_heard(folder / f"{name}-chops")))
        for rate, block in product(RATES, BLOCKS):
            options = ("--detect", "chops,beats,drums,harmony", "--pads", "similar", "--blocksize", block)
            audio, out = GIVEN / f"{name}-{rate}.wav", folder / f"{name}-{rate}-{block}"
            steps.append(("live", audio, *options, *_heard(out)))
    return [steps]


def _heard(out: Path) -> tuple[object, ...]:
    return "--fast", "--quiet", "--events", f"{out}.jsonl", "--midi-file", f"{out}.mid"


EVERY = ("--formats", "all")


def kits(folder: Path) -> Stages:
    """Kits in every format, with pictures; one that is shaped in every way, and one of a list of sounds."""
    records, demo = [GIVEN / f"{name}-{RATE}.wav" for name in _recordings()], GIVEN / f"demo-{RATE}.wav"
    steps: list[Step] = [("chop", record, "-o", folder, *EVERY, "--jobs", 1) for record in records[:3]]
    steps.append(("chop", demo, "-o", folder / "whole", "--until", "chosen", *EVERY, "--jobs", 1))
    chosen = ("--until", "candidate", "--count", 8, "--reroll", 1, "--bars", "--want", "drums", "--harmonic")
    shaped = ("--trim", "--snap", 5, "--fade", 5, "--tail", 50, "--normalise", "lufs", "--mono", "--resample", 48_000)
    steps.append(("chop", demo, "-o", folder / "shaped", "--write-harmonic", *chosen, *shaped, *EVERY, "--jobs", 1))
    steps.append(("chop", demo, "-o", folder / "classic", "--classic", "--formats", "json", "--jobs", 1))
    steps.append(("chop", "--from-list", GIVEN / "list.tsv", "-o", folder / "listed", *EVERY))
    return [steps]


def labels(folder: Path) -> Stages:
    """Labels of each kind from each other, from taps, and after a look at them."""
    kinds, audio, track = ("txt", "csv", "mid", "jsonl", "wav"), GIVEN / "made" / "one.wav", GIVEN / "labels.txt"
    end = ("--audio", audio)
    first = [("labels", "convert", track, folder / f"first.{kind}", *end) for kind in kinds]
    pairs = [(a, b) for a, b in product(kinds, kinds) if a != b]
    then: list[Step] = [("labels", "convert", folder / f"first.{a}", folder / f"{a}.{b}", *end) for a, b in pairs]
    then.append(("labels", "from-taps", GIVEN / "one.taps.jsonl", audio, "-o", folder / "taps.txt"))
    then.append(("labels", "show", track, audio, "--picture", folder / "look.png"))
    then.append(("labels", "review", folder / "first.jsonl", GIVEN / "edited.txt", "-o", folder / "reviewed.txt"))
    return [first, then]


def training(folder: Path) -> Stages:
    """A net of every kind, trained for a moment, and two that were moved on."""
    made, small = GIVEN / "made", ("--steps", 3, "--seed", 5, "--jobs", 1)
    banks = ("--only-banks", "--made", 0, "--examples", 1000)
    first = [
        ("train", "chop", made, "-o", folder / "chop", *small),
        ("train", "chop", made, "-o", folder / "classic", "--model-shape", "chop-61", *small),
        ("train", "drums", made, "-o", folder / "drums", *small),
        ("train", "harmony", GIVEN / "banks", "-o", folder / "harmony", *banks, *small),
        ("atlas", "collect", GIVEN / "sounds", "-o", folder / "tags-features", "--jobs", 1),
    ]
    moved = [(kind, "--from", kind, "--members", 1) for kind in ("chop", "drums")]
    then = [("train", kind, made, "-o", folder / f"{kind}-moved", *how, *small) for kind, *how in moved]
    return [first, [*then, ("train", "tags", folder / "tags-features", "-o", folder / "tags", *small)]]


def atlas(folder: Path) -> Stages:
    """An atlas of made sounds and of pieces of the demo, with its page and the drum machine's data."""
    options = ("--split", "chops", "--drum-machine", "--jobs", 1)
    return [[("atlas", "build", GIVEN / "sounds", GIVEN / f"demo-{RATE}.wav", "-o", folder / "atlas", *options)]]


PARTS: dict[str, Callable[[Path], Stages]] = {part.__name__: part for part in (live, kits, labels, training, atlas)}


def give(audio: Path | None) -> None:
    """Write all that the program will be given."""
    (demo,) = {path.resolve() for path in ROOT.glob("[!.]*/**/data/demo.ogg")}
    for name, path in {"demo": demo, **_found(audio)}.items():
        samples, rate = soundfile.read(path, frames=round(KEPT_SECONDS * soundfile.info(path).samplerate))
        for wanted in RATES:
            _write(GIVEN / f"{name}-{wanted}.wav", soxr.resample(samples, rate, wanted), wanted)
    (GIVEN / "list.tsv").write_text("".join(f"demo-{RATE}.wav\t{at}\t0.5\tpiece {at}\n" for at in (1, 4, 9)))
    _give_records()
    _give_banks()
    _give_sounds()
    for path in GIVEN.rglob("*"):
        os.utime(path, (1e9, 1e9))  # an atlas knows its files by their times


def _found(audio: Path | None) -> dict[str, Path]:
    """Choose recordings: the first long ones in the order of their paths."""
    every = sorted(path for path in audio.rglob("*") if path.suffix in (".wav", ".flac", ".ogg")) if audio else []
    long = (path for path in every if soundfile.info(path).duration >= LONG)
    return {path.stem: path for path in islice(long, RECORDINGS)}


def _recordings() -> list[str]:
    names = sorted(path.stem.removesuffix(f"-{RATE}") for path in GIVEN.glob(f"*-{RATE}.wav"))
    return sorted(names, key=lambda name: name != "demo")


def _give_records() -> None:
    """Two records of kicks and snares, where they are, and what a hand would make of that."""
    for seed, name in enumerate(("one", "two")):
        rng = np.random.default_rng(seed)
        starts = np.arange(RATE // 2, 7 * RATE, RATE // 2) + rng.integers(0, 2000, 13)
        samples = 1e-3 * rng.standard_normal(8 * RATE)
        for number, start in enumerate(starts):
            samples[start : start + RATE // 4] += _hit(rng, (60.0, 190.0)[number % 2])
        _write(GIVEN / "made" / f"{name}.wav", samples, RATE)
        hits = [(start / RATE, ("kick", "snare")[number % 2]) for number, start in enumerate(starts.tolist())]
        _lines(GIVEN / "made" / f"{name}.txt", (f"{at:.6f}" for at, _ in hits))
        _lines(GIVEN / "made" / f"{name}.drums.txt", (f"{at:.6f} {drum} 0.9" for at, drum in hits))
        if name == "one":
            taps = [at + 0.04 + rng.normal(0, 0.01) for at, _ in hits]
            told = [{"kind": "tap", "sample": round(at * RATE), "time": round(at, 6)} for at in taps]
            _lines(GIVEN / "one.taps.jsonl", map(json.dumps, told))
            _lines(GIVEN / "labels.txt", (f"{at:.6f}\t{at:.6f}\t{drum}" for at, drum in hits))
            _lines(GIVEN / "edited.txt", (f"{at:.6f}" for at, _ in hits[::2]))


def _hit(rng: np.random.Generator, hz: float) -> NDArray[np.float64]:
    t = np.arange(RATE // 4) / RATE
    tone, click = np.sin(2 * np.pi * hz * t), rng.standard_normal(len(t)) * np.exp(-t / 0.01)
    return 0.5 * np.exp(-t / 0.08) * (tone + 0.4 * click)


def _give_banks() -> None:
    """Two instruments, note by note, as `samplechop notes` has them."""
    for name, bright in (("dark", 3), ("bright", 9)):
        notes, t = [], np.arange(RATE) / RATE
        for pitch in range(28, 101, 6):
            hz = 440 * 2 ** ((pitch - 69) / 12)
            partials = sum(np.sin(2 * np.pi * hz * h * t) / h for h in range(1, bright) if hz * h < 9000)
            _write(GIVEN / "banks" / name / f"{pitch}.wav", 0.3 * np.exp(-t) * partials, RATE)
            notes.append({"file": f"{pitch}.wav", "pitch": pitch, "velocity": 90, "seconds": 0.9})
        _lines(GIVEN / "banks" / name / "notes.json", [json.dumps({"schema": 1, "name": name, "notes": notes})])


def _give_sounds() -> None:
    """Packs of tones, clicks and noises, in folders named so."""
    rng = np.random.default_rng(3)
    for pack, kind, number in product(("north", "south", "west"), ("tone", "click", "noise"), range(6)):
        t = np.arange(int(RATE * rng.uniform(0.1, 0.3))) / RATE
        tone, noise = np.sin(2 * np.pi * rng.uniform(200, 800) * t), rng.uniform(-1, 1, len(t))
        sound = {"tone": tone, "click": noise * np.exp(-t / 0.003), "noise": noise}[kind]
        _write(GIVEN / "sounds" / pack / kind / f"{kind}-{number}.wav", 0.9 * sound, RATE)


def _write(path: Path, samples: NDArray[Any], rate: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype="PCM_24")


def _lines(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def run(program: str, parts: Sequence[str]) -> None:
    """Run every step of the parts, here, so that all paths are relative; two at a time."""
    for part in parts:
        Path(part).mkdir()

    def one(step: Step) -> None:
        began, arguments = time.perf_counter(), [program, *map(str, step)]
        done = subprocess.run(arguments, env=os.environ | STEADY, capture_output=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(arguments)}\n{done.stderr.decode()}\nended with code {done.returncode}")
        print(f"{time.perf_counter() - began:5.1f} s  {' '.join(arguments[1:])}", file=sys.stderr)

    with ThreadPoolExecutor(WORKERS) as pool:
        for stages in zip_longest(*(PARTS[part](Path(part)) for part in parts), fillvalue=()):
            list(pool.map(one, chain.from_iterable(stages)))


def seen() -> dict[str, dict[str, Any]]:
    """Tell of every file here what it holds; the name of this folder counts for nothing."""
    found = {}
    for path in sorted(Path().rglob("*")):
        if path.is_file() and not any(part.endswith(UNTOLD) for part in path.parts):
            content = path.read_bytes().replace(os.fsencode(Path.cwd()), b"")
            content = MARK.sub(rb"\1", content) if path.name == "atlas.json" else content
            lines = {"lines": [zlib.crc32(line) for line in content.splitlines()]} if path.suffix == ".jsonl" else {}
            found[path.as_posix()] = {"sha256": hashlib.sha256(content).hexdigest(), **lines}
    return found


def differences(wanted: dict[str, Any], got: dict[str, Any]) -> Iterator[str]:
    """Name every file that is not what it was."""
    for name in sorted(wanted.keys() | got.keys()):
        if name not in got or name not in wanted:
            yield f"{name}: {'is no longer written' if name in wanted else 'is new'}"
        elif wanted[name]["sha256"] != got[name]["sha256"]:
            where = _where(wanted[name]["lines"], got[name]["lines"], Path(name)) if "lines" in got[name] else ""
            yield f"{name}: differs{where}"


def _where(wanted: list[int], got: list[int], path: Path) -> str:
    """Show the first line of events that differs."""
    at = next((at for at, pair in enumerate(zip_longest(wanted, got)) if pair[0] != pair[1]), 0)
    text = path.read_text(encoding="utf-8").splitlines()[at] if at < len(got) else "missing"
    return f", {len(wanted)} lines before and {len(got)} now; line {at + 1} is now {text}"


def main() -> int:
    """Write, or compare; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("write", "compare"))
    parser.add_argument("golden", type=Path)
    parser.add_argument("--audio", type=Path, help="folder of recordings to hear beside the demo")
    parser.add_argument("--only", default=",".join(PARTS), help="parts to run (default: %(default)s)")
    parser.add_argument("--keep", type=Path, help="new folder in which all files stay")
    parser.add_argument("--program", type=Path, default=Path(sys.executable).with_name("samplechop"))
    chosen = parser.parse_args()
    parts, golden = chosen.only.split(","), chosen.golden.absolute()
    audio, program = chosen.audio and chosen.audio.absolute(), str(chosen.program.absolute())
    if unknown := sorted(set(parts) - PARTS.keys()):
        parser.error(f"--only knows {', '.join(PARTS)}, not {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(chosen.keep or scratch)
        work.mkdir(parents=True, exist_ok=True)
        if any(work.iterdir()):
            parser.error(f"--keep needs a new folder, and {str(work)!r} holds something")
        with contextlib.chdir(work):
            give(audio)
            run(program, parts)
            got = seen()
            if chosen.task == "write":
                golden.write_text(json.dumps(got, separators=(",", ":")) + "\n", encoding="utf-8")
                print(f"{len(got)} files told in {golden}")
                return 0
            wanted = json.loads(golden.read_text(encoding="utf-8"))
            told = {name: one for name, one in wanted.items() if name.split("/")[0] in (str(GIVEN), *parts)}
            found = list(differences(told, got))
    print("\n".join([*found, f"{len(found)} differences in {len(told)} files"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
