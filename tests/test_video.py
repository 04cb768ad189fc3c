"""Videos: frames spread over the length, upright, without black ones, at the cost of a few keyframes."""

import io
import struct

import av
import numpy as np
import pytest
from PIL import Image

from scripts.lib.images.decode import decode, decode_all, read_header
from scripts.lib.images.failures import Undecodable
from scripts.lib.images.readers import video as reader
from scripts.lib.images.readers.protocol import Header
from tests.films import CONTAINERS, SIZE, TURNS, clip, film, number_of, numbered, turned

LIMIT = 10_000_000
NAMES = {"mp4": "MP4", "mov": "MP4", "matroska": "MATROSKA", "webm": "MATROSKA", "avi": "AVI"}


def frames_of(video: bytes, count: int = 6) -> list[Image.Image]:
    return decode_all(video, 100, LIMIT, count)


def numbers_of(video: bytes, count: int = 6) -> list[float]:
    return [number_of(frame) for frame in frames_of(video, count)]


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_header_says_how_large_frames_are_and_the_container(container: str) -> None:
    assert read_header(io.BytesIO(clip(container, 5))) == Header(*SIZE, NAMES[container])


@pytest.mark.parametrize("container", CONTAINERS)
def test_frames_are_spread_over_the_length(container: str) -> None:
    numbers = numbers_of(clip(container))
    np.testing.assert_allclose(numbers, [5, 15, 25, 35, 45, 55], atol=5.5)  # a keyframe before each


def test_frames_of_one_keyframe_are_decoded_up_to_their_time() -> None:
    np.testing.assert_allclose(numbers_of(clip(keyframes=1000))[1:], [15, 25, 35, 45, 55], atol=1.5)


@pytest.mark.parametrize("container", CONTAINERS)
def test_one_frame_is_the_first_and_black_if_that_is(container: str) -> None:
    (first,) = frames_of(clip(container), 1)
    assert number_of(first) == pytest.approx(0, abs=1)
    black = np.zeros_like(numbered(0))
    (first,) = frames_of(film([black, *[numbered(i) for i in range(20)]], container), 1)
    assert np.asarray(first).max() < 20


def test_no_frame_is_taken_twice() -> None:
    numbers = numbers_of(clip(frames=3), 8)
    assert 1 <= len(numbers) <= 3
    assert numbers == sorted(numbers)
    np.testing.assert_array_less(0.5, np.diff(numbers))


def test_a_video_of_one_frame() -> None:
    assert len(frames_of(clip(frames=1))) == 1


def test_the_first_frame_worth_looking_at_stands_for_a_video() -> None:
    video = film([np.zeros_like(numbered(0))] * 30 + [numbered(40)] * 30)
    assert number_of(decode(video, 100, LIMIT)) == pytest.approx(40, abs=2)


def test_black_and_uniform_frames_are_left_out() -> None:
    black, grey = np.zeros_like(numbered(0)), np.full_like(numbered(0), 120)
    video = film([black] * 20 + [numbered(40)] * 20 + [grey] * 20)
    assert numbers_of(video) == pytest.approx([40, 40], abs=2)


def test_of_nothing_but_black_frames_one_is_kept() -> None:
    black = np.zeros_like(numbered(0))
    (kept,) = frames_of(film([black] * 30))
    assert np.asarray(kept).max() < 20


def sent(pixels: np.ndarray, a: int, b: int, c: int, d: int) -> np.ndarray:
    """Send each pixel to where a display matrix says, moved so that none lies outside."""
    y, x = np.indices(pixels.shape[:2])
    to_x, to_y = a * x + c * y, b * x + d * y
    to_x, to_y = to_x - to_x.min(), to_y - to_y.min()
    seen = np.zeros((to_y.max() + 1, to_x.max() + 1, 3), np.uint8)
    seen[to_y, to_x] = pixels
    return seen


@pytest.mark.parametrize("turn", sorted(TURNS))
@pytest.mark.parametrize("container", ["mp4", "mov"])
def test_frames_are_turned_and_mirrored_as_the_header_says(turn: str, container: str) -> None:
    video = clip(container, 10)
    stored, seen = frames_of(video, 1)[0], frames_of(turned(video, turn), 1)[0]
    matrix = (1, 0, 0, 1) if turn == "aslant" else TURNS[turn]  # which no camera writes
    np.testing.assert_array_equal(np.asarray(seen), sent(np.asarray(stored), *matrix))


def test_a_matrix_may_be_rounded() -> None:
    video = turned(clip(), "90")
    at = video.index(b"tkhd") + 44
    rounded = video[:at] + struct.pack(">5i", -1, 65535, 0, -65537, 2) + video[at + 20 :]
    np.testing.assert_array_equal(*(np.asarray(frames_of(each, 1)[0]) for each in (rounded, video)))


class StrangeFrame:
    """A frame with which something comes that PyAV has no name for."""

    rotation = -90

    @property
    def side_data(self) -> object:
        raise ValueError("33 is not a valid Type")


def test_what_else_comes_with_a_frame_does_not_matter() -> None:
    assert reader._axes(StrangeFrame()) == TURNS["90"]


def test_frames_come_reduced_but_never_below_the_margin() -> None:
    video = film([numbered(i, (320, 240)) for i in range(10)], size=(320, 240))
    assert {frame.size for frame in decode_all(video, 30, LIMIT, 3)} == {(80, 60)}
    assert {frame.size for frame in decode_all(video, 500, LIMIT, 3)} == {(320, 240)}


def test_oblong_pixels_are_squared() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.sample_aspect_ratio = 2
        output.mux(stream.encode(av.VideoFrame.from_ndarray(numbered(9), format="rgb24")))
        output.mux(stream.encode(None))
    assert frames_of(file.getvalue(), 1)[0].size == (2 * SIZE[0], SIZE[1])


def test_a_video_without_a_length_is_looked_through() -> None:
    video = clip("matroska", live="1")  # as a stream is written that may end at any time
    with av.open(io.BytesIO(video)) as container:
        assert container.duration is None
    numbers = numbers_of(video, 4)
    assert len(numbers) == 4
    assert numbers == sorted(numbers)
    assert numbers[0] < 20
    assert numbers[-1] > 40


def test_the_limit_on_pixels_is_that_of_a_frame() -> None:
    video = clip(frames=5)
    assert len(decode_all(video, 100, SIZE[0] * SIZE[1], 2)) == 2
    with pytest.raises(Undecodable, match="above the limit"):
        decode_all(video, 100, SIZE[0] * SIZE[1] - 1, 2)


@pytest.mark.parametrize("container", ["matroska", "webm", "avi"])
def test_of_a_truncated_video_what_is_there_is_taken(container: str) -> None:
    video = clip(container)
    numbers = numbers_of(video[: len(video) // 2])
    assert 1 <= len(numbers) < 6
    assert max(numbers) < 45


def test_a_film_whose_index_is_lost_is_named() -> None:
    video = clip("mp4")
    with pytest.raises(Undecodable, match="broken or truncated"):
        frames_of(video[: len(video) // 2])


def test_sound_alone_is_no_video() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    for read in (lambda data: read_header(io.BytesIO(data)), frames_of):
        with pytest.raises(Undecodable, match="no video stream"):
            read(file.getvalue())
