"""Manifests say of each content where its vector is, or why it has none."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from scripts.lib.embedding.manifest import MANIFEST, Failed, manifest_table, read_failures, read_places
from scripts.lib.embedding.places import NOWHERE, joined, part_places
from scripts.lib.errors import DamagedArtifact
from scripts.lib.files.content_ids import id_bytes
from scripts.lib.files.status import OK, UNDECODABLE, UNREADABLE
from tests.test_places import as_dict, identified

IDS = identified(1, 2, 3, 4, 5)
PLACES = joined([part_places("p", identified(4, 2)), part_places("q", identified(1, 9))])
FAILURES = {
    content: Failed(content, status, error)
    for content, status, error in (
        (id_bytes(identified(3))[0], UNDECODABLE, "truncated"),
        (id_bytes(identified(5))[0], UNREADABLE, None),
    )
}


def test_one_row_a_content_in_the_order_of_the_ids() -> None:
    table = manifest_table(IDS, PLACES, FAILURES)
    assert table.schema == MANIFEST
    assert table["content_id"].to_pylist() == id_bytes(IDS)
    assert table["status"].to_pylist() == [OK, OK, UNDECODABLE, OK, UNREADABLE]
    assert table["error"].to_pylist() == [None, None, "truncated", None, None]
    assert table["part"].to_pylist() == ["q", "p", None, "p", None]
    assert table["row"].to_pylist() == [0, 1, None, 0, None]


def test_vectors_that_went_while_the_job_ran_are_told_with_a_way_out() -> None:
    with pytest.raises(DamagedArtifact, match=r"3 contents .* Run the same command again"):
        manifest_table(IDS, NOWHERE, FAILURES)


@pytest.mark.parametrize("division", [[5], [2, 3], [1, 0, 4]])
def test_manifests_are_read_as_they_were_written(tmp_path: Path, division: list[int]) -> None:
    manifests = []
    for number, ids in enumerate(np.split(IDS, np.cumsum(division)[:-1])):
        manifests.append(tmp_path / f"{number}.parquet")
        pq.write_table(manifest_table(ids, PLACES, FAILURES), manifests[-1])
    expected = {content: place for content, place in as_dict(PLACES).items() if content in id_bytes(IDS)}
    assert as_dict(read_places(manifests)) == expected
    assert [Failed(**row) for row in read_failures(manifests).to_pylist()] == list(FAILURES.values())


def test_no_manifests_have_nothing() -> None:
    assert len(read_places([])) == 0
    assert len(read_failures([])) == 0


def test_an_empty_manifest_has_the_same_columns(tmp_path: Path) -> None:
    table = manifest_table(IDS[:0], NOWHERE, {})
    assert table.schema == MANIFEST
    pq.write_table(table, tmp_path / "0.parquet")
    assert len(read_places([tmp_path / "0.parquet"])) == 0
