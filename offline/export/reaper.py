"""A Reaper project: the record on one track, with a region for each slice.

Reaper projects are text, a tree of `<NAME … >` blocks with a line for each setting; github.com/ReaTeam/Doc
(State Chunk Definitions) lists them. A region is two MARKER lines of one number: its name at the start, an empty one at
the end. The project refers to NAME.wav beside it, so that the kit's folder can be moved.
"""

from pathlib import Path

from samplechop.offline.export.record import whole_wav
from samplechop.offline.kits.core.model import Kit

_REGION = 1


def write(kit: Kit) -> list[Path]:
    """Write NAME.rpp and NAME.wav. Positions are seconds with nine decimals, which is finer than a sample."""
    record = whole_wav(kit)
    length = kit.seconds(kit.length)
    lines = ['<REAPER_PROJECT 0.1 "6.0/samplechop" 0', "  RIPPLE 0", f"  SAMPLERATE {kit.sample_rate} 0 0"]
    lines.append(f"  TEMPO {kit.tempo.value if kit.tempo else 120} 4 4")
    for part in kit.slices:
        start, stop = kit.seconds(part.start), kit.seconds(part.stop)
        lines.append(f"  MARKER {part.number} {start:.9f} {quoted(part.title)} {_REGION}")
        lines.append(f'  MARKER {part.number} {stop:.9f} "" {_REGION}')
    lines += ["  <TRACK", f"    NAME {quoted(kit.name)}", "    <ITEM", "      POSITION 0", f"      LENGTH {length:.9f}"]
    lines += ["      LOOP 0", f"      NAME {quoted(record.name)}", "      SOFFS 0", "      PLAYRATE 1 1 0 -1 0 0.0025"]
    lines += ["      <SOURCE WAVE", f"        FILE {quoted(record.name)}", "      >", "    >", "  >", ">"]
    path = kit.folder / f"{kit.name}.rpp"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return [path, record]


def quoted(text: str) -> str:
    """Put a text between quotation marks that do not occur in it; where all three do, backticks become apostrophes."""
    for mark in "\"'`":
        if mark not in text:
            return f"{mark}{text}{mark}"
    return "`" + text.replace("`", "'") + "`"
