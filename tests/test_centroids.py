"""Centroids as pictures: of what the members of a cluster have in common, beside the image most like it."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from scripts.lib.artifacts.record import checked
from scripts.lib.clustering.cluster_table import cluster_table
from scripts.lib.embedding.models.autoencoder import AutoencoderModel, describe, open_model
from scripts.lib.embedding.training import centroids as module
from scripts.lib.embedding.training.architecture import as_squares
from scripts.lib.embedding.training.centroids import decoded_centroids
from scripts.lib.embedding.training.trained import read_trained, trained_by, write_trained
from scripts.lib.embedding.training.trainer import Trainer
from scripts.lib.pictures.page import DPI, MARGIN
from scripts.lib.pictures.training.centroid_sheet import COLUMNS, LABEL, PITCH, SIDE, TOP, draw_centroids
from tests.conftest import Workflow, write_pictures
from tests.training import SIZE, pixels_of, squares_of, tiny, trained_for


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a network that has learnt a little."""
    folder = tmp_path_factory.mktemp("autoencoder")
    pixels = pixels_of(folder / "pixels", squares_of(20))
    trainer = trained_for(Trainer(tiny(), "cpu"), pixels, 4)
    write_trained(trained_by(trainer, pixels), folder / "autoencoder.pth")
    return folder / "autoencoder.pth"


@pytest.fixture
def model(weights: Path) -> AutoencoderModel:
    return open_model(describe("autoencoder", str(weights)), "cpu", threads=1)


def test_each_is_the_image_of_the_mean_of_its_members(
    model: AutoencoderModel, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    codes = model.features(squares_of(40)).astype(np.float16)
    numbers = np.random.default_rng(0).integers(-1, 6, 40).astype(np.int32)
    table = pa.table({"cluster": pa.array([0, 1, 2, 4, 5], pa.int32())})  # the fourth has no file
    made = decoded_centroids(codes, numbers, table, model)
    assert (made.shape, made.dtype) == ((5, SIZE, SIZE, 3), np.uint8)
    means = np.stack([codes[numbers == each].astype(np.float64).mean(0) for each in (0, 1, 2, 4, 5)])
    with torch.inference_mode():
        decoder = read_trained(weights).network().decoder
        expected = as_squares(decoder(torch.from_numpy(means.astype(np.float32))))
    assert np.abs(made.astype(int) - expected.astype(int)).max() <= 1


def pixels_in(file: Path) -> np.ndarray:
    """Return a picture, (height, width, 3) uint8."""
    with Image.open(file) as picture:
        return np.asarray(picture.convert("RGB"))


def test_of_no_clusters_there_are_no_centroids(model: AutoencoderModel, tmp_path: Path) -> None:
    codes, none = np.zeros((3, 16), np.float16), pa.table({"cluster": pa.array([], pa.int32())})
    made = decoded_centroids(codes, np.full(3, -1, np.int32), none, model)
    assert made.shape == (0, SIZE, SIZE, 3)
    draw_centroids([], made, tmp_path / "sheet.png")
    assert pixels_in(tmp_path / "sheet.png").shape[1] == 1600


def colour(sheet: np.ndarray, place: int, right: int) -> list[int]:
    """Return the colour in the middle of a medoid, or of the centroid to its right."""
    row, column = divmod(place, COLUMNS)
    top = TOP + row * (SIDE + LABEL) + SIDE / 2
    left = MARGIN + column * PITCH + right * SIDE + SIDE / 2
    return sheet[round(top * DPI), round(left * DPI)].tolist()


def test_each_stands_beside_the_medoid_whatever_that_is_called(tmp_path: Path) -> None:
    count = COLUMNS + 2
    paths = [os.fsencode(tmp_path / f"<b>$x^2$ {each}\n.png") for each in range(count)]
    for each, path in enumerate(paths):
        Image.new("RGB", (20, 20), (100 + each, 0, 0)).save(os.fsdecode(path))
    Path(os.fsdecode(paths[2])).write_bytes(b"no image")
    order = pa.table(
        {
            "path": [os.fsdecode(path) for path in paths],
            "path_bytes": pa.array(paths, pa.binary()),
            "content_id": [bytes([each]) * 32 for each in range(count)],
            "item": pa.array(range(count), pa.int32()),
        }
    )
    names = {1: "a <b> $x^2$ \n name" * 9, 2: "\U0001f600"}
    numbers = np.arange(count, dtype=np.int32)
    table = cluster_table(order, numbers, np.zeros(count, np.float32), 1.0, names, {})
    squares = np.zeros((count, 16, 16, 3), np.uint8)
    squares[..., 2] = 200 + np.arange(count)[:, None, None]
    draw_centroids(table.to_pylist(), squares, tmp_path / "sheet.png")
    sheet = pixels_in(tmp_path / "sheet.png")
    for each in range(count):
        assert colour(sheet, each, right=1) == [0, 0, 200 + each]
        if each != 2:
            assert colour(sheet, each, right=0) == [100 + each, 0, 0]


def test_a_network_that_was_trained_before_gives_the_dashboard_centroids(
    workflow: Workflow, weights: Path
) -> None:
    write_pictures(workflow.images, 12)
    workflow.config |= {"model": "autoencoder", "weights": str(weights), "projection": "pca", "clusters": 3}
    jobs = workflow.jobs("dashboard_data")
    assert jobs["centroids"] == jobs["thumbnails"] == 1
    assert not {"train", "copy"} & set(jobs)
    table = pq.read_table(workflow.model / "cluster_table.parquet")
    squares = np.load(checked(workflow.model / "centroids.npy"))
    assert squares.shape == (len(table), SIZE, SIZE, 3)
    assert pixels_in(checked(workflow.model / "centroids.png")).shape[1] == 1600
