"""The chunks against a plain list: nodes in sequence, places, reversals of every kind."""

import numpy as np
import pytest

from scripts.lib.ordering.search.chunks import (
    in_sequence,
    make_chunks,
    node_now,
    place_now,
    reverse_places,
)


@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 500, 5000])
def test_random_reversals_do_what_they_do_to_a_list(n: int) -> None:
    generator = np.random.default_rng(n)
    expected = generator.permutation(n).astype(np.int32)
    chunks = make_chunks(expected)
    for _ in range(2000):
        first, last = np.sort(generator.integers(0, n, 2))
        expected[first : last + 1] = expected[first : last + 1][::-1].copy()
        reverse_places(chunks, int(first), int(last))
    assert in_sequence(chunks).tolist() == expected.tolist()
    assert [place_now(chunks, node) for node in expected] == list(range(n))
    assert [node_now(chunks, place) for place in range(n)] == expected.tolist()


def test_cuts_in_one_region_fill_a_chunk_and_the_nodes_are_spread_anew() -> None:
    """Stretches that all end at the same few places push nodes into the same chunks."""
    n = 2000
    expected = np.arange(n, dtype=np.int32)
    chunks = make_chunks(expected)
    generator = np.random.default_rng(0)
    for _ in range(5000):
        first, last = int(generator.integers(0, 40)), int(n - 1 - generator.integers(0, 40))
        expected[first : last + 1] = expected[first : last + 1][::-1].copy()
        reverse_places(chunks, first, last)
    assert in_sequence(chunks).tolist() == expected.tolist()
    assert chunks.table["size"].sum() == n


def test_an_empty_stretch_changes_nothing() -> None:
    nodes = np.random.default_rng(1).permutation(300).astype(np.int32)
    chunks = make_chunks(nodes)
    reverse_places(chunks, 150, 149)
    assert in_sequence(chunks).tolist() == nodes.tolist()


def test_every_node_keeps_within_the_room_of_its_chunk() -> None:
    n = 3000
    chunks = make_chunks(np.arange(n, dtype=np.int32))
    generator = np.random.default_rng(2)
    for _ in range(500):
        first, last = np.sort(generator.integers(0, n, 2))
        reverse_places(chunks, int(first), int(last))
        room = 1 << chunks.shift
        for c, chunk in enumerate(chunks.table):
            assert c * room <= chunk["begin"]
            assert chunk["begin"] + chunk["size"] <= (c + 1) * room
