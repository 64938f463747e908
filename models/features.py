"""Inputs and shapes of nets: one class for each kind of model, as it stands in a manifest."""

from dataclasses import dataclass
from typing import Any

from samplechop.realtime.core.errors import ModelError


@dataclass(frozen=True, slots=True)
class Features:
    """What the net takes as input.

    fmin_hz: centre of the lowest constant-Q bin. norm: the kernels' normalisation (2 = unit energy).
    bands: for each summed row the half-open range of bins it covers; one band over all bins is the classic sum.
    past, future: frames of context before and after the scored frame.
    """

    sample_rate: int
    hop_length: int
    fmin_hz: float
    n_bins: int
    bins_per_octave: int
    norm: int
    support: str
    bands: tuple[tuple[int, int], ...]
    past: int
    future: int
    standardise: str

    def __post_init__(self) -> None:
        """Refuse what the analysis does not understand."""
        _only(self, sample_rate=44_100, norm=2, support="true", standardise="window-zscore")
        for name, least, most in (
            ("hop_length", 32, 8192),
            ("fmin_hz", 10, 20_000),
            ("n_bins", 1, 1024),
            ("bins_per_octave", 1, 96),
        ):
            if not least <= getattr(self, name) <= most:
                raise ModelError(f"features.{name} must be in {least}..{most}, got {getattr(self, name)}")
        if not 0 <= self.past <= 1024 or not 0 <= self.future <= 1024:
            raise ModelError(f"features.past and features.future must be in 0..1024, got {self.past} and {self.future}")
        if not 1 <= len(self.bands) <= self.n_bins:
            raise ModelError(f"features.bands must be 1..{self.n_bins} bands, got {len(self.bands)}")
        for low, high in self.bands:
            if not 0 <= low < high <= self.n_bins:
                raise ModelError(f"features.bands must lie in 0..{self.n_bins}, got [{low}, {high}]")

    @property
    def n_frames(self) -> int:
        """Frames in one window."""
        return self.past + 1 + self.future

    @property
    def n_inputs(self) -> int:
        """Numbers in one window: bands x frames, band after band."""
        return len(self.bands) * self.n_frames


@dataclass(frozen=True, slots=True)
class EarlyFeatures:
    """The early stage of a streaming net, which answers at every hop what cannot wait for the rest of the net.

    file, sha256: its .tflite, beside the model's. hop_length: samples from one answer to the next. n_features: of a
    hop. wait: samples from an attack on that are known when it is scored, at least; at most hop_length - 1 more.
    heads: what each output means; dilations, in hops, and channels: of its layers.
    """

    file: str
    sha256: str
    hop_length: int
    n_features: int
    wait: int
    heads: tuple[str, ...]
    dilations: tuple[int, ...]
    channels: int

    def __post_init__(self) -> None:
        """Refuse what the analysis does not understand."""
        _only(self, hop_length=256)
        if not 0 <= self.wait <= 44_100:
            raise ModelError(f"features.early.wait must be in 0..44100 samples, got {self.wait}")
        _check_layers(self)


@dataclass(frozen=True, slots=True)
class StreamFeatures:
    """Input and shape of a streaming net; see realtime/nets/features.py and realtime/nets/temporal_net.py.

    hop_length: samples from one feature frame to the next. lookahead: frames known after the one that is scored.
    heads: what each output means. dilations: of the layers, in frames; channels: of each layer. members: nets whose
    probabilities the file averages. early: the stage before it, whose last layer it takes as input; None if it has its
    features from realtime/nets/features.py rather than from realtime/nets/fine_features.py.
    """

    sample_rate: int
    hop_length: int
    n_features: int
    lookahead: int
    heads: tuple[str, ...]
    dilations: tuple[int, ...]
    channels: int
    members: int
    early: EarlyFeatures | None = None

    def __post_init__(self) -> None:
        """Refuse what the analysis does not understand."""
        _only(self, sample_rate=44_100, hop_length=512)
        if not 0 <= self.lookahead <= 512:
            raise ModelError(f"features.lookahead must be in 0..512 frames, got {self.lookahead}")
        _check_net(self)


@dataclass(frozen=True, slots=True)
class DrumFeatures:
    """Input and shape of the drum net; see realtime/nets/features.py and realtime/nets/temporal_net.py.

    hop_length: samples from one feature frame to the next. wait: samples from an attack on that are known when
    it is scored, at least; at most hop_length - 1 more. heads, dilations, channels, members: as of StreamFeatures.
    """

    sample_rate: int
    hop_length: int
    n_features: int
    wait: int
    heads: tuple[str, ...]
    dilations: tuple[int, ...]
    channels: int
    members: int

    def __post_init__(self) -> None:
        """Refuse what the analysis does not understand."""
        _only(self, sample_rate=44_100, hop_length=256)
        if not 0 <= self.wait <= 44_100:
            raise ModelError(f"features.wait must be in 0..44100 samples, got {self.wait}")
        _check_net(self)


@dataclass(frozen=True, slots=True)
class HarmonyFeatures:
    """The input of the harmony net: see realtime/dsp/pitch_spectrum.py; its 24 answers: see realtime/nets/streaming.py.

    hop_length: samples from one frame to the next. spectrum: "cqt", or "spectrum" for the plain one. n_bins: numbers
    in a frame. floor_db: how far below a frame's loudest bin there is nothing.
    """

    sample_rate: int
    hop_length: int
    spectrum: str
    n_bins: int
    floor_db: float

    def __post_init__(self) -> None:
        """Refuse what the analysis does not understand."""
        _only(self, sample_rate=44_100, floor_db=60.0)
        known = {"cqt": 252, "spectrum": 1024}
        if known.get(self.spectrum) != self.n_bins:
            kinds = " or ".join(f"{name!r} of {bins} bins" for name, bins in known.items())
            raise ModelError(f"features.spectrum must be {kinds}, got {self.spectrum!r} of {self.n_bins}")
        if not 256 <= self.hop_length <= 8192:
            raise ModelError(f"features.hop_length must be in 256..8192 samples, got {self.hop_length}")


@dataclass(frozen=True, slots=True)
class ClipFeatures:
    """The input of the net that names the drums of onset-centred clips; see
    offline/lab/drum_datasets/clip_classifier.py.

    n_fft, hop_length: samples of a spectrum, and from one to the next. n_bands: mel bands. frames: in a clip, `before`
    of them ahead of the attack. heads: what each output means.
    """

    sample_rate: int
    hop_length: int
    n_fft: int
    n_bands: int
    before: int
    frames: int
    heads: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse what the analysis does not understand."""
        _only(self, sample_rate=44_100, hop_length=441, n_fft=2048, n_bands=48, before=8, frames=32)
        _check_heads(self.heads)

    @property
    def n_inputs(self) -> int:
        """Numbers in one clip: frame after frame, each band twice, against the clip and against the track."""
        return self.frames * 2 * self.n_bands


@dataclass(frozen=True, slots=True)
class SoundFeatures:
    """What the net that names whole sounds takes as input, see offline/atlas/tag_net.py, and what it says of them.

    n_fft, hop_length: samples of a spectrum, and from one to the next. n_bands: mel bands. segments: of time, the
    shortest first. tags: what each of its first outputs means. encoding: numbers in its second output, its last hidden
    layer.
    """

    sample_rate: int
    n_fft: int
    hop_length: int
    n_bands: int
    segments: int
    tags: tuple[str, ...]
    encoding: int

    def __post_init__(self) -> None:
        """Refuse what the analysis does not understand."""
        _only(self, sample_rate=44_100, n_fft=2048, hop_length=256)
        for name, least, most in (("n_bands", 8, 128), ("segments", 8, 64), ("encoding", 2, 512)):
            if not least <= getattr(self, name) <= most:
                raise ModelError(f"features.{name} must be in {least}..{most}, got {getattr(self, name)}")
        if not 1 <= len(self.tags) <= 1024 or not all(self.tags):
            raise ModelError(f"features.tags must name 1..1024 tags, got {len(self.tags)}")
        if len(set(self.tags)) < len(self.tags):
            raise ModelError("features.tags must differ")

    @property
    def n_inputs(self) -> int:
        """Numbers in one picture: segment after segment, two for each band."""
        return self.segments * self.n_bands * 2


def _only(features: Any, **values: object) -> None:
    for name, only in values.items():
        if getattr(features, name) != only:
            raise ModelError(f"features.{name} must be {only!r}, got {getattr(features, name)!r}")


def _check_net(features: StreamFeatures | DrumFeatures) -> None:
    if not 1 <= features.members <= 16:
        raise ModelError(f"features.members must be in 1..16, got {features.members}")
    _check_layers(features)


def _check_layers(features: StreamFeatures | DrumFeatures | EarlyFeatures) -> None:
    for name, most in (("n_features", 1024), ("channels", 256)):
        if not 1 <= getattr(features, name) <= most:
            raise ModelError(f"features.{name} must be in 1..{most}, got {getattr(features, name)}")
    _check_heads(features.heads)
    if not 2 <= len(features.dilations) <= 32 or not all(1 <= dilation <= 4096 for dilation in features.dilations):
        raise ModelError("features.dilations must be 2..32 numbers in 1..4096 frames")
    if sum(features.dilations) > 16_384:
        raise ModelError(f"features.dilations must be 16384 frames together at most, got {sum(features.dilations)}")


def _check_heads(heads: tuple[str, ...]) -> None:
    if not 1 <= len(heads) <= 64 or len(set(heads)) < len(heads) or not all(heads):
        raise ModelError(f"features.heads must name 1..64 outputs, each once, got {len(heads)}")
