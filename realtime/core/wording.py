"""Words for people."""


def counted(count: int, noun: str) -> str:
    """Give a number with its noun: "1 chop", "2,048 chops"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
