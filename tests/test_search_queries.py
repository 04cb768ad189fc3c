"""What is searched for: files, words, both, and what of these can't be used."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from scripts.lib.categories.taxonomy import read_categories
from scripts.lib.categories.texts import TextStore, category_texts
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.clip_text import open_text_tower
from scripts.lib.embedding.models.protocol import Model
from scripts.lib.embedding.models.registry import describe, open_model
from scripts.lib.embedding.models.torchvision_import import import_torchvision
from scripts.lib.embedding.training.trained import trained_by, write_trained
from scripts.lib.embedding.training.trainer import Trainer
from scripts.lib.errors import InputError
from scripts.lib.search import models
from scripts.lib.search.engine import Hit, SearchEngine
from scripts.lib.search.processes import Processes
from scripts.lib.search.query import Query
from scripts.lib.search.texts import TextVectors
from tests.conftest import picture, write_pictures
from tests.films import clip
from tests.searchable import Searchable, die, embedded, made_card
from tests.test_workers import treacherous
from tests.tiny_clip import (
    ARCHITECTURE,
    COLOURS,
    CONFIG,
    DIMENSION,
    LIBRARY,
    TEMPLATES,
    add_architectures,
    coloured,
    pixels_of,
    remove_architectures,
    taught,
)
from tests.training import pixels_of as training_pixels
from tests.training import squares_of, tiny, trained_for

EACH = 4  # images of a colour
ASK = Processes.ask

pytestmark = pytest.mark.xdist_group("search queries")  # which share the checkpoints


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with a small checkpoint of each kind of network."""
    folder = tmp_path_factory.mktemp("weights")
    add_architectures(folder, **{ARCHITECTURE: CONFIG})
    torch.save(taught().state_dict(), folder / "clip.pt")
    torch.save(import_torchvision().models.get_model("squeezenet1_1").state_dict(), folder / "small.pth")
    pixels = training_pixels(folder / "pixels", squares_of(20))
    write_trained(trained_by(trained_for(Trainer(tiny(), "cpu"), pixels, 1), pixels), folder / "code.pth")
    yield folder
    remove_architectures(folder)


@pytest.fixture(scope="module")
def here() -> Iterator[list[str]]:
    """Have networks run in this process, which knows the tiny architecture; return what is asked of them."""
    asked: list[str] = []

    def ask(self: Processes, function: Callable[..., Any], card: ModelCard, *arguments: Any) -> Any:
        asked.append(function.__name__)
        return function(card, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Processes, "ask", ask)
        yield asked


@pytest.fixture(scope="module")
def words(weights: Path, here: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchEngine]:
    """Return a collection of three colours, by a model that knows their words."""
    folder = tmp_path_factory.mktemp("words")
    made = Searchable(folder, model=f"clip:{ARCHITECTURE}/{weights}/clip.pt")
    made.write_images(clip_model(weights), colour_files(folder / "images"))
    with SearchEngine.open(made.results) as engine:
        yield engine


def clip_model(weights: Path) -> Model:
    return open_model(describe(f"clip:{ARCHITECTURE}/{weights}/clip.pt", None), "cpu", 1)


def colour_files(folder: Path) -> list[Path]:
    folder.mkdir()
    paths = [folder / f"{word} {shot}.png" for word in COLOURS for shot in range(EACH)]
    for path in paths:
        word, shot = path.stem.split()
        coloured(word, 100 + int(shot)).save(path)
    return paths


def names(hits: list[Hit]) -> list[str]:
    return [Path(hit.path).name for hit in hits]


MODELS: dict[str, tuple[str, str | None, dict[str, Any]]] = {
    "descriptor": ("descriptor", None, {}),
    "multicrop": ("descriptor", None, {"multicrop": True}),
    "video": ("descriptor", None, {"video_frames": 3}),
    "torchvision": ("squeezenet1_1", "small.pth", {}),
    "clip": (f"clip:{ARCHITECTURE}", "clip.pt", {}),
    "autoencoder": ("autoencoder", "code.pth", {}),
}


@pytest.mark.parametrize("kind", MODELS)
def test_a_file_of_the_collection_finds_itself(
    weights: Path, here: list[str], tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "torchvision":  # one is enough to be loaded in a process of its own
        monkeypatch.setattr(Processes, "ask", ASK)
    name, file, settings = MODELS[kind]
    card = describe(name, str(weights / file) if file else None)
    model = open_model(replace(card, preprocessing=card.preprocessing | settings), "cpu", 1)
    paths = write_pictures(tmp_path / "images", 8)
    picture(50, (96, 16)).save(tmp_path / "images" / "wide.png")
    (tmp_path / "images" / "film.mp4").write_bytes(clip(frames=20))
    paths += [tmp_path / "images" / "wide.png", tmp_path / "images" / "film.mp4"]
    made = Searchable(tmp_path, model=name, **settings)
    made.write_images(model, paths)
    with SearchEngine.open(made.results) as engine:
        for path in (paths[3], *paths[-2:]):
            by_path, by_bytes = (
                engine.search(Query(image=path), 3),
                engine.search(Query(image=path.read_bytes())),
            )
            assert by_path == by_bytes[:3]
            assert by_path[0].path == str(path)
            scale = by_bytes[-1].distance
            assert by_path[0].distance == pytest.approx(0, abs=2e-3 * scale)  # halves, and another batch
            assert by_path[0].similarity == pytest.approx(1, abs=1e-4)


def test_the_built_in_descriptor_finds_a_file_at_distance_0(tmp_path: Path) -> None:
    paths, made = write_pictures(tmp_path / "images", 5), Searchable(tmp_path)
    made.write_images(open_model(describe("descriptor", None), "cpu", 1), paths)
    with SearchEngine.open(made.results) as engine:
        assert [engine.search(Query(image=path), 1)[0].distance for path in paths] == [0.0] * 5


def test_words_find_what_they_mean_by_the_librarys_own_cosines(words: SearchEngine, weights: Path) -> None:
    model = LIBRARY.create_model(ARCHITECTURE)
    model.load_state_dict(torch.load(weights / "clip.pt", weights_only=True))
    tokenize, model = LIBRARY.get_tokenizer(ARCHITECTURE), model.eval()
    for word in COLOURS:
        hits = words.search(Query(text=f" {word}\n"), 100)
        assert len(hits) == len(COLOURS) * EACH
        assert all(name.startswith(word) for name in names(hits[:EACH]))
        with torch.inference_mode():
            prompts = tokenize([template.replace("{}", word) for template in TEMPLATES])
            text = torch.nn.functional.normalize(model.encode_text(prompts, normalize=True).mean(0), dim=0)
            pictures = pixels_of(model, [Image.open(hit.path) for hit in hits])
            cosines = model.encode_image(pictures, normalize=True) @ text
        np.testing.assert_allclose([hit.similarity for hit in hits], cosines, atol=2e-3)
        distances = np.sqrt(2 - 2 * np.array([hit.similarity for hit in hits]))
        np.testing.assert_allclose([hit.distance for hit in hits], distances, atol=1e-6)
        assert (np.diff(distances) >= 0).all()


def test_an_image_and_words_are_looked_for_between_them(words: SearchEngine, tmp_path: Path) -> None:
    coloured("red", 1).save(tmp_path / "red.png")
    image = (tmp_path / "red.png").read_bytes()
    alone, text = words.search(Query(image=image)), words.search(Query(text="blue"))
    both = {hit.item: hit.similarity for hit in words.search(Query(image=image, text="blue"))}
    sums = np.array([[hit.item, hit.similarity] for hit in alone + text])
    totals = {item: sums[sums[:, 0] == item, 1].sum() for item in both}
    ratio = np.array([both[item] for item in both]) / np.array([totals[item] for item in both])
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-2)  # equal parts: the sum of the cosines, scaled
    without = words.search(Query(image=image, text="blue", text_weight=0))
    assert names(without) == names(alone)
    heavier = words.search(Query(image=image, text="blue", image_weight=0.01))
    assert names(heavier)[0].startswith("blue")
    item = text[0].item
    assert item not in [hit.item for hit in words.search(Query(item=item, text="red"))]


def test_a_sort_by_another_model_is_searched_by_words_in_the_second(
    weights: Path, here: list[str], tmp_path: Path
) -> None:
    name = f"clip:{ARCHITECTURE}/{weights}/clip.pt"
    made, paths = Searchable(tmp_path, category_model=name), colour_files(tmp_path / "images")
    made.write_images(open_model(describe("descriptor", None), "cpu", 1), paths)
    reason = SearchEngine.open(made.results).can("text")
    assert reason is not None
    assert "run make categorize once" in reason
    model = clip_model(weights)
    items, vectors = embedded(model, paths[1:])  # the first has no vector of it
    made.write_vectors(made.folder(model=name), model.card, vectors, items)
    with SearchEngine.open(made.results) as engine:
        assert engine.can("text") is engine.can("image") is None
        hits = engine.search(Query(text="red"), 100)
        assert len(hits) == len(paths) - 1
        assert set(names(hits[: EACH - 1])) == {path.name for path in paths[1:EACH]}
        for query in (
            Query(image=paths[5], text="green"),
            Query(item=hits[-1].item, text="green", image_weight=0.1),
        ):
            assert names(engine.search(query, 1))[0].startswith("green")
        assert engine.search(Query(image=paths[0]), 1)[0].distance == 0  # in the vectors of the sort
        first = engine.files.item_named(str(paths[0]))
        with pytest.raises(InputError, match=r"red 0\.png has no vector of clip"):
            engine.search(Query(item=first, text="green"))


def test_vectors_of_the_user_are_searched_by_words_of_the_model_that_made_them(
    weights: Path, here: list[str], tmp_path: Path
) -> None:
    name = f"clip:{ARCHITECTURE}/{weights}/clip.pt"
    paths, model = colour_files(tmp_path / "images"), clip_model(weights)
    (tmp_path / "v.parquet").touch()
    config = {"model": "precomputed", "embeddings": str(tmp_path / "v.parquet"), "category_model": name}
    made = Searchable(tmp_path, **config)
    items, vectors = embedded(model, paths)
    given = made_card(DIMENSION, name="precomputed")
    made.write_vectors(made.folder(), given, 7 * vectors.astype(np.float32), items)
    made.write_order(items, [b"%d.jpg" % number for number in range(len(paths))])
    engine = SearchEngine.open(made.results)
    for kind in ("image", "text"):
        assert "run make categorize once" in str(engine.can(kind))  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"were given .* no model is known"):
        engine.search(Query(image=paths[0]))
    made.write_model(made.folder(model=name, embeddings=None), model.card)
    with SearchEngine.open(made.results) as engine:
        best = [hit.item for hit in engine.search(Query(text="blue"), EACH)]
        ids = {path.name: row for row, path in enumerate(sorted(paths, key=content_id))}
        assert sorted(best) == sorted(ids[f"blue {shot}.png"] for shot in range(EACH))
        assert engine.search(Query(image=paths[2]), 1)[0].item == ids[paths[2].name]
    made.write_vectors(made.folder(), made_card(3, name="precomputed"), vectors[:, :3], items)
    made.write_order(items, [b"%d.jpg" % number for number in range(len(paths))])
    assert "makes vectors of 12 numbers, and yours have 3" in str(SearchEngine.open(made.results).can("text"))


def content_id(path: Path) -> bytes:
    from blake3 import blake3

    return blake3(path.read_bytes()).digest()


def test_a_word_ranks_as_its_category_does(words: SearchEngine, tmp_path: Path) -> None:
    kept = TextStore(tmp_path, words._own.card, open_text_tower, print)
    category = category_texts(kept, read_categories(["red"]).leaves, TEMPLATES).vectors[0]
    np.testing.assert_allclose(words._texts.direction("red"), category, atol=1e-6)


def test_words_are_looked_up_in_the_store_and_read_once(
    weights: Path, here: list[str], tmp_path: Path
) -> None:
    card = clip_model(weights).card
    TextStore(tmp_path, card, open_text_tower, print).encode(["red", "a photo of red", "a picture of red"])
    (part,) = (tmp_path / "texts").rglob("*.arrow")
    damaged = part.with_name(f"{'0' * 32}.arrow")
    damaged.write_bytes(b"no part")
    vectors = TextVectors(card, tmp_path, TEMPLATES, Processes())
    here.clear()
    vectors.direction("red")
    assert not here
    for text in ("green", "blue", "green"):
        vectors.direction(text)
    assert here == ["directions_of"] * 2
    assert sorted((tmp_path / "texts").rglob("*.arrow")) == sorted([part, damaged])  # nothing was touched


def test_a_text_that_the_model_does_not_read_to_its_end_is_refused(words: SearchEngine) -> None:
    assert words.search(Query(text="word " * 14))
    with pytest.raises(
        InputError, match=r"'word word .*\.\.\.' has 15 words, and the model reads only the first"
    ):
        words.search(Query(text="word " * 15))


def test_a_checkpoint_without_words_is_told_when_they_are_asked_for(
    weights: Path, here: list[str], tmp_path: Path
) -> None:
    state = torch.load(weights / "clip.pt", weights_only=True)
    torch.save({k: v for k, v in state.items() if k.startswith("visual.")}, tmp_path / "half.pt")
    name = f"clip:{ARCHITECTURE}/{tmp_path}/half.pt"
    made = Searchable(tmp_path, model=name)
    made.write_images(open_model(describe(name, None), "cpu", 1), write_pictures(tmp_path / "images", 2))
    with pytest.raises(InputError, match="holds the image tower alone"):
        SearchEngine.open(made.results).search(Query(text="red"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchEngine]:
    """Return a collection by the descriptor, whose images may have 10,000 pixels."""
    folder = tmp_path_factory.mktemp("plain")
    made = Searchable(folder, pixel_limit=10_000)
    made.write_images(
        open_model(describe("descriptor", None), "cpu", 1), write_pictures(folder / "images", 3)
    )
    with SearchEngine.open(made.results) as engine:
        yield engine


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"no image", "no image or video in a known format"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 50, "or its header is broken"),
    ],
)
def test_what_is_no_image_is_told(plain: SearchEngine, tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "wrong.jpg").write_bytes(content)
    with pytest.raises(InputError, match=message):
        plain.search(Query(image=content))
    with pytest.raises(InputError, match=rf"wrong\.jpg can't be searched for: .*{message}"):
        plain.search(Query(image=tmp_path / "wrong.jpg"))


def test_files_that_can_not_be_read_and_images_that_are_too_large_are_told(
    plain: SearchEngine, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"none\.jpg can't be searched for: it can't be read \(No such file"):
        plain.search(Query(image=tmp_path / "none.jpg"))
    with pytest.raises(InputError, match=r"it can't be read \(Is a directory\)"):
        plain.search(Query(image=tmp_path))
    picture(1, (200, 100)).save(tmp_path / "large.png")
    with pytest.raises(InputError, match="declares 200 x 100 pixels, above the limit of 10000"):
        plain.search(Query(image=tmp_path / "large.png"))


def test_an_image_that_kills_or_stops_its_decoder_costs_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Searchable(tmp_path, decode_seconds=2)
    made.write_images(open_model(describe("descriptor", None), "cpu", 1), write_pictures(tmp_path / "i", 2))
    usual = open_model(describe("descriptor", None), "cpu", 1)
    evil = SimpleNamespace(target=32, features=usual.features, prepare=lambda: treacherous, card=usual.card)
    monkeypatch.setattr(models, "_opened", {usual.card.fingerprint: evil})
    for height, message in ((1, "crashed"), (2, "did not end within 2 s"), (3, "can't be prepared: three")):
        picture(0, (9, height)).save(tmp_path / "evil.png")
        with SearchEngine.open(made.results) as engine, pytest.raises(InputError, match=message):
            engine.search(Query(image=tmp_path / "evil.png"))


def test_a_network_that_takes_its_process_along_is_told_and_loaded_again(plain: SearchEngine) -> None:
    card = replace(plain._own.card, weights="somewhere")
    processes = Processes()
    with pytest.raises(InputError, match=r"process that holds descriptor has ended; perhaps .* memory"):
        ASK(processes, die, card)
    assert ASK(processes, models.preparation, card).target == models.model_of(card).target
    processes.end()


def test_numbers_that_are_not_finite_are_told(plain: SearchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        models.model_of(plain._own.card),
        "features",
        lambda views: np.full((1, 416), np.nan, np.float32),
        raising=False,
    )
    with pytest.raises(InputError, match="makes no finite numbers"):
        plain.search(Query(image=Path(plain.files.path(0))))


def state_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_a_search_changes_no_file(weights: Path, here: list[str], tmp_path: Path) -> None:
    made = Searchable(tmp_path, model=f"clip:{ARCHITECTURE}/{weights}/clip.pt")
    paths = colour_files(tmp_path / "images")
    made.write_images(clip_model(weights), paths)
    before = state_of(tmp_path), state_of(weights)
    with SearchEngine.open(made.results) as engine:
        for query in (Query(text="red"), Query(image=paths[0], text="blue"), Query(item=1)):
            assert engine.search(query)
    assert (state_of(tmp_path), state_of(weights)) == before
