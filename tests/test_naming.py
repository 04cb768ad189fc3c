"""Names given to clusters: kept in the user's table, and shown as the next run will show them."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from scripts.lib.clustering.cluster_names import clusters_of_anchors, names_of_clusters, write_names
from scripts.lib.clustering.cluster_table import cluster_table
from scripts.lib.clustering.given_names import GivenName, read_given_names
from scripts.lib.clustering.naming import LONGEST, Named, give_name
from scripts.lib.dashboard.library import Library
from scripts.lib.embedding.gather import read_items
from scripts.lib.errors import InputError
from scripts.lib.view.given import clusters_of, names_file
from scripts.lib.view.snapshot import Snapshot
from tests.small_results import Small, write_results

A, B, C = ("aa" * 32, "bb" * 32, "cc" * 32)
WHERE = {A: 0, B: 0, C: 1}


def named(cluster: int = 0, anchor: str = A) -> Named:
    return Named(cluster, f"cluster {cluster}", 3, "=a.jpg", anchor)


def give(file: Path, name: str, to: Named) -> None:
    give_name(file, to, name, lambda anchors: {each: WHERE[each] for each in anchors if each in WHERE})


def test_a_name_is_given_changed_and_taken_away(tmp_path: Path) -> None:
    file = tmp_path / "cluster_names.csv"
    give(file, "", named())
    assert not file.exists()
    give(file, "  Sunny \n beach\x00 ", named())
    assert read_given_names(file) == [GivenName(A, "Sunny beach")]
    give(file, "Strände 🏖️", named())
    give(file, "Strände 🏖️", named(1, C))
    assert read_given_names(file) == [GivenName(A, "Strände 🏖️"), GivenName(C, "Strände 🏖️")]
    give(file, "", named())
    assert read_given_names(file) == [GivenName(C, "Strände 🏖️")]
    assert "'=a.jpg" in file.read_text()


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "<script>", '"quoted", and; so', "\u202egpj", "'=x", "-"]
)
def test_hostile_names_are_kept_and_are_no_formulas(tmp_path: Path, name: str) -> None:
    file = tmp_path / "cluster_names.csv"
    give(file, name, named())
    assert read_given_names(file) == [GivenName(A, name)]
    assert ",=" not in file.read_text()


def test_what_else_is_in_the_table_stays(tmp_path: Path) -> None:
    file = tmp_path / "cluster_names.csv"
    file.write_bytes(
        f"\ufeffmine;your_name;anchor\r\n1;;{A}\r\n2;city;{C}\r\n;far;{'dd' * 32}\r\nloose\r\n".encode()
    )
    give(file, "beach", named())
    assert file.read_bytes().decode() == (
        f"\ufeffmine;your_name;anchor\r\n1;beach;{A}\r\n2;city;{C}\r\n;far;{'dd' * 32}\r\nloose\r\n"
    )


def test_of_several_names_in_a_cluster_the_one_that_counts_is_changed(tmp_path: Path) -> None:
    file = tmp_path / "cluster_names.csv"
    file.write_text(f"your_name,anchor\nsea,{B}\nbeach,{A}\ncity,{C}\n")
    give(file, "coast", named())
    given = read_given_names(file)
    assert given == [GivenName(B, "coast"), GivenName(A, "beach"), GivenName(C, "city")]
    assert names_of_clusters(given, WHERE)[0] == {0: "coast", 1: "city"}
    give(file, "", named())
    assert read_given_names(file) == [GivenName(C, "city")]


@pytest.mark.parametrize("text", [b"name\na\n", b'your_name,anchor\n"a,b\n', b"your_name,anchor\n\xff,aa\n"])
def test_a_table_that_can_not_be_read_is_left_as_it_is(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "cluster_names.csv"
    file.write_bytes(text)
    with pytest.raises(InputError):
        give(file, "beach", named())
    assert file.read_bytes() == text


def test_a_name_has_an_end(tmp_path: Path) -> None:
    give(tmp_path / "a.csv", "x" * LONGEST, named())
    with pytest.raises(InputError, match="at most"):
        give(tmp_path / "a.csv", "x" * (LONGEST + 1), named())


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(write_results(tmp_path, Small(groups=6, on_disk=False)))


def rename(snapshot: Snapshot, cluster: int, name: str) -> None:
    row = next(each for each in snapshot.cluster_table.to_pylist() if each["cluster"] == cluster)
    told = Named(cluster, row["name"], row["files"], row["medoid"], row["medoid_id"].hex())
    give_name(names_file(snapshot), told, name, lambda anchors: clusters_of(snapshot, anchors))


def by_the_next_run(snapshot: Snapshot) -> list[str]:
    """Return what the stage calls clusters."""
    folder = snapshot.results.model
    found, items = pq.read_table(folder / "clusters.parquet"), read_items(folder / "items.parquet")
    numbers, distances = found["cluster"].to_numpy(), found["distance"].to_numpy()
    given = read_given_names(folder / "cluster_names.csv")
    names, _ = names_of_clusters(given, clusters_of_anchors(given, items, numbers))
    order = pq.read_table(folder / "order.parquet")
    return cluster_table(order, numbers, distances, 2.0, names, {0: "<i>mine</i>"})["name"].to_pylist()


def test_names_are_shown_at_once_as_the_next_run_will_show_them(library: Library) -> None:
    first = library.refresh()
    folders = first.folders
    for cluster, name in ((1, "Beach"), (3, "beach"), (0, "cluster 2"), (4, "unclustered"), (1, "")):
        rename(library.current, cluster, name)
        shown = library.at(first.generation)
        assert shown.cluster_table["name"].to_pylist() == by_the_next_run(shown)
        assert [
            shown.clusters.names[i] for i in shown.cluster_table["cluster"].to_pylist()
        ] == by_the_next_run(shown)
    assert shown.folders is folders  # what was computed once is kept
    assert "Beach" not in first.clusters.names
    assert library.newest() == first.generation


def test_names_that_can_not_be_read_change_nothing(library: Library) -> None:
    shown = library.refresh()
    rename(shown, 1, "beach")
    before = library.current.clusters.names
    names_file(shown).write_text('your_name,anchor\n"broken')
    assert library.current.clusters.names == before


def test_the_stage_keeps_a_name_that_is_no_formula(tmp_path: Path, library: Library) -> None:
    shown = library.refresh()
    rename(shown, 1, "=beach")
    file = names_file(shown)
    given = read_given_names(file)
    write_names(file, shown.cluster_table, given, clusters_of(shown, [each.anchor for each in given]))
    assert read_given_names(file) == given
    assert "'=beach" in file.read_text()
