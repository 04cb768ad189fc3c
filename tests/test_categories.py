"""Images sorted by words: probabilities against OpenCLIP's own, and the real workflow with a tiny model."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from scripts.categories import item_vectors
from scripts.lib.artifacts.record import Provenance, read_record, recording
from scripts.lib.categories.categories import (
    Rule,
    Texts,
    assign,
    categories_table,
    probabilities,
    threshold_of,
)
from scripts.lib.categories.taxonomy import SLASH, read_categories
from scripts.lib.embedding.gather import Items, items_table
from scripts.lib.embedding.matching import contents_without, rows_of_items, taken_rows
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.errors import InputError
from scripts.lib.files.content_ids import ID_DTYPE, ID_TYPE, id_bytes
from scripts.lib.files.status import OK
from tests.conftest import ROOT, Workflow
from tests.tiny_clip import (
    ARCHITECTURE,
    COLOURS,
    CONFIG,
    LIBRARY,
    TEMPLATES,
    add_architectures,
    coloured,
    pixels_of,
    remove_architectures,
    taught,
)

WORDS = ",".join(COLOURS)
TREE = read_categories({"nature": ["beach", "forest"], "city": []})
EACH = 4  # images of a colour


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def drawn(n: int, c: int, bias: float | None = None) -> tuple[np.ndarray, Texts]:
    """Return n vectors and c texts, drawn by lot."""
    random = np.random.default_rng(n)
    vectors, texts = random.normal(size=(n, 8)).astype(np.float32), unit(random.normal(size=(c + 1, 8)))
    return vectors, Texts(texts[:-1].astype(np.float32), texts[-1].astype(np.float32), 20.0, bias)


@pytest.mark.parametrize("bias", [None, -10.0])
@pytest.mark.parametrize("n", [0, 1, 2, 40_000])
def test_the_probabilities_of_one_that_fits_are_a_softmax(n: int, bias: float | None) -> None:
    (vectors, texts), done = drawn(n, 3, bias), list[int]()
    found = probabilities(vectors, texts, progress=done.append)
    assert sum(done) == n
    cosines = torch.from_numpy(unit(vectors.astype(np.float64)) @ texts.vectors.T.astype(np.float64))
    np.testing.assert_allclose(found, torch.softmax(20 * cosines, 1).numpy(), atol=1e-5)
    assert found.dtype == np.float32


def test_each_by_itself_competes_with_anything_or_is_a_sigmoid() -> None:
    vectors, texts = drawn(50, 3)
    cosines = unit(vectors.astype(np.float64)) @ texts.vectors.T.astype(np.float64)
    against = unit(vectors.astype(np.float64)) @ texts.anything.astype(np.float64)
    pairs = torch.from_numpy(20 * np.stack([cosines, np.repeat(against[:, None], 3, 1)], 2))
    np.testing.assert_allclose(probabilities(vectors, texts, True), pairs.softmax(2)[:, :, 0], atol=1e-5)
    sigmoid = torch.sigmoid(torch.from_numpy(20 * cosines - 10))
    np.testing.assert_allclose(probabilities(vectors, texts._replace(bias=-10), True), sigmoid, atol=1e-5)


def test_a_single_category_is_judged_by_itself() -> None:
    vectors, texts = drawn(50, 1)
    np.testing.assert_array_equal(probabilities(vectors, texts), probabilities(vectors, texts, several=True))


def test_a_vector_of_nothing_is_equally_near_to_all_and_none_stays_unknown() -> None:
    vectors, texts = drawn(3, 4)
    vectors[0], vectors[1] = 0, np.nan
    found = probabilities(vectors, texts)
    np.testing.assert_allclose(found[0], 0.25)
    assert np.isnan(found[1]).all()
    assert not np.isnan(found[2]).any()


def test_thresholds_follow_the_number_of_categories() -> None:
    assert threshold_of(0.3, 50, False) == 0.3
    assert threshold_of("auto", 50, False) == 0.04
    assert threshold_of("auto", 2, False) == 0.75
    assert threshold_of("auto", 1, False) == threshold_of("auto", 50, True) == 0.5


def test_threshold_and_margin_make_an_image_unsure() -> None:
    flat = read_categories(["a", "b", "c"])
    chances = np.array([[0.5, 0.3, 0.2], [0.34, 0.33, 0.33], [0.45, 0.44, 0.11], [np.nan] * 3], np.float32)
    table = categories_table(chances, assign(chances, flat, Rule(0.4, margin=0.1)), flat.names)
    assert table["category"].to_pylist() == ["a", "unsure", "unsure", "unsure"]
    assert table["categories"].to_pylist() == [["a"], [], [], []]
    assert table["probability"].to_pylist() == [*chances[:3, 0].tolist(), None]
    assert table["probabilities"].to_pylist() == [*chances[:3].tolist(), [None] * 3]
    assert assign(chances, flat, Rule(0.4, margin=0.1)).counts() == {"sure": 1, "unsure": 2, "missing": 1}


def test_in_a_tree_an_image_goes_down_as_far_as_it_is_sure() -> None:
    chances = np.array([[0.9, 0.05, 0.05], [0.3, 0.28, 0.42], [0.1, 0.1, 0.8], [0.3, 0.21, 0.49]], np.float32)
    table = categories_table(chances, assign(chances, TREE, Rule(0.4, 0.05)), TREE.names)
    assert table["category"].to_pylist() == ["nature/beach", "nature/unsure", "city", "unsure"]
    expected = [0.9, 0.58, 0.8, 0.51]  # of the category, or of the best that was not good enough
    np.testing.assert_allclose(table["probability"].to_numpy(), expected, atol=1e-6)


def test_a_flat_list_takes_the_most_probable() -> None:
    random = np.random.default_rng(0)
    chances = random.dirichlet(np.ones(5), 500).astype(np.float32)
    names = [f"word {k}" for k in range(5)]
    found = assign(chances, read_categories(names), Rule(0.4, 0.1))
    top = np.sort(chances, axis=1)
    for row in range(500):
        sure = top[row, -1] >= np.float32(0.4) and top[row, -1] - top[row, -2] >= np.float32(0.1)
        assert found.outcomes[found.outcome[row]] == (names[chances[row].argmax()] if sure else "unsure")


def test_several_categories_are_named_from_the_most_probable() -> None:
    chances = np.array([[0.6, 0.9, 0.2], [0.1, 0.2, 0.3], [np.nan] * 3], np.float32)
    table = categories_table(chances, assign(chances, TREE, Rule(0.5, several=True)), TREE.names)
    assert table["category"].to_pylist() == ["nature/forest", "unsure", "unsure"]
    assert table["categories"].to_pylist() == [["nature/forest", "nature/beach"], [], []]


@pytest.mark.parametrize("several", [False, True])
def test_lists_longer_than_arrow_can_count_are_in_several_chunks(several: bool) -> None:
    chances = np.random.default_rng(0).dirichlet(np.ones(3), 50).astype(np.float32)
    chances[7] = np.nan
    found = assign(chances, TREE, Rule(0.4, several=several))
    whole = categories_table(chances, found, TREE.names)
    parts = categories_table(chances, found, TREE.names, largest=25)
    assert parts["probabilities"].num_chunks == 7
    assert parts.equals(whole)


@pytest.mark.parametrize("several", [False, True])
def test_no_images_make_an_empty_table(several: bool) -> None:
    chances = np.empty((0, 3), np.float32)
    table = categories_table(chances, assign(chances, TREE, Rule(0.5, several=several)), TREE.names)
    assert len(table) == 0
    assert str(table.schema.field("probabilities").type) == "list<item: float>"


def items_of(rows: list[int], ids: list[bytes]) -> Items:
    return Items(np.array(rows, np.int32), np.array(ids, ID_DTYPE))


def test_items_are_matched_by_their_contents() -> None:
    ours = items_of([0, 1, 0, 2, 3], [b"a", b"b", b"c", b"d", b"e"])  # a and c are one item
    others = items_of([0, 1, 1], [b"b", b"c", b"d"])
    rows = rows_of_items(ours, others)
    assert rows.tolist() == [1, 0, 1, -1]
    taken = taken_rows(np.array([[1.0, 2.0], [3.0, 4.0]], np.float16), rows)
    np.testing.assert_array_equal(taken[:3], [[3, 4], [1, 2], [3, 4]])
    assert np.isnan(taken[3]).all()
    assert [content.rstrip(b"\0") for content in contents_without(ours, rows)] == [b"e"]
    assert rows_of_items(ours, ours).tolist() == [0, 1, 2, 3]
    assert rows_of_items(items_of([], []), others).tolist() == []


class Said:
    """What a stage says."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.logged: list[str] = []

    def tell(self, message: str) -> None:
        self.told.append(message)

    def info(self, message: str, *values: object) -> None:
        self.logged.append(message % values)


def job_of(folder: Path, ours: Items, others: Items, vectors: np.ndarray) -> SimpleNamespace:
    """Return a job with the items of two models, the vectors of one, and an inventory of files."""
    paths = {name: folder / name for name in ("item_ids", "vector_ids", "vectors", "inventory")}
    pq.write_table(items_table(ours), paths["item_ids"])
    pq.write_table(items_table(others), paths["vector_ids"])
    with paths["vectors"].open("wb") as stream:
        np.save(stream, vectors)
    ids = id_bytes(ours.content_ids)
    names = [f"image {k}.jpg".encode() for k in range(len(ids))]
    inventory = {"content_id": pa.array(ids, ID_TYPE), "path_bytes": names, "status": [OK] * len(ids)}
    with recording(paths["inventory"], Provenance("scan", 1)) as temporary:
        pq.write_table(pa.table(inventory), temporary)
    return SimpleNamespace(input=SimpleNamespace(**paths))


def test_images_that_the_other_model_lacks_are_named_and_counted(tmp_path: Path) -> None:
    card = ModelCard("clip:tiny/tag", 2, "float16", 1)
    ours = items_of([0, 1, 2], [b"a", b"b", b"c"])
    job, run = job_of(tmp_path, ours, items_of([0, 1], [b"a", b"c"]), np.eye(2, dtype=np.float16)), Said()
    found = item_vectors(run, job, card)
    np.testing.assert_array_equal(found[[0, 2]], np.eye(2))
    assert np.isnan(found[1]).all()
    assert run.told == ["1 images have no vector of clip:tiny/tag, and stay unsure; the log names them"]
    assert run.logged == ["without a vector: image 1.jpg"]


def test_vectors_of_no_image_or_of_another_model_are_refused(tmp_path: Path) -> None:
    card, ours = ModelCard("clip:tiny/tag", 2, "float16", 1), items_of([0, 1], [b"a", b"b"])
    job = job_of(tmp_path, ours, items_of([0, 1], [b"x", b"y"]), np.eye(2, dtype=np.float16))
    with pytest.raises(InputError, match="no image has a vector of clip:tiny/tag"):
        item_vectors(Said(), job, card)
    job = job_of(tmp_path, ours, ours, np.eye(2, 3, dtype=np.float16))
    with pytest.raises(InputError, match="makes vectors of 2 numbers, and yours have 3"):
        item_vectors(Said(), job, card)


def test_no_images_have_no_vectors(tmp_path: Path) -> None:
    none = items_of([], [])
    job = job_of(tmp_path, none, none, np.empty((0, 2), np.float16))
    assert item_vectors(Said(), job, ModelCard("clip:tiny/tag", 2, "float16", 1)).shape == (0, 2)


# The real workflow. One worker runs these tests: each would make the collection for itself.
ON_ONE_WORKER = pytest.mark.xdist_group("categorized")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with the tiny model's checkpoint, its architecture known here and in workflows."""
    folder = tmp_path_factory.mktemp("tiny")
    add_architectures(folder, **{ARCHITECTURE: CONFIG})
    torch.save(taught().state_dict(), folder / "whole.pt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(ROOT)]))
        yield folder
    remove_architectures(folder)


@pytest.fixture(scope="module")
def categorized(places: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """Return a collection sorted by colours, embedded by the tiny model."""
    workflow = Workflow(tmp_path_factory.mktemp("words"))
    for word in COLOURS:
        workflow.images.mkdir(exist_ok=True)
        for shot in range(EACH):
            coloured(word, 100 + shot).save(workflow.images / f"{word} {shot}.png")
    workflow.config |= {
        "model": f"clip:{ARCHITECTURE}/{places}/whole.pt",
        "device": "cpu",
        "categories": WORDS,
    }
    workflow.run("categorize")
    return workflow


def by_file(workflow: Workflow) -> dict[str, dict[str, object]]:
    """Return the row of `categories.parquet` of each file."""
    rows = pq.read_table(workflow.model / "categories.parquet").to_pylist()
    items = pq.read_table(workflow.model / "items.parquet").to_pydict()
    item = dict(zip(items["content_id"], items["item"], strict=True))
    files = pq.read_table(workflow.results / "inventory.parquet").to_pylist()
    return {Path(file["path"]).name: rows[item[file["content_id"]]] for file in files}


def categories_of(workflow: Workflow) -> str:
    """Return the target that needs no order."""
    return str((workflow.model / "categories.parquet").relative_to(workflow.folder))


def library_probabilities(places: Path, files: list[Path]) -> np.ndarray:
    """Return what the library itself makes of the images and the words: (n, 3)."""
    model = LIBRARY.create_model(ARCHITECTURE)
    model.load_state_dict(torch.load(places / "whole.pt", weights_only=True))
    model.eval()
    tokenize = LIBRARY.get_tokenizer(ARCHITECTURE)
    with torch.inference_mode():
        images = model.encode_image(pixels_of(model, [Image.open(file) for file in files]), normalize=True)
        texts = [
            model.encode_text(tokenize([t.replace("{}", word) for t in TEMPLATES]), normalize=True).mean(0)
            for word in COLOURS
        ]
        logits = model.logit_scale.exp() * images @ torch.nn.functional.normalize(torch.stack(texts), dim=1).T
    return logits.softmax(1).numpy()


@ON_ONE_WORKER
def test_images_have_their_colours_and_the_librarys_probabilities(
    categorized: Workflow, places: Path
) -> None:
    rows, files = by_file(categorized), sorted(categorized.images.iterdir())
    assert len(rows) == len(COLOURS) * EACH
    for name, row in rows.items():
        assert row["category"] == name.split()[0]
        assert row["categories"] == [row["category"]]
        assert row["probability"] == max(row["probabilities"])
    found = np.array([rows[file.name]["probabilities"] for file in files])
    np.testing.assert_allclose(found, library_probabilities(places, files), atol=2e-2)  # stored as halves
    facts = read_record(categorized.model / "categories.parquet").facts
    assert facts["names"] == list(COLOURS)
    with (categorized.model / "categories.csv").open(encoding="utf-8") as stream:
        table = {row["category"]: row for row in csv.DictReader(stream)}
    assert {name: (row["items"], row["files"]) for name, row in table.items()} == {
        word: (str(EACH), str(EACH)) for word in COLOURS
    }
    assert all(Path(row["example"]).name.startswith(word) for word, row in table.items())
    with Image.open(categorized.model / "categories.jpg") as picture:
        assert picture.format == "JPEG"
    assert not categorized.output.exists()  # nothing was copied


@ON_ONE_WORKER
def test_only_other_words_are_compared_again(categorized: Workflow) -> None:
    assert categorized.jobs("categorize") == {}
    before = sorted((categorized.folder / "results" / "store" / "texts").rglob("*.arrow"))
    words = {"categories": f"[{WORDS},закат,夕焼け,black/white,Red]"}
    assert categorized.jobs("categorize", **words) == dict.fromkeys(
        ["categories", "category_sheet", "categorize"], 1
    )
    names = [*COLOURS, "закат", "夕焼け", f"black{SLASH}white"]
    assert read_record(categorized.model / "categories.parquet").facts["names"] == names
    after = sorted((categorized.folder / "results" / "store" / "texts").rglob("*.arrow"))
    assert len(after) == len(before) + 1
    (new,) = set(after) - set(before)
    assert pa.ipc.open_file(new).read_all().num_rows == 3 * len(TEMPLATES)  # the new words alone
    log = (categorized.model / "logs" / "categories.log").read_text()
    assert "named more than once count once: Red" in log


def planned(workflow: Workflow, *arguments: str) -> str:
    """Return what a run would do."""
    done = workflow.run("--dry-run", *arguments)
    return done.stdout + done.stderr


@ON_ONE_WORKER
def test_a_plain_sort_compares_nothing_with_words(categorized: Workflow) -> None:
    plan = planned(categorized)
    assert "rule copy:" in plan
    assert "rule categor" not in plan


@ON_ONE_WORKER
def test_another_model_takes_the_vectors_beside_it(categorized: Workflow) -> None:
    other = Workflow(categorized.folder)
    clip_model = categorized.config["model"]
    other.config |= {"categories": WORDS, "device": "cpu", "category_model": clip_model}
    assert set(other.jobs(categories_of(other))) == {"weights", "embed", "gather", "categories"}
    assert {name: row["category"] for name, row in by_file(other).items()} == {
        name: name.split()[0] for name in by_file(categorized)
    }
    # A new image is embedded by both, and the files of the other model are its own.
    coloured("blue", 999).save(categorized.images / "blue new.png")
    other.run("scan")
    jobs = set(other.jobs(categories_of(other)))
    assert jobs == {"category_embed", "category_gather", "embed", "gather", "categories"}
    assert by_file(other)["blue new.png"]["category"] == "blue"
    assert "rule embed:" not in planned(categorized, "embeddings")  # a sort by the other finds its vectors


@ON_ONE_WORKER
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"categories": "[]"}, "categories: there are none. Name some: --config categories=moody"),
        (
            {"model": "descriptor"},
            "the model 'descriptor' can't compare images with words. Set category_model",
        ),
    ],
)
def test_what_can_not_be_done_is_said_before_anything_runs(
    places: Path, tmp_path: Path, settings: dict[str, object], message: str
) -> None:
    workflow = Workflow(tmp_path)
    workflow.images.mkdir()
    coloured("red", 1).save(workflow.images / "red.png")
    config = {"model": f"clip:{ARCHITECTURE}/{places}/whole.pt", "categories": WORDS} | settings
    done = workflow.run("categorize", check=False, **config)
    assert done.returncode
    assert message in " ".join(done.stderr.split())
    left = {file.name for file in workflow.results.rglob("*") if file.is_file()}
    assert left == {"run.json", "runs.jsonl"}  # which say the same


@ON_ONE_WORKER
def test_images_are_filed_by_their_categories(categorized: Workflow) -> None:
    categorized.run("reorganize", folders="category", copy_mode="symlink")
    filed: dict[str, set[str]] = {word: set() for word in COLOURS}
    for path in categorized.folder.glob("filed_images/[!.]*/*"):
        filed[path.parent.name].add(path.name.partition("_")[2].partition(" ")[0])
    assert filed == {word: {word} for word in COLOURS}
