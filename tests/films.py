"""Videos made on the spot, of frames that tell their number."""

import io
import struct
from collections.abc import Iterable, Sequence

import av
import numpy as np
from PIL import Image

from tests.conftest import picture

SIZE = (64, 48)
RATE = 10  # frames a second
CONTAINERS = {  # what FFmpeg calls a container, and a codec that is usual in it
    "mp4": "libx264",
    "mov": "mpeg4",
    "matroska": "libx264",
    "webm": "libvpx-vp9",
    "avi": "mpeg4",
}
TURNS = {  # clockwise, by their degrees, and mirrored; x right, y down
    "90": (0, 1, -1, 0),
    "180": (-1, 0, 0, -1),
    "270": (0, -1, 1, 0),
    "left and right": (-1, 0, 0, 1),
    "top and bottom": (1, 0, 0, -1),
    "x and y": (0, 1, 1, 0),
    "the other corners": (0, -1, -1, 0),
    "nothing": (1, 0, 0, 1),
    "aslant": (1, 1, -1, 1),
}


def numbered(number: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Return a frame whose upper half is as blue as its number times 4; below, red grows to the right."""
    frame = np.zeros((size[1], size[0], 3), np.uint8)
    frame[: size[1] // 2, :, 2] = 4 * number
    frame[size[1] // 2 :, :, 0] = np.linspace(0, 255, size[0])
    return frame


def number_of(image: Image.Image) -> float:
    """Return the number of a frame, as compression left it."""
    return float(np.asarray(image, np.float64)[: image.height // 3, :, 2].mean() / 4)


def film(
    frames: Iterable[np.ndarray],
    container: str = "mp4",
    keyframes: int = 5,
    codec: str | None = None,
    size: tuple[int, int] = SIZE,
    **options: str,
) -> bytes:
    """Encode frames (height, width, 3) uint8 as a video with a keyframe every so many.

    options : of the container, as FFmpeg names them
    """
    file = io.BytesIO()
    with av.open(file, "w", format=container, container_options=options) as output:
        stream = output.add_stream(codec or CONTAINERS[container], rate=RATE)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.gop_size = keyframes
        stream.bit_rate = 2_000_000
        for frame in frames:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        output.mux(stream.encode(None))
    return file.getvalue()


def clip(container: str = "mp4", frames: int = 60, keyframes: int = 5, **options: str) -> bytes:
    """Return a video of numbered frames."""
    return film([numbered(i) for i in range(frames)], container, keyframes, **options)


def pictures(seeds: Sequence[int], container: str = "mp4") -> bytes:
    """Return a video of still pictures, each for a second."""
    return film([np.asarray(picture(seed, SIZE)) for seed in seeds for _ in range(RATE)], container)


def turned(video: bytes, turn: str) -> bytes:
    """Tell in the header of an MP4 that its frames are to be turned or mirrored (ISO/IEC 14496-12, 8.3.2)."""
    a, b, c, d = (number << 16 for number in TURNS[turn])
    at = video.index(b"tkhd") + 44
    return video[:at] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + video[at + 36 :]
