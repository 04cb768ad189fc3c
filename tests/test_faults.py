"""The fault corpus: a broken file is named with its reason, costs little, and moves nothing else."""

import csv
import io
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from scripts.lib.embedding.descriptor import descriptor
from scripts.lib.embedding.gather import read_items, read_vectors
from scripts.lib.embedding.workers import Request, WorkerSettings, prepare_all
from scripts.lib.files.content_ids import ids_array, positions_in
from scripts.lib.files.found import Found
from scripts.lib.files.hashes import identify
from scripts.lib.files.status import OK, TOO_LARGE, UNDECODABLE, UNREADABLE
from scripts.lib.images.decode import VIDEO_FRAMES, decode, decode_all, read_header
from scripts.lib.images.failures import Undecodable
from scripts.lib.images.headers import LibraryHeaders
from tests import faults
from tests.conftest import ROOT, Workflow, write_pictures
from tests.faults import LIMIT, Fault
from tests.handmade_raw import dng, mosaic

WHOLE = 10_000  # a target so large that nothing is reduced
FAULTS, ODD, IMAGES, FILMS = faults.faults(), faults.odd(), faults.images(), faults.films()
NAMES = [fault.name for fault in FAULTS]

UNREADABLE_FILE = Path("/proc/self/mem")  # a regular file of which the first byte can't be read, even by root
on_linux = pytest.mark.skipif(not UNREADABLE_FILE.exists(), reason="needs /proc")


def outcome(data: bytes) -> list[Image.Image] | None:
    """Return the pictures, None where the file is refused; any other error is raised."""
    try:
        return decode_all(data, WHOLE, LIMIT, 3)
    except Undecodable:
        return None


# --- one file


@pytest.mark.parametrize("fault", FAULTS, ids=NAMES)
def test_a_broken_file_is_named_with_its_reason(fault: Fault) -> None:
    with pytest.raises(Undecodable, match=rf"^[^\n]*{fault.reason}[^\n]*$"):
        decode(fault.data, 32, LIMIT)


@pytest.mark.parametrize("fault", faults.gigantic(), ids=lambda fault: fault.name)
def test_what_is_gigantic_is_known_from_its_header(fault: Fault) -> None:
    header = read_header(io.BytesIO(fault.data))
    assert header.width * header.height > LIMIT or fault.name == "gigantic tiles.tif"


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_is_taken(name: str) -> None:
    assert all(min(image.size) > 0 and image.mode == "RGB" for image in outcome(ODD[name]) or [])
    assert outcome(ODD[name])


@pytest.mark.parametrize("name", [name for name in ODD if name.startswith("animated")])
def test_of_an_animation_the_first_frame_is_taken(name: str) -> None:
    (image,) = outcome(ODD[name]) or []
    red, green, blue = np.asarray(image)[15, 20]
    assert red > 240
    assert max(green, blue) < 15


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_cut_anywhere_is_refused_or_whole(name: str) -> None:
    (whole,) = outcome(IMAGES[name]) or []
    refused = 0
    for data in faults.cuts(IMAGES[name], 40):
        pictures = outcome(data)
        refused += pictures is None
        if pictures is not None and not name.endswith((".dng", ".nef")):
            np.testing.assert_array_equal(pictures[0], whole)
    assert refused > (0 if name.endswith(".nef") else 35)


@pytest.mark.parametrize("name", FILMS)
def test_a_film_cut_anywhere_gives_frames_or_is_refused(name: str) -> None:
    for data in faults.cuts(FILMS[name], 30):
        assert outcome(data) != []


@pytest.mark.parametrize("name", [*IMAGES, *FILMS])
def test_altered_bytes_raise_nothing_but_undecodable(name: str) -> None:
    random = np.random.default_rng(0)
    whole = (IMAGES | FILMS)[name]
    for _ in range(60):
        data = np.frombuffer(whole, np.uint8).copy()
        places = random.integers(0, min(len(data), 600), 3)
        data[places] = random.integers(0, 256, 3)
        outcome(data.tobytes())
        try:
            read_header(io.BytesIO(data.tobytes()))
        except Undecodable:
            continue


DECODE_EVERYTHING = f"""
import sys
from pathlib import Path
from scripts.lib.images.decode import decode, decode_all
from scripts.lib.images.failures import Undecodable
from scripts.lib.images.headers import LibraryHeaders

def peak():  # of this program; that of getrusage remembers the one which started it
    words = Path("/proc/self/status").read_text().split()
    return int(words[words.index("VmHWM:") + 1]) // 1024

whole, *corpus = (path.read_bytes() for path in sorted(Path(sys.argv[1]).iterdir()))
decode(whole, 32, {LIMIT})
before = peak()
for data in corpus:
    try:
        decode_all(data, 32, {LIMIT}, 3)
    except Undecodable:
        pass
print(peak() - before)
"""


@on_linux
def test_memory_is_bounded_whatever_is_declared(tmp_path: Path) -> None:
    (tmp_path / "0 whole").write_bytes(IMAGES["whole.heic"])
    for number, data in enumerate([*(fault.data for fault in FAULTS), *ODD.values()], 1):
        (tmp_path / f"{number}").write_bytes(data)
    command = [sys.executable, "-c", DECODE_EVERYTHING, str(tmp_path)]
    printed = subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout
    assert int(printed) < 300  # megabytes; a single one of the bombs would take gigabytes


# --- files that can't be read


@on_linux
def test_a_disk_that_fails_is_no_fault_of_the_image(tmp_path: Path) -> None:
    (tmp_path / "bad disk.jpg").symlink_to(UNREADABLE_FILE)
    path = bytes(tmp_path / "bad disk.jpg")
    with pytest.raises(OSError, match="Input/output"):
        decode(os.fsdecode(path), 32, LIMIT)
    identity = identify(Found(b"", path, 10, 0, 0), LibraryHeaders(1, 60))
    assert identity.content_id is None
    assert "can't be read: Input/output error" in str(identity.error)


def test_a_film_on_a_disk_that_fails_is_no_broken_film() -> None:
    class FailingDisk(io.BytesIO):
        """Fails behind the first half of a file, as a worn disk does."""

        def read(self, size: int | None = -1) -> bytes:
            room = len(self.getvalue()) // 2 - self.tell()
            if room <= 0:
                raise OSError(5, "Input/output error")
            return super().read(min(size or 0, room))

    for name in ("whole.mkv", "whole.avi", "whole.mp4"):
        with pytest.raises(OSError, match="Input/output"):
            decode_all(FailingDisk(FILMS[name]), 32, LIMIT, 8)


# --- the whole run


def write_corpus(folder: Path) -> None:
    """Write good, odd and broken files into one folder."""
    write_pictures(folder, 10)
    for name, data in [*IMAGES.items(), *FILMS.items(), *ODD.items(), *((f.name, f.data) for f in FAULTS)]:
        (folder / name).write_bytes(data)
    (folder / "dangling.mov").symlink_to("nowhere")
    if os.geteuid():  # nothing is forbidden to root
        (folder / "forbidden.jpg").write_bytes(IMAGES["whole.jpg"] + b"x")
        (folder / "forbidden.jpg").chmod(0)


def rejected_of(workflow: Workflow) -> dict[str, dict[str, str]]:
    with (workflow.model / "rejected.csv").open(newline="", encoding="utf-8") as stream:
        return {row["path"].removeprefix("input_images/"): row for row in csv.DictReader(stream)}


def assert_each_rejected_for_its_reason(workflow: Workflow, unread: set[str], told: str) -> None:
    rejected, reasons = rejected_of(workflow), {fault.name: fault.reason for fault in FAULTS}
    assert set(rejected) == {*reasons, *unread}
    for name, row in rejected.items():
        wanted = (UNREADABLE,) if name in unread else (UNDECODABLE, TOO_LARGE)
        assert row["status"] in wanted
        assert re.search(reasons.get(name, "link|Permission|No such file"), row["error"])
    assert rejected["gigantic.heic"]["status"] == TOO_LARGE
    counts = Counter((row["kind"], row["status"]) for row in rejected.values())
    for (kind, status), count in counts.items():
        assert f"{count} x {kind} {status}" in told


def vector_alone(data: bytes) -> np.ndarray:
    """Return the vector of one file, by the descriptor itself."""
    images = decode_all(data, 32, LIMIT, VIDEO_FRAMES)
    return np.mean([descriptor(image) for image in images], axis=0, dtype=np.float32).astype(np.float16)


def assert_vectors_are_those_of_their_files(workflow: Workflow) -> None:
    vectors, items = (
        read_vectors(workflow.model / "vectors.npy"),
        read_items(workflow.model / "items.parquet"),
    )
    ids = ids_array(pq.read_table(workflow.model / "order.parquet")["content_id"])
    rows = items.rows[positions_in(items.content_ids, ids)]
    for name, row in zip(workflow.order(), rows, strict=True):
        alone = vector_alone((workflow.images / name).read_bytes())
        np.testing.assert_allclose(vectors[row].astype(float), alone.astype(float), atol=1e-3, err_msg=name)


def kinds_of(workflow: Workflow, names: Iterable[str]) -> set[str]:
    rows = pq.read_table(workflow.results / "inventory.parquet").select(["path", "kind"]).to_pylist()
    kinds = {os.path.basename(row["path"]): row["kind"] for row in rows}
    return {kinds[name] for name in names}


def test_a_folder_of_faults_is_sorted_and_every_file_accounted_for(workflow: Workflow) -> None:
    write_corpus(workflow.images)
    workflow.config["pixel_limit"] = LIMIT
    workflow.run("results/photos/inventory.parquet")
    names = {path.name for path in workflow.images.iterdir()}
    vanishing = workflow.images / "image 3.jpg"
    kept = vanishing.read_bytes()
    vanishing.unlink()
    done = workflow.run(scan_mode="off")
    unread = {"dangling.mov", "forbidden.jpg", vanishing.name} & names
    assert_each_rejected_for_its_reason(workflow, unread, done.stderr)
    assert sorted([*workflow.order(), *rejected_of(workflow)]) == sorted(names)
    assert len(workflow.copies()) == len(workflow.order())
    assert_vectors_are_those_of_their_files(workflow)
    assert kinds_of(workflow, (*FILMS, "film named.jpg", "film named.heic", "dangling.mov")) == {"video"}
    assert kinds_of(workflow, (*IMAGES, "jpeg named.mp4", "text.jpg")) == {"image"}
    assert workflow.jobs(scan_mode="off") == {}
    vanishing.write_bytes(kept)
    assert {"scan", "embed"} <= set(workflow.jobs("--forcerun", "scan", retry="true"))
    assert vanishing.name in workflow.order()
    assert set(rejected_of(workflow)) == {*NAMES, *unread} - {vanishing.name}


TREACHEROUS_RAWPY = """
import os, signal, time

class LibRawError(Exception):
    pass

class RawPy:
    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def open_buffer(self, file):
        if b"hangs" in file.name:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])  # as native code that never looks
            time.sleep(600)
        os.kill(os.getpid(), signal.SIGSEGV)
"""


def test_a_scan_bears_libraries_that_hang_and_crash_at_headers(
    workflow: Workflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "rawpy.py").write_text(TREACHEROUS_RAWPY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"), prepend=os.pathsep)
    workflow.images.mkdir()
    raw = [dng(mosaic(faults.NOISE.rotate(angle))) for angle in (0, 90)]
    files = {"a.mp4": FILMS["whole.mp4"], "b hangs.dng": raw[0], "c.mkv": FILMS["whole.mkv"], "d.dng": raw[1]}
    for name, data in {**files, "e.jpg": IMAGES["whole.jpg"]}.items():
        (workflow.images / name).write_bytes(data)
    inventory = "results/photos/inventory.parquet"
    workflow.run(inventory, decode_seconds=4)
    table = pq.read_table(workflow.folder / inventory, columns=["path", "status", "error"])
    rows = {os.path.basename(row["path"]): (row["status"], row["error"]) for row in table.to_pylist()}
    assert rows == {
        "a.mp4": (OK, None),
        "b hangs.dng": (UNDECODABLE, "decoding did not end within 4 s"),
        "c.mkv": (OK, None),
        "d.dng": (UNDECODABLE, "the decoder crashed (exit code -11)"),
        "e.jpg": (OK, None),
    }
    assert workflow.jobs(inventory, decode_seconds=50) == {}


def test_workers_name_what_vanishes_and_go_on(tmp_path: Path) -> None:
    from blake3 import blake3

    paths = write_pictures(tmp_path, 5)
    requests = [Request(blake3(path.read_bytes()).digest(), [bytes(path)]) for path in paths]
    paths[1].unlink()
    settings = WorkerSettings(describe, 32, LIMIT, 1, 30)
    statuses = [each.status for each in prepare_all(requests, settings)]
    assert statuses == ["ok", UNREADABLE, "ok", "ok", "ok"]


def describe(image: Image.Image) -> np.ndarray:
    return descriptor(image)[np.newaxis]
