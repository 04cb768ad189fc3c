"""What a reader is, and what it is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, Protocol

from PIL import Image

# An image is decoded at the smallest scale whose shorter side is still this many times the target.
# Descriptors of ordinary photos then differ from those of a full decode by 3 % of the distance to the
# nearest neighbour, against 8 % with 1, which would be a tenth faster.
DRAFT_MARGIN = 2

START_BYTES = 256  # of a file, by which its format is recognised


class Header(NamedTuple):
    """What a file declares about itself."""

    width: int  # pixels, as stored
    height: int  # pixels
    format: str  # a name of `formats`, or MPO


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a file.

    target : shorter side that the caller will resize to, in pixels
    pixel_limit : largest width times height that is accepted, checked before allocation
    video_frames : how many frames of a video; 1 is the first
    """

    target: int
    pixel_limit: int
    video_frames: int

    @property
    def side(self) -> int:
        """Return the shorter side, in pixels, below which no scaled decoding goes."""
        return DRAFT_MARGIN * self.target


class Reader(Protocol):
    """A module with these functions, named by an entry of `formats.FORMATS`.

    They may throw anything: the caller makes it `Undecodable`, but for failures of reading.
    """

    def recognises(self, start: bytes, file: BinaryIO) -> bool:
        """Tell by its first bytes, or more where those do not tell, whether a file is for this reader."""

    def plain_header(self, file: BinaryIO) -> Header | None:
        """Read what the file declares in Python; None where only a library can, which may hang or crash."""

    def header(self, file: BinaryIO) -> Header:
        """Read what the file declares; nothing of the image's size is allocated."""

    def pictures(self, file: BinaryIO, wanted: Wanted) -> Iterator[Image.Image]:
        """Yield the picture, or those of a video, as upright RGB."""
