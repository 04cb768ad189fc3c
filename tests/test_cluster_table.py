"""The table of clusters: sizes, medoids, tightness, and names that outlive other clusterings."""

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.clustering.cluster_names import (
    names_of_clusters,
    unique_names,
    write_names,
)
from scripts.lib.clustering.cluster_table import cluster_table, number_name
from scripts.lib.clustering.given_names import GivenName, names_digest, read_given_names
from scripts.lib.errors import InputError
from scripts.lib.files.content_ids import ID_TYPE
from tests.conftest import Workflow


def order_of(items: list[int]) -> pa.Table:
    names = [f"image {place}.jpg" for place in range(len(items))]
    return pa.table(
        {
            "path": names,
            "path_bytes": pa.array([name.encode() for name in names], pa.binary()),
            "content_id": pa.array([bytes([item + 1]) * 32 for item in items], ID_TYPE),
            "item": pa.array(items, pa.int32()),
        }
    )


def table_of(numbers: list[int], distances: list[float], items: list[int], **names: str) -> dict[str, list]:
    given = {int(key[1:]): name for key, name in names.items()}
    made = cluster_table(
        order_of(items), np.array(numbers, np.int32), np.array(distances, np.float32), 2.0, given
    )
    return made.to_pydict()


def test_each_cluster_has_its_size_its_files_and_the_image_nearest_to_its_centroid() -> None:
    made = table_of([0, 1, 0, -1], [1.0, 0.0, 0.5, np.nan], items=[3, 0, 2, 2, 1])
    assert made["cluster"] == [0, 1]
    assert made["size"] == [2, 1]
    assert made["files"] == [3, 1]
    assert made["medoid"] == ["image 2.jpg", "image 4.jpg"]
    assert made["first_position"] == [1, 4]
    assert made["tightness"] == pytest.approx([1 - 0.75 / 2, 1.0])


def test_of_no_clusters_there_is_an_empty_table() -> None:
    assert table_of([-1, -1], [np.nan, np.nan], items=[0, 1])["cluster"] == []
    assert table_of([], [], items=[])["cluster"] == []


def test_clusters_are_called_by_their_numbers_or_as_the_user_wants() -> None:
    made = table_of([0, 1, 2], [0, 0, 0], items=[0, 1, 2], c1="beach", c2="Beach")
    assert made["name"] == ["cluster 0", "beach", "Beach 2"]
    assert number_name(7, 120) == "cluster 007"
    assert table_of([0], [0], items=[0], c0="unclustered")["name"] == ["unclustered 2"]


def test_names_that_differ_in_case_alone_are_told_apart() -> None:
    assert unique_names({0: "a", 1: "A", 2: "a 2", 3: "a"}) == {0: "a", 1: "A 2", 2: "a 2 2", 3: "a 3"}


def names_file(folder: Path, text: str) -> Path:
    file = folder / "cluster_names.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_given_names_are_read_from_commas_and_semicolons(tmp_path: Path) -> None:
    for separator in ",;":
        text = '\ufeffcluster,your_name,name,files,example,anchor\n0," Strände ",c,1,x,ab\n1,,d,1,y,cd\n'
        file = names_file(tmp_path, text.replace(",", separator))
        assert read_given_names(file) == [GivenName("ab", "Strände")]
    assert read_given_names(tmp_path / "nothing.csv") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cluster,name\n0,a\n", "has no columns your_name and anchor"),
        ("your_name,anchor\nbeach,\n", "row 2: 'beach' has no anchor"),
        ("your_name,anchor\nbeach,xyz\n", "row 2: 'beach' has no anchor"),
    ],
)
def test_a_spoilt_table_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = names_file(tmp_path, text)
    with pytest.raises(InputError, match=message):
        read_given_names(file)
    assert names_digest(file) != ""


def test_the_digest_changes_with_names_alone(tmp_path: Path) -> None:
    one = names_digest(names_file(tmp_path, "cluster,your_name,anchor\n0,beach,ab\n1,,cd\n"))
    assert one == names_digest(names_file(tmp_path, "anchor,your_name,files\ncd,,7\nab,beach,9\n"))
    assert one != names_digest(names_file(tmp_path, "anchor,your_name\nab,coast\n"))
    assert (
        names_digest(names_file(tmp_path, "anchor,your_name\nab,\n")) == names_digest(tmp_path / "none") == ""
    )


def test_a_name_follows_its_image() -> None:
    given = [
        GivenName("aa", "beach"),
        GivenName("bb", "coast"),
        GivenName("cc", "city"),
        GivenName("dd", "sea"),
    ]
    names, problems = names_of_clusters(given, {"aa": 3, "bb": 3, "cc": -1})
    assert names == {3: "beach"}
    assert len(problems) == 3


def test_names_that_were_given_meanwhile_are_not_lost(tmp_path: Path) -> None:
    table = cluster_table(order_of([0]), np.zeros(1, np.int32), np.zeros(1, np.float32), 1.0, {})
    file = tmp_path / "cluster_names.csv"
    write_names(file, table, [], {})
    edited = file.read_text().replace("0,,", "0,beach,")
    file.write_text(edited)
    write_names(file, table, [], {})
    assert file.read_text() == edited


def test_names_of_images_that_are_gone_stay_in_the_table(tmp_path: Path) -> None:
    table = cluster_table(order_of([0]), np.zeros(1, np.int32), np.zeros(1, np.float32), 1.0, {})
    file, given = tmp_path / "cluster_names.csv", [GivenName("ee" * 32, "gone")]
    names_file(tmp_path, "your_name,anchor\ngone," + "ee" * 32 + "\n")
    write_names(file, table, given, {})
    assert read_given_names(file) == given


def give_name(workflow: Workflow, cluster: str, name: str) -> None:
    file = workflow.model / "cluster_names.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row["your_name"] = name if row["cluster"] == cluster else row["your_name"]
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_a_name_in_the_table_is_taken_by_the_next_run_and_kept_by_others(collection: Workflow) -> None:
    collection.run("cluster", clusters=3)
    give_name(collection, "1", "Strände, hell")
    assert collection.jobs("cluster", clusters=3) == {"cluster": 1, "cluster_sheets": 1, "cluster_table": 1}
    names = pq.read_table(collection.model / "cluster_table.parquet")["name"].to_pylist()
    assert names == ["cluster 0", "Strände, hell", "cluster 2"]
    assert collection.jobs("cluster", clusters=3) == {}
    collection.run("cluster", clusters=5)
    names = pq.read_table(collection.model / "cluster_table.parquet")["name"].to_pylist()
    assert names.count("Strände, hell") == 1
    assert collection.jobs("cluster", clusters=5) == {}
