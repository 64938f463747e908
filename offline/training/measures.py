"""How good detections of held-out recordings are, and how often a detection with a given score is right; as numbers,
and as figures (PNG files, all in one style).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_PAIRS = 24
FEWEST, FEWEST_EACH = 100, 20
"""Detections from which on there is a calibration, and how many stand behind each pair."""

Verdict = tuple[float, bool]
"""The score of a detection, and whether it is right."""


def near(frames: NDArray[np.int64], places: NDArray[np.int64], tolerance: int) -> NDArray[np.bool_]:
    """Tell for each frame whether one of the places, rising, lies within the tolerance, frames: bool (n,)."""
    if not len(places):
        return np.zeros(len(frames), np.bool_)
    after = np.searchsorted(places, frames)
    either = [np.abs(places[np.clip(after + step, 0, len(places) - 1)] - frames) for step in (-1, 0)]
    return np.minimum(*either) <= tolerance


def adaptive_peaks(
    scores: NDArray[np.floating], decay: float, first_highest: float = 0.6
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give the local maxima that realtime/detectors/chop/peak_picking.py's AdaptivePicker would weigh, int64 (m,), and
    for each of them the highest score lately, itself included, float64 (m,).

    scores: (n,). decay: what is left of the highest score after a frame. first_highest: what it is before the first.
    """
    n = len(scores)
    fall = np.arange(n + 1) * np.log(decay)
    logs = np.log(np.maximum(np.concatenate([[first_highest], np.asarray(scores, np.float64)]), 1e-12))
    highest = np.exp(np.maximum.accumulate(logs - fall) + fall)[1:]
    before = np.concatenate([[0.0], scores[:-1]])
    after = np.concatenate([scores[1:], [np.inf]])  # the last score is not known to be a maximum
    frames = np.flatnonzero((scores >= before) & (scores > after))
    return frames.astype(np.int64), highest[frames]


def apart(frames: NDArray[np.int64], gap: int) -> NDArray[np.int64]:
    """Give the places of those frames that follow the one kept before by at least `gap`; frames rise."""
    kept: list[int] = []
    for place, frame in enumerate(frames.tolist()):
        if not kept or frame - frames[kept[-1]] >= gap:
            kept.append(place)
    return np.array(kept, np.int64)


def verdicts(
    frames: NDArray[np.int64],
    scores: NDArray[np.floating],
    references: NDArray[np.int64],
    unknown: NDArray[np.bool_],
    tolerance: int,
) -> list[Verdict]:
    """Compare the detections of one recording with the truth; those where the truth is unknown are left out.

    frames, scores: (n,), of the detections. references: int64 (m,), rising, frames of the true events. unknown: bool,
    one for every frame. tolerance: frames.
    """
    right = near(frames, references, tolerance)
    known = right | ~near(frames, np.flatnonzero(unknown), tolerance)
    return list(zip(scores[known].tolist(), right[known].tolist(), strict=True))


def precision_recall(recordings: Iterable[tuple[int, Sequence[Verdict]]]) -> tuple[float, float]:
    """Give precision and recall over recordings, each (number of true events, verdicts); 1 where undefined."""
    right = wrong = references = 0
    for count, found in recordings:
        detections = [is_right for _, is_right in found]
        right += min(count, detections.count(True))
        wrong += detections.count(False)
        references += count
    return right / (right + wrong) if right + wrong else 1.0, right / references if references else 1.0


def f_measure(recordings: Iterable[tuple[int, Sequence[Verdict]]]) -> float:
    """Give the F-measure over recordings, as of `precision_recall`."""
    import mir_eval

    return float(mir_eval.util.f_measure(*precision_recall(recordings)))


def mean_f_measure(recordings: Iterable[tuple[int, Sequence[Verdict]]]) -> float:
    """Give the mean F-measure of the recordings that have true events, as evaluations report it; 0 without any."""
    each = [f_measure([(count, found)]) for count, found in recordings if count]
    return float(np.mean(each)) if each else 0.0


NO_BETTER = "it is no better there than the model it started from: keep that one, or label more recordings"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What is said of a model on recordings held out. better: than the one it started from; None without one."""

    text: str
    better: bool | None = None

    def __str__(self) -> str:
        """Give what is said."""
        return self.text


ADVISED = 10
"""Labelled recordings under which what is measured on those held out says little."""


def held_out_summary(found: Mapping[str, tuple[float, float]], learned: int, held_out: int, chosen_on: bool) -> HeldOut:
    """Say how well events of held-out recordings are detected: a sentence, a table, and what to expect of few.

    found: (precision, recall) by model; the last one is new, the one before it, if any, is what it started from.
    learned, held_out: numbers of recordings. chosen_on: whether the threshold was chosen on those held out; beside a
    model before, each of them was judged with the one that the others chose, see `chop_decision.cross_judged`.
    """
    f = {name: 2 * p * r / (p + r) if p + r else 0.0 for name, (p, r) in found.items()}
    *before, now = f.values()
    ones = f"{held_out} recording{'s' if held_out > 1 else ''}"
    first = f"your chops are found with F {now:.2f} on {ones} that it did not learn from"
    if before:
        first += f", {before[0]:.2f} before"
    if held_out == 1:
        first += "; one recording says next to nothing"
    rows = {name: (f[name], *pair) for name, pair in found.items()}
    lines = [first, *figures(rows, ("F", "precision", "recall"))]
    better = now > before[0] if before else None
    if better is False:
        lines.append(NO_BETTER)
    if chosen_on and before and held_out > 1:
        lines.append(f"each of the {ones} was judged with thresholds that the others chose; the model's own suit all")
    elif chosen_on and before:
        lines.append("it was judged with the thresholds of before; the model's own were chosen on it")
    elif chosen_on:
        lines.append(f"its threshold was chosen on the same {ones}: expect a little less on others")
    if learned + held_out < ADVISED:
        lines.append(
            f"{learned + held_out} labelled recordings are few: what is measured on so few may be far off, and other "
            f"music may gain nothing; label {ADVISED} or more"
        )
    return HeldOut("\n".join(lines), better)


def figures(rows: Mapping[str, Sequence[float]], columns: Sequence[str]) -> list[str]:
    """Write figures as a small table, a line for each model: two decimals under each column's name, – for nan."""
    width = max(map(len, rows))
    widths = [max(4, len(column)) for column in columns]
    heads = (f"  {column:>{room}}" for column, room in zip(columns, widths, strict=True))
    lines = [" " * width + "".join(heads)]
    for name, values in rows.items():
        texts = ["–" if np.isnan(value) else f"{value:.2f}" for value in values]
        cells = (f"  {text:>{room}}" for text, room in zip(texts, widths, strict=True))
        lines.append(f"{name:{width}}" + "".join(cells))
    return lines


def resampled_error(
    count: int, measure: Callable[[NDArray[np.int64]], float], rounds: int = 100, seed: int = 1
) -> float:
    """Give the standard error of a measure of `count` things by the bootstrap (Efron, 1979), nan for under two.

    measure: gives the measure of some of them, by their numbers, int64 (count,), among which some come again.
    """
    if count < 2:
        return float("nan")
    rng = np.random.default_rng(seed)
    return float(np.nanstd([measure(rng.integers(0, count, count)) for _ in range(rounds)], ddof=1))


def calibration(known: Sequence[Verdict]) -> tuple[tuple[float, float], ...]:
    """Give pairs (score, share of detections with that score that are right), rising, by isotonic regression.

    Empty if there are too few detections.
    """
    from sklearn.isotonic import IsotonicRegression

    if len(known) < FEWEST:
        return ()
    scores, right = (np.array(column, float) for column in zip(*sorted(known), strict=True))
    shares = IsotonicRegression(y_min=0.02, y_max=0.99).fit_transform(scores, right)
    # The mean over equally many detections each: a single one at an end says nothing.
    parts = np.array_split(np.stack([scores, shares]), min(MOST_PAIRS, len(known) // FEWEST_EACH), axis=1)
    means = (part.mean(axis=1).tolist() for part in parts)
    # Many detections may have the same score, such as 1: of equal pairs the last stands, as shares rise.
    return tuple({round(at, 4): round(share, 4) for at, share in means}.items())


INK, PAPER, ACCENT, SECOND = "#222222", "#ffffff", "#d1495b", "#30638e"
LINES = (SECOND, ACCENT, "#edae49")


def axes_for(title: str, x: str, y: str) -> tuple[Any, Any]:
    """Give an empty figure and its axes. title, x, y: its labels."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2), dpi=130, facecolor=PAPER)
    axes.set_title(title, color=INK, loc="left", fontsize=12)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.25)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure as a PNG and close it."""
    from matplotlib import pyplot

    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def draw_losses(fittings: Iterable[tuple[Sequence[int], Sequence[float], Sequence[float]]], path: Path) -> None:
    """Draw the loss over the steps: for each member (steps, loss of training, loss of validation)."""
    figure, axes = axes_for("Loss while training", "step", "cross-entropy")
    for number, (steps, training, validation) in enumerate(fittings):
        label = ("training", "validation") if number == 0 else (None, None)
        # A short training has one value, which no line shows.
        axes.plot(steps, training, ".-", color=SECOND, alpha=0.7, label=label[0])
        axes.plot(steps, validation, ".-", color=ACCENT, alpha=0.7, label=label[1])
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    save_figure(figure, path)


Point = tuple[float, float]
"""(precision, recall), 0..1."""


def draw_precision_recall(
    title: str, lines: Mapping[str, tuple[str, Sequence[Point], Point | None]], style: str, path: Path
) -> None:
    """Draw precision over recall. lines: by name (colour, points, where the model stands). style: of Matplotlib."""
    figure, axes = axes_for(title, "recall", "precision")
    for name, (colour, points, chosen) in lines.items():
        axes.plot([r for _, r in points], [p for p, _ in points], style, color=colour, markersize=3, label=name)
        if chosen is not None:
            axes.plot(chosen[1], chosen[0], "o", color=colour)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False, loc="lower left")
    save_figure(figure, path)


def draw_reliability(
    labels: tuple[str, str, str],
    scores: NDArray[Any],
    right: NDArray[Any],
    fewest: int,
    line: Sequence[tuple[float, float]],
    name: str,
    path: Path,
) -> None:
    """Draw the share that is right by score, in ten bins of 0..1, and a line through (score, share) to compare with.

    labels: title, x, y. scores, right: of each detection. fewest: detections a bin must have. name: of the line.
    """
    figure, axes = axes_for(*labels)
    for low in np.arange(0, 1, 0.1):
        inside = (scores >= low) & (scores < low + 0.1)
        if np.count_nonzero(inside) >= fewest:
            axes.bar(low + 0.05, right[inside].mean(), width=0.09, color=SECOND, alpha=0.5)
    if line:
        axes.plot(*zip(*line, strict=True), color=ACCENT, label=name)
        if name:
            axes.legend(frameon=False, loc="upper left")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    save_figure(figure, path)
