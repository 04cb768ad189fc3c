"""Numbers in words, and how good an order is."""

import pytest

from scripts.lib.view import quality as good
from scripts.lib.words import counted, percent, size_words, time_words

QUALITY = {
    "items": 100,
    "ratio": 0.42,
    "gap": 0.0123,
    "bound_kind": "proven",
    "bound_confidence": 1.0,
    "worst_over_longest_mst_edge": 1.5,
    "mst_exact": True,
    "label_share": None,
    "label_chance": None,
    "preservation": {"neighbors": [{"k": k, "share": 0.3, "chance": 0.1} for k in (5, 10, 50)]},
    "near_duplicates": {"groups": 2, "items": 5, "contiguous": 1},
    "orders": {name: {"mean": mean} for name, mean in (("random", 2.0), ("input", 1.5), ("path", 1.0))},
}


def test_how_good_it_is_in_words() -> None:
    said = " ".join(good.sentences(QUALITY))
    assert "at most 1.2% longer than the shortest" in said
    assert "proven, not estimated" in said
    assert "42% as far as in a random order" in said
    assert "1.50 times as long" in said
    assert "5 images are nearly equal to others, in 2 groups" in said
    assert [each.value for each in good.figures(QUALITY)] == ["1.2%", "42%", "30%"]


def test_how_sure_it_is_in_words() -> None:
    sampled = QUALITY | {"bound_kind": "statistical", "bound_confidence": 0.99}
    assert "confidence of 99%" in " ".join(good.sentences(sampled))
    assert "proven" not in " ".join(good.sentences(sampled))
    unknown = QUALITY | {"gap": None, "bound_kind": "none"}
    assert "is not known" in " ".join(good.sentences(unknown))
    shortest = QUALITY | {"gap": -1e-12, "worst_over_longest_mst_edge": 1.0}
    assert "No order of these images is shorter" in " ".join(good.sentences(shortest))
    assert next(good.figures(shortest)).value == "shortest"


def test_orders_are_compared_from_worst_to_best() -> None:
    rows = good.compared(QUALITY)
    assert [(row.share, row.is_ours) for row in rows] == [(1.0, False), (0.75, False), (0.5, True)]


def test_percent() -> None:
    said = [percent(share) for share in (0, 1e-9, 0.0123, 0.5, 12)]
    assert said == ["0%", "less than 0.1%", "1.2%", "50%", "1,200%"]


def test_one_and_many() -> None:
    said = [counted(1, "image"), counted(2000, "image"), counted(0, "category", "categories")]
    assert said == ["1 image", "2,000 images", "0 categories"]


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (162_345, "162 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (5 * 10**15, "5,000 TB"),
    ],
)
def test_sizes(size: int, words: str) -> None:
    assert size_words(size) == words


def test_absurd_times() -> None:
    assert time_words(0) == "1970-01-01 00:00 UTC"
    assert time_words(2**63 - 1) == "2262-04-11 23:47 UTC"
    assert time_words(10**30) == "at no time that a calendar has"
