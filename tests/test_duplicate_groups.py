"""Copies are found, likenesses are not, and what is kept of a group was compared with all of it."""

import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageOps

from scripts.lib.duplicates.candidates import Pairs, graph_pairs, hash_pairs, joined, upright
from scripts.lib.duplicates.confirm import confirmed, plain_sketches
from scripts.lib.duplicates.decisions import Decisions
from scripts.lib.duplicates.duplicate_groups import candidate_pairs, confirm_pairs, group_contents
from scripts.lib.duplicates.duplicate_table import DUPLICATES, summary, with_decisions
from scripts.lib.duplicates.duplicates_page import GROUPS, page, pictured
from scripts.lib.duplicates.former_paths import with_former_paths
from scripts.lib.duplicates.judge import Judge, last_distance, typical_distance
from scripts.lib.duplicates.keep_best import content_ranks, protected_files, ranks
from scripts.lib.duplicates.part_hashes import PARTS
from scripts.lib.duplicates.sketches import turns_wanted
from scripts.lib.files.paths import readable
from scripts.lib.files.walk import Tree
from tests.conftest import PART_SIZE, Workflow, wait_until
from tests.decided import Decision, write_decisions
from tests.scenes import COPIES, moved, only, recompressed, resized, save, scene, sketches

SEEDS = range(20)


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_confirmed_both_ways(kind: str) -> None:
    originals = sketches(*map(scene, SEEDS))
    copies = sketches(*(COPIES[kind](scene(seed)) for seed in SEEDS))
    assert confirmed(originals, copies).all()
    assert confirmed(copies, originals).all()


def test_other_pictures_are_not_confirmed() -> None:
    made = sketches(*map(scene, SEEDS))
    ours, theirs = np.triu_indices(len(made), 1)
    assert not confirmed(made[ours], made[theirs]).any()


def test_the_next_picture_of_a_burst_is_not_confirmed() -> None:
    made = sketches(*map(scene, SEEDS))
    assert not confirmed(made, sketches(*(recompressed(moved(scene(seed)), 90) for seed in SEEDS))).any()


def test_another_colour_is_another_picture() -> None:
    grey = [ImageOps.grayscale(scene(seed)).convert("RGB") for seed in SEEDS]
    assert not confirmed(sketches(*map(scene, SEEDS)), sketches(*grey)).any()


def sky(top: int, bottom: int) -> Image.Image:
    column = np.linspace(top, bottom, 90, dtype=np.uint8)[:, np.newaxis, np.newaxis]
    return Image.fromarray(np.broadcast_to(column, (90, 120, 3)).copy())


def test_plain_images_are_the_same_only_if_they_are_equal() -> None:
    black, grey = Image.new("RGB", (90, 60)), Image.new("RGB", (90, 60), (40, 40, 40))
    skies = [sky(40, 200), sky(80, 180), sky(200, 40)]
    made = sketches(black, grey, *skies)
    assert plain_sketches(made).all()
    again = sketches(*(resized(recompressed(each, 90), 2) for each in (black, grey, *skies)))
    ours, theirs = (each.ravel() for each in np.indices((5, 5)))
    np.testing.assert_array_equal(confirmed(made[ours], again[theirs]), ours == theirs)


@pytest.mark.parametrize(
    ("turn", "rotations", "mirrors"),
    [
        (Image.Transpose.ROTATE_90, True, False),
        (Image.Transpose.ROTATE_180, True, False),
        (Image.Transpose.ROTATE_270, True, False),
        (Image.Transpose.FLIP_LEFT_RIGHT, False, True),
        (Image.Transpose.FLIP_TOP_BOTTOM, False, True),
        (Image.Transpose.TRANSPOSE, True, True),
    ],
)
def test_turned_copies_are_found_where_they_are_asked_for(
    turn: Image.Transpose, rotations: bool, mirrors: bool
) -> None:
    images = [scene(seed) for seed in range(6)]
    judge = judge_of([*images, *(image.transpose(turn) for image in images)])
    none = np.empty((12, 0), np.int32)

    def found(rotations: bool, mirrors: bool) -> list[int]:
        turns = turns_wanted(rotations, mirrors)
        pairs = confirm_pairs(judge, candidate_pairs(judge, none, 10, turns), lambda count: None)
        return group_contents(pairs, np.arange(12), judge, turns).best.tolist()

    assert found(rotations, mirrors) == [*range(6), *range(6)]
    assert found(False, False) == list(range(12))


def judge_of(images: list[Image.Image], share: float | None = None) -> Judge:
    """Return a judge of images whose vectors say nothing."""
    n = len(images)
    return Judge(
        np.eye(max(n, 1), dtype=np.float32)[:n], np.arange(n), sketches(*images), np.arange(n), share
    )


def test_hash_pairs_beyond_the_exhaustive_search(monkeypatch: pytest.MonkeyPatch) -> None:
    images = [scene(seed) for seed in SEEDS]
    made = sketches(*images, *map(recompressed, images))
    done: list[int] = []
    exhaustive = hash_pairs(made, 6, (0,), progress=done.append)
    assert sum(done) == len(PARTS)
    monkeypatch.setattr("scripts.lib.duplicates.candidates.EXHAUSTIVE", 0)
    quick = set(zip(*(each.tolist() for each in hash_pairs(made, 6, (0,))), strict=True))
    assert quick <= set(zip(*(each.tolist() for each in exhaustive), strict=True))
    assert {(seed, seed + len(SEEDS), 0) for seed in SEEDS} <= quick


def test_candidates_of_the_graph_are_each_once_and_none_with_itself() -> None:
    graph = np.array([[1, 2], [0, 2], [0, -1]], np.int32)
    pairs = joined([graph_pairs(graph, np.array([4, 7, -1]))])
    assert [each.tolist() for each in pairs] == [[4], [7], [0]]


@dataclass(frozen=True)
class Told(Judge):
    """A judge that is told who is like whom."""

    like: frozenset[tuple[int, int]] = frozenset()

    def same(self, pairs: Pairs) -> np.ndarray:
        wanted = zip(pairs.ours.tolist(), pairs.theirs.tolist(), strict=True)
        return np.array([(min(pair), max(pair)) in self.like for pair in wanted], bool)


def told(like: set[tuple[int, int]], n: int) -> Told:
    empty = sketches()
    return Told(np.eye(n, dtype=np.float32), np.arange(n), empty, np.full(n, -1), like=frozenset(like))


def test_a_chain_does_not_join_what_is_not_alike() -> None:
    judge = told({(i, i + 1) for i in range(9)}, 10)
    pairs = upright(np.arange(9), np.arange(1, 10))
    assert group_contents(pairs, np.arange(10), judge).best.tolist() == [0, 0, 2, 2, 4, 4, 6, 6, 8, 8]


def test_a_member_that_was_no_candidate_is_compared_with_the_best() -> None:
    judge = told({(0, 1), (1, 2), (0, 2)}, 3)
    assert (
        group_contents(upright(np.array([0, 1]), np.array([1, 2])), np.arange(3), judge).best.tolist()
        == [0] * 3
    )


@pytest.mark.parametrize("seed", range(10))
def test_every_member_is_confirmed_against_the_best_and_no_pair_is_lost(seed: int) -> None:
    random, n = np.random.default_rng(seed), 30
    ours, theirs = random.integers(0, n, (2, 60))
    pairs = joined([upright(ours, theirs)])
    like = set(zip(pairs.ours.tolist(), pairs.theirs.tolist(), strict=True))
    rank = random.permutation(n)
    best = group_contents(pairs, rank, told(like, n)).best
    for content in range(n):
        leader = int(best[content])
        assert content == leader or (min(content, leader), max(content, leader)) in like
        assert rank[leader] <= rank[content]
    alone = [content for content in range(n) if (best == content).sum() == 1]
    assert not any((a, b) in like for a in alone for b in alone)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_few_images_have_no_groups(n: int) -> None:
    judge = judge_of([scene(seed) for seed in range(n)])
    pairs = candidate_pairs(judge, np.empty((n, 0), np.int32), 10, (0,))
    pairs = confirm_pairs(judge, pairs, lambda count: None)
    assert group_contents(pairs, np.arange(n), judge).best.tolist() == list(range(n))


def test_all_identical_are_one_group() -> None:
    n = 50
    judge = Judge(np.ones((1, 4), np.float16), np.zeros(n, np.int64), sketches(*[scene(1)] * n), np.arange(n))
    pairs = candidate_pairs(judge, np.empty((1, 0), np.int32), 10, (0,))
    pairs = confirm_pairs(judge, pairs, lambda count: None)
    assert group_contents(pairs, np.arange(n), judge).best.tolist() == [0] * n


def test_vectors_alone_count_where_there_is_no_sketch_or_where_the_user_says_how_near() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(40, 64)).astype(np.float32)
    vectors[1] = vectors[0] + 0.01
    vectors[2] = vectors[0] + 0.4
    made = sketches(*map(scene, range(40)))
    pairs = upright(np.array([0, 0, 0]), np.array([1, 2, 3]))

    def same(rows: np.ndarray, share: float | None) -> list[bool]:
        return Judge(vectors, np.arange(40), made, rows, share).same(pairs).tolist()

    assert same(np.full(40, -1), None) == [True, False, False]
    assert same(np.arange(40), None) == [False, False, False]
    assert same(np.arange(40), 0.5) == [True, True, False]


def test_vectors_that_lie_densely_are_near_only_where_they_are_nearer_still() -> None:
    vectors = np.random.default_rng(0).normal(size=(40, 64)).astype(np.float32)
    far, dense = (
        Judge(vectors, np.arange(40), sketches(), np.full(40, -1), last=last) for last in (1e9, 0.4)
    )
    assert far.near == pytest.approx(0.1 * typical_distance(vectors))
    assert dense.near == pytest.approx(0.1)
    assert last_distance(np.empty((1, 0), np.float32)) == np.inf


FILES = {
    "width": [40, 80, 80, 80, 80, 80],
    "height": [40, 80, 80, 80, 80, 80],
    "size": [99, 10, 20, 20, 20, 20],
    "format": ["PNG", "PNG", "JPEG", "PNG", "PNG", "PNG"],
    "mtime_ns": [1, 1, 1, 7, 5, 9],
    "former": [b"a", b"b", b"c", b"d", b"e", b"safe/f"],
}


def test_the_best_has_most_pixels_then_bytes_then_the_better_format_then_age() -> None:
    files = pa.table(FILES)
    assert np.argsort(ranks(files, np.zeros(6, bool))).tolist() == [4, 3, 5, 2, 1, 0]
    assert np.argsort(ranks(files, np.arange(6) == 5)).tolist() == [5, 4, 3, 2, 1, 0]


def test_moved_files_go_by_their_former_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    here = [b"in/a", b"/far/caf\xe9", b"in/z"]
    there = [bytes(tmp_path / "out/1"), b"/out/0", b"in/z"]
    moved = {there[0]: bytes(tmp_path / "in/a"), there[1]: here[1]}
    tables = [
        pa.table({"path": [readable(path) for path in paths], "path_bytes": pa.array(paths, pa.binary())})
        for paths in (here, there)
    ]
    known = with_former_paths(tables[0], Tree([]))
    assert known["former"].to_pylist() == here
    found = with_former_paths(tables[1], Tree([b"in", b"/far"], moved=moved))
    assert found.select(["path", "former"]).equals(known.select(["path", "former"]))
    assert found["path_bytes"].to_pylist() == there


def test_contents_are_ranked_by_the_best_of_their_files() -> None:
    assert content_ranks(np.array([3, 0, 2, 1]), np.array([0, 2, 0, 1]), 3).tolist() == [2, 1, 0]


def test_protected_folders_hold_what_lies_below_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "safe").mkdir()
    (tmp_path / "link").symlink_to("safe")
    paths = [b"safe/f", b"safer/f", bytes(tmp_path / "safe" / "\xff"), b"other/safe/f"]
    files = pa.table({"former": pa.array(paths, pa.binary())})
    inside = protected_files(files, ["safe", str(tmp_path / "safe") + "/", "./safe", "link", "none"])
    assert [each.tolist() for each in inside.values()] == [[True, False, True, False]] * 4 + [[False] * 4]


HOSTILE = '<script>alert("x")</script>&\n\u202e\'".jpg'


def table_of(names: list[str], groups: list[int]) -> pa.Table:
    """Return a table of groups, each with its first file as the best."""
    first = [place == 0 or groups[place - 1] != group for place, group in enumerate(groups)]
    count = len(names)
    columns = {
        "group": pa.array(groups, pa.int32()),
        "kind": pa.array([None if each else "near" for each in first], pa.string()),
        "path": names,
        "path_bytes": pa.array([name.encode() for name in names], pa.binary()),
        "content_id": pa.array([bytes([place % 256]) * 32 for place in range(count)], pa.binary(32)),
        "distance": pa.array([0.5] * count, pa.float32()),
        "bits": pa.array([None] * count, pa.int32()),
        **{name: pa.array([10] * count, pa.int64()) for name in ("width", "height", "size", "mtime_ns")},
        "format": ["JPEG"] * count,
    }
    return with_decisions(pa.table(columns), np.zeros(count, bool), Decisions())[0]


def test_no_name_becomes_html() -> None:
    table = table_of([HOSTILE, "b.jpg"], [0, 0])
    html = page(table, {b"\0" * 32: b"jpeg"}, "1 group")
    assert "<script" not in html
    assert "\u202e" not in html
    assert "&lt;script&gt;" in html
    assert set(re.findall(r"<(\w+)", html)) <= set(
        [
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "h1",
            "h2",
            "p",
            "section",
            "div",
            "figure",
            "figcaption",
            "img",
        ]
    )
    assert re.findall(r'(?:src|href)="([^"]{0,23})', html) == ["data:image/jpeg;base64,"]


def test_of_no_duplicates_nothing_is_counted_or_explained() -> None:
    none = table_of([], [])
    assert summary(none) == "there are no duplicates"
    assert "<p>there are no duplicates.</p>\n</body>" in page(none, {}, summary(none))
    assert "duplicate_decisions.csv" in page(table_of(["a.jpg", "b.jpg"], [0, 0]), {}, "1 group")


def test_a_page_of_very_many_groups_says_so() -> None:
    count = GROUPS + 5
    table = table_of([f"{i}.jpg" for i in range(2 * count)], [i // 2 for i in range(2 * count)])
    html = page(table, {}, "many")
    assert f"{GROUPS} of {count} groups" in html
    assert html.count("<section>") == GROUPS
    assert sum(map(len, pictured(table).values())) == 2 * GROUPS
    assert "<section>" not in page(table.slice(0, 0), {}, "none")


class Duplicates(Workflow):
    """The real workflow, asked for duplicates."""

    def table(self) -> pa.Table:
        """Return the table of duplicates."""
        return pq.read_table(self.model / "duplicates.parquet")


@pytest.fixture
def duplicates(tmp_path: Path) -> Duplicates:
    """Return a collection of four pictures, one of them in three files more, one in one."""
    workflow = Duplicates(tmp_path)
    for seed in range(4):
        save(scene(seed), workflow.images / f"{seed}.jpg")
    save(resized(scene(0)), workflow.images / "small.jpg")
    save(resized(scene(0), 0.75), workflow.images / "<b>quoted\"'.jpg")
    raw = bytes(workflow.images) + b"/caf\xe9.jpg"
    Path(raw.decode("utf-8", "surrogateescape")).write_bytes((workflow.images / "0.jpg").read_bytes())
    (workflow.images / "safe").mkdir()
    save(resized(scene(1)), workflow.images / "safe" / "one.png")
    (workflow.images / "bad.jpg").write_bytes((workflow.images / "0.jpg").read_bytes()[:900])
    return workflow


def test_decisions_are_acted_on_by_the_next_plain_run(duplicates: Duplicates) -> None:
    settings = {"protected": "input_images/safe"}
    first = duplicates.jobs("duplicates", **settings)
    assert first["image_hashes"] == first["duplicate_groups"] == 1
    assert "copy" not in first
    table = duplicates.table()
    assert table.schema.equals(DUPLICATES)
    assert table["group"].to_pylist() == [0, 0, 0, 0, 1, 1]
    assert only(table, "/0.jpg")["keep"]
    assert only(table, r"caf\xe9.jpg")["kind"] == "exact"
    assert not only(table, "small.jpg")["keep"]
    assert only(table, "one.png")["keep"]  # protected
    assert duplicates.jobs("duplicates", **settings) == {}
    html = (duplicates.model / "duplicates.html").read_text()
    assert html.count("data:image/jpeg") == 6
    assert "<b>" not in html
    assert pacsv.read_csv(duplicates.model / "duplicates.csv").num_rows == 6
    small = only(table, "small.jpg")["path"]
    side = duplicates.results / "duplicate_decisions.csv"
    write_decisions(side, [Decision("keep", str(small)), Decision("drop", "input_images/0.jpg")])
    assert duplicates.jobs("duplicates", **settings) == {"duplicate_groups": 1, "duplicates": 1}
    table = duplicates.table()
    assert only(table, "small.jpg")["keep"]
    assert not only(table, "small.jpg")["proposed"]
    assert not only(table, "/0.jpg")["keep"]


def test_a_kill_while_hashing_is_followed_by_a_plain_rerun(workflow: Workflow) -> None:
    for seed in range(120):
        save(scene(seed, (64, 48)), workflow.images / f"{seed}.jpg")
    parts = workflow.results / "image_hashes"
    run = subprocess.Popen(
        workflow.command("duplicates"),
        cwd=workflow.folder,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: any(parts.glob("*/*.arrow")), "image_hashes is at work")
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    before = sum(1 for _ in parts.glob("*/*.arrow"))
    workflow.run("duplicates")
    log = (workflow.results / "logs" / "image_hashes.log").read_text()
    known = re.findall(r"120 images, (\d+) of them hashed before", log)
    assert int(known[-1]) == min(120, PART_SIZE * before)
    assert len(pq.read_table(workflow.results / "image_hashes.parquet")) == 120
    assert len(pq.read_table(workflow.model / "duplicates.parquet")) == 0


def test_vectors_without_images_have_exact_and_near_duplicates(workflow: Workflow) -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(30, 16)).astype(np.float32)
    vectors[1] = vectors[0]
    vectors[3] = vectors[2] + 0.001
    paths = [f"nowhere/{row}.jpg" for row in range(30)]
    given = workflow.folder / "vectors.parquet"
    pq.write_table(
        pa.table({"path": paths, "vector": pa.array(vectors.tolist(), pa.list_(pa.float32()))}), given
    )
    workflow.config |= {"model": "precomputed", "embeddings": str(given), "copy_mode": "none"}
    done = workflow.run("duplicates", "results/photos/thumbnails.parquet")
    assert "no images to look at" in done.stderr
    assert len(pq.read_table(workflow.results / "thumbnails.parquet")) == 0
    table = pq.read_table(workflow.model / "duplicates.parquet")
    assert [(row["path"], row["kind"]) for row in table.to_pylist()] == [
        ("nowhere/0.jpg", None),
        ("nowhere/1.jpg", "exact"),
        ("nowhere/2.jpg", None),
        ("nowhere/3.jpg", "near"),
    ]
