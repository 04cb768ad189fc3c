"""The index that outlives a run."""

from pathlib import Path

import numpy as np
import pytest

from scripts.lib.ordering.graph.candidates import Proposer
from scripts.lib.ordering.graph.indexes import IndexSettings, build_index
from scripts.lib.ordering.graph.kept_index import KeptIndex, read_kept_index, write_kept_index

IDS = np.array([bytes([number]) * 32 for number in range(1, 101)])


def index_of(vectors: np.ndarray) -> Proposer:
    return build_index(vectors, 10, IndexSettings())


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(100, 8)).astype(np.float32)
    proposer = index_of(vectors)
    write_kept_index(tmp_path / "index.npz", KeptIndex(proposer, IDS))
    kept = read_kept_index(tmp_path / "index.npz")
    assert kept is not None
    assert kept.ids.tolist() == IDS.tolist()
    assert kept.proposer.propose(vectors).tolist() == proposer.propose(vectors).tolist()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"something else"])
def test_what_is_no_index_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "index.npz").write_bytes(content)
    assert read_kept_index(tmp_path / "index.npz") is None
    assert read_kept_index(tmp_path / "missing.npz") is None


def test_a_truncated_index_and_one_of_other_vectors_are_not_taken(tmp_path: Path) -> None:
    file = tmp_path / "index.npz"
    write_kept_index(file, KeptIndex(index_of(np.ones((100, 4), np.float32)), IDS[:50]))
    assert read_kept_index(file) is None
    np.savez(file, index=np.frombuffer(b"no index", np.uint8), width=np.array(3), content_ids=IDS)
    assert read_kept_index(file) is None


def test_an_index_with_a_wrong_byte_is_not_taken(tmp_path: Path) -> None:
    file, vectors = tmp_path / "index.npz", np.random.default_rng(0).normal(size=(100, 8)).astype(np.float32)
    write_kept_index(file, KeptIndex(index_of(vectors), IDS))
    content = bytearray(file.read_bytes())
    for place in range(300, 4000, 700):
        file.write_bytes(content[:place] + bytes([content[place] ^ 0x40]) + content[place + 1 :])
        assert read_kept_index(file) is None
