"""The built-in descriptor: finite, deterministic, and near for what looks alike."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from scripts.lib.embedding.descriptor import (
    COLOURS_SIZE,
    DIMENSION,
    PARTS,
    Floats,
    _oklab,
    _soft_bins,
    descriptor,
)


def scene(seed: int, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """Draw smooth random blobs of random colours."""
    pixels = np.random.default_rng(seed).integers(0, 256, (5, 6, 3)).astype(np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


def distance(first: Image.Image, second: Image.Image) -> float:
    return float(np.linalg.norm(descriptor(first) - descriptor(second)))


def part(name: str, vector: Floats) -> Floats:
    return vector[next(part.slice for part in PARTS if part.name == name)]


def test_parts_cover_the_vector_without_overlap() -> None:
    covered = np.concatenate([np.arange(DIMENSION)[part.slice] for part in PARTS])
    assert covered.tolist() == list(range(DIMENSION))
    assert all(part.weight > 0 for part in PARTS)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 3), (1, 20_000), (640, 2), (31, 33)])
def test_any_size_gives_a_finite_vector(size: tuple[int, int]) -> None:
    vector = descriptor(scene(0, size))
    assert vector.shape == (DIMENSION,)
    assert vector.dtype == np.float32
    assert np.isfinite(vector).all()


@pytest.mark.parametrize("colour", ["black", "white", "grey", "red", "lime", "blue"])
def test_a_constant_image_has_colour_and_no_edges(colour: str) -> None:
    vector = descriptor(Image.new("RGB", (50, 40), colour))
    assert np.isfinite(vector).all()
    assert not part("edges", vector).any()
    assert not part("colour edges", vector).any()
    assert part("colours", vector).any()


def test_parts_have_the_length_of_their_weight() -> None:
    vector = descriptor(scene(1))
    for member in PARTS[1:]:
        assert np.linalg.norm(vector[member.slice]) == pytest.approx(member.weight, rel=0.01)


def test_float16_keeps_the_order_of_distances() -> None:
    vectors = np.stack([descriptor(scene(seed)) for seed in range(20)])
    assert np.abs(vectors).max() < 2
    stored = vectors.astype(np.float16).astype(np.float32)
    exact = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    rounded = np.linalg.norm(stored[:, None] - stored, axis=2)
    np.testing.assert_allclose(rounded, exact, atol=2e-3)


@pytest.mark.parametrize("seed", range(8))
def test_variants_are_nearer_than_other_scenes(seed: int) -> None:
    image = scene(seed)
    variants = [
        image.resize((80, 60)),
        image.resize((300, 225)),
        image.filter(ImageFilter.GaussianBlur(2)),
        image.crop((4, 4, 156, 116)),
        ImageEnhance.Brightness(image).enhance(0.85),
        ImageEnhance.Contrast(image).enhance(0.8),
    ]
    nearest_other = min(distance(image, scene(other)) for other in range(8) if other != seed)
    for variant in variants:
        assert distance(image, variant) < nearest_other / 2


def test_distance_grows_with_the_change() -> None:
    image, other = scene(0), scene(1)
    steps = [distance(image, Image.blend(image, other, share)) for share in (0, 0.25, 0.5, 0.75, 1)]
    assert steps[0] == 0
    assert steps == sorted(steps)


def test_contrast_leaves_edges_alone() -> None:
    image = scene(3).convert("L").convert("RGB")
    paler = ImageEnhance.Contrast(image).enhance(0.6)
    edges, pale_edges = part("edges", descriptor(image)), part("edges", descriptor(paler))
    assert edges @ pale_edges > 0.97


def test_direction_of_edges_is_told() -> None:
    ramp = Image.linear_gradient("L").convert("RGB")
    turned = [part("edges", descriptor(ramp.rotate(angle))) for angle in (0, 90, 180)]
    assert turned[0] @ turned[1] < 0.3
    assert turned[0] @ turned[2] < 0.3


def test_same_bytes_again_and_in_any_company() -> None:
    alone = [descriptor(scene(seed)).tobytes() for seed in range(4)]
    again = [descriptor(scene(seed)).tobytes() for seed in (3, 1, 0, 2)]
    assert alone == [again[i] for i in (2, 1, 3, 0)]


def test_same_bytes_with_any_number_of_threads() -> None:
    code = (
        "import numpy as np; from PIL import Image; import hashlib;"
        "from scripts.lib.embedding.descriptor import descriptor;"
        "pixels = np.random.default_rng(5).integers(0, 256, (40, 50, 3)).astype(np.uint8);"
        "print(hashlib.sha256(descriptor(Image.fromarray(pixels)).tobytes()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for threads in ("1", "4")
    }
    assert len(digests) == 1


def test_oklab_of_known_colours() -> None:
    rgb = np.array([[[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 0, 255]]], dtype=np.uint8)
    published = [
        [1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0],
        [0.62796, 0.22486, 0.12585],
        [0.45201, -0.03246, -0.31153],
    ]
    np.testing.assert_allclose(_oklab(rgb)[:, 0].T, published, atol=1e-4)


def test_soft_bins_share_and_clamp() -> None:
    centres = np.array([0.0, 1.0, 3.0], dtype=np.float32)
    shares = _soft_bins(np.array([-5.0, 0.25, 2.0, 9.0], dtype=np.float32), centres)
    np.testing.assert_allclose(shares.T, [[1, 0, 0], [0.75, 0.25, 0], [0, 0.5, 0.5], [0, 0, 1]], atol=1e-6)


def test_histogram_sums_to_one() -> None:
    colours = part("colours", descriptor(scene(2)))
    assert colours.shape == (COLOURS_SIZE,)
    weight = next(member.weight for member in PARTS if member.name == "colours")
    assert np.square(colours / weight).sum() == pytest.approx(1, abs=1e-5)
