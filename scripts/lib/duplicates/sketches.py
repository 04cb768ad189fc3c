"""What is kept of an image to tell whether another shows the same: a kilobyte.

A sketch is a grey square of 32 pixels, which the whole image is squeezed into, its two colour channels at a
quarter of that, the perceptual hash of the square, and the image's width and height. The square is what
hashes are made from and what is compared where they agree.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

SIDE = 32  # pixels, of which ImageHash's `phash` takes its cosine transform
COLOUR_SIDE = 8
SKETCH = np.dtype(
    [
        ("hash", np.uint8, 8),  # 64 bits, row by row
        ("width", "<u4"),  # as decoded, upright
        ("height", "<u4"),
        ("grey", np.uint8, (SIDE, SIDE)),
        ("colour", np.uint8, (2, COLOUR_SIDE, COLOUR_SIDE)),  # Cb and Cr
    ]
)

Sketches = npt.NDArray[np.void]


def sketch(image: Image.Image) -> npt.NDArray[np.uint8]:
    """Return the sketch of an RGB image as bytes: (1, SKETCH.itemsize) uint8."""
    import imagehash  # late: only workers hash

    luma, *chroma = image.convert("YCbCr").split()
    grey = luma.resize((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=3)
    cells = (COLOUR_SIDE, COLOUR_SIDE)
    made = np.zeros(1, SKETCH)
    made["hash"] = np.packbits(imagehash.phash(grey).hash)
    made["width"], made["height"] = image.size
    made["grey"] = np.asarray(grey)
    made["colour"] = [np.asarray(each.resize(cells, Image.Resampling.BOX, reducing_gap=3)) for each in chroma]
    return made.view(np.uint8).reshape(1, -1)


def read_sketches(path: Path) -> Sketches:
    """Return the sketches of a collection as a read-only memory map: (n,) SKETCH."""
    try:
        sketches: Sketches = np.load(path, mmap_mode="r")
    except ValueError:  # an empty file can't be mapped
        sketches = np.load(path)
    return sketches


def turned(squares: npt.NDArray[np.generic], turn: int) -> npt.NDArray[np.generic]:
    """Return squares (..., s, s) turned by `turn % 4` quarters, and mirrored before that if it is above 3."""
    upright = squares[..., ::-1] if turn >= 4 else squares
    return np.rot90(upright, turn % 4, axes=(-2, -1))


def turns_wanted(rotations: bool, mirrors: bool) -> Sequence[int]:
    """Return the turns, as numbers for `turned`, in which a copy counts as one; 0 is none.

    Mirrored means left and right, or top and bottom, exchanged; with rotations, all eight.
    """
    if rotations and mirrors:
        return range(8)
    return (0, 1, 2, 3) if rotations else (0, 4, 6) if mirrors else (0,)
