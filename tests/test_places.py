"""Places as columns behave like a dictionary that is updated."""

import numpy as np
import pytest

from scripts.lib.embedding.places import NOWHERE, Places, joined, part_places
from scripts.lib.files.content_ids import ID_DTYPE, id_bytes


def identified(*numbers: int) -> np.ndarray:
    return np.array([bytes([i]) * 31 + b"\0" for i in numbers], ID_DTYPE)


def as_dict(places: Places) -> dict[bytes, tuple[str, int]]:
    """Return the places as content id -> part and row."""
    rows = zip(id_bytes(places.ids), places.parts, places.rows, strict=True)
    return {content: (places.names[part], int(row)) for content, part, row in rows}


@pytest.mark.parametrize("seed", range(5))
def test_the_last_of_several_counts(seed: int) -> None:
    random = np.random.default_rng(seed)
    expected: dict[bytes, tuple[str, int]] = {}
    parts = []
    for name in random.permutation(["b", "a", "d", "c"]).tolist():
        ids = identified(*random.permutation(9)[: random.integers(0, 9)].tolist())
        expected |= {content: (name, row) for row, content in enumerate(id_bytes(ids))}
        parts.append(part_places(name, ids))
    whole = joined(parts)
    assert as_dict(whole) == expected
    assert id_bytes(whole.ids) == sorted(expected)
    assert as_dict(joined([joined(parts[:2]), joined(parts[2:])])) == expected
    assert as_dict(whole.select(whole.rows > 2)) == {c: p for c, p in expected.items() if p[1] > 2}


def test_a_part_is_named_once_however_often_it_is_joined() -> None:
    part = part_places("a", identified(1, 2, 3))
    assert joined([part.select(np.array([0])), part.select(np.array([1, 2]))]).names == ["a"]


def test_nothing_is_nowhere() -> None:
    assert len(joined([])) == len(NOWHERE) == 0
    assert NOWHERE.without(identified(1, 2)).tolist() == identified(1, 2).tolist()
    assert joined([NOWHERE, part_places("a", identified(1))]).without(identified(0, 1, 2)).tolist() == (
        identified(0, 2).tolist()
    )
