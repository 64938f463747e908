"""Words for people."""


def counted(count: int, noun: str) -> str:
    """Give a number with its noun: "1 chop", "2,048 chops"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def in_bytes(size: float) -> str:
    """Give a size in the unit that suits it: "12 kB", "3.4 MB", "2.1 GB"."""
    if size < 1e6:
        return f"{size / 1e3:.0f} kB"
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB"
