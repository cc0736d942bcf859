"""The one failure of reading a format, and the bounds that all files keep."""

from collections.abc import Iterator


class Damaged(Exception):
    """The bytes are not what their signature says: cut off, or built against the format."""


MOST_PARTS = 100_000
LARGEST_PIXELS = 120_000_000
LONGEST_SIDE = 30_000
"""A picture of more takes a viewer more memory than its bytes tell: phones of 2026 make 50 to 108 million pixels, and
their 200 million only on demand."""


def check_picture(width: int, height: int) -> None:
    """Raises `Damaged` for a picture without size, or one that would swell to gigabytes when shown."""
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE and width * height <= LARGEST_PIXELS):
        raise Damaged(f"{width} × {height} pixels")


def bounded(most: int = MOST_PARTS) -> Iterator[int]:
    """Counts the parts of a file while they are walked, so that 20 MB of tiny ones cost little. Raises `Damaged`."""
    yield from range(most)
    raise Damaged(f"more than {most} parts")
