"""What makes stages run again: short texts that change when the input of a stage does.

They are computed by the process that the user starts, before anything runs.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from blake3 import blake3

from scripts.lib import versions
from scripts.lib.artifacts.atomic import write_json
from scripts.lib.artifacts.record import record_path
from scripts.lib.files.originals import is_readable
from scripts.lib.files.sources import roots_named
from scripts.lib.files.walk import Tree, fingerprint, folders_fingerprint
from scripts.lib.output.moved import moved_files
from scripts.lib.run.config import UNWEIGHTED, file_in_name

RESULTS = "results"
REPORTED_TOO = (  # what a report shows of an order if it is there
    "clusters.parquet",
    "cluster_table.parquet",
    "projection.png",
    "categories.parquet",
    "duplicates.parquet",
)


def input_tree(config: Mapping[str, Any]) -> Tree:
    """Return what the scan reads: the user's folders, without those that the program writes to.

    Files that were moved into an output are read there.
    """
    own = (config["output"], config["folders_output"], config["store"], RESULTS)
    output, filed = (Path(config[key]).expanduser() for key in ("output", "folders_output"))
    return Tree(
        roots=roots_in(config["images"]),
        exclude=config["exclude"],
        own=[_bytes(os.path.expanduser(folder)) for folder in own],
        moved=moved_files(output) | moved_files(filed, config["name"]),
    )


def roots_of(config: Mapping[str, Any]) -> list[bytes] | None:
    """Return the folders, lists and tars with the images; None if that says the file with the vectors."""
    return None if config["model"] == "precomputed" else roots_in(config["images"])


def roots_in(images: Sequence[str]) -> list[bytes]:
    """Return what the entries of `images` stand for, each once."""
    named = (root for entry in images for root in roots_named(os.path.expanduser(entry)))
    return list(dict.fromkeys(map(_bytes, named)))


def _bytes(path: str) -> bytes:
    """Return a path in its shortest form; `..` stays, because behind a link it leads elsewhere."""
    raw = os.fsencode(path)
    return raw if b".." in raw.split(b"/") else os.path.normpath(raw)


def input_fingerprint(config: Mapping[str, Any]) -> str:
    """Return the fingerprint of the input, as far as the config key `scan_mode` looks at it."""
    if config["model"] == "precomputed":
        return source_fingerprint(Path(config["embeddings"]).expanduser())
    if config["scan_mode"] == "off":
        return last_fingerprint(config["name"])
    if config["scan_mode"] == "folders":
        return folders_fingerprint(input_tree(config))
    return fingerprint(input_tree(config))


def last_fingerprint(name: str) -> str:
    """Return the fingerprint of the input that the last scan of a collection saw."""
    record = Path(RESULTS, name, "records", "inventory.parquet.json")
    try:
        text = record.read_text(encoding="utf-8", errors="surrogateescape")
        return str(json.loads(text)["settings"]["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return "never-scanned"


def source_fingerprint(source: Path) -> str:
    """Return a text that changes with the names, sizes or times of a file, or of those in a folder."""
    files = sorted(source.rglob("*")) if source.is_dir() else [source]
    digest = blake3()
    for file in files:
        if file.is_file():
            status = file.stat()
            digest.update(b"%b\0%d\0%d\n" % (os.fsencode(file), status.st_size, status.st_mtime_ns))
    return digest.hexdigest()[:16]


def records_state(folder: str | Path, artifacts: Iterable[str]) -> str:
    """Return a text that changes with what the records of artifacts say, and with which there are."""
    digest = blake3()
    for name in artifacts:
        artifact = Path(folder, name)
        with suppress(OSError):
            if artifact.exists():
                digest.update(name.encode() + record_path(artifact).read_bytes())
    return digest.hexdigest()[:16]


def weights_state(config: Mapping[str, Any]) -> str | None:
    """Return what `model.json` depends on besides the model's name: a local file, its size and time."""
    local = config["embeddings"] or config["weights"] or file_in_name(config["model"])
    return f"{local} {source_fingerprint(Path(local).expanduser())}" if local else None


def model_version(config: Mapping[str, Any]) -> int:
    """Return the version of our own part of a model's computation."""
    return versions.DESCRIPTOR if config["model"] == "descriptor" else versions.NETWORK


def graph_wants_gpu(config: Mapping[str, Any]) -> bool:
    """Tell whether the neighbour search may use a GPU."""
    return bool(config["device"] != "cpu")


def wants_gpu(config: Mapping[str, Any]) -> bool:
    """Tell whether the configured model may use a GPU."""
    return config["device"] != "cpu" and config["model"] not in UNWEIGHTED


def retry_path(model_folder: str | Path, partition: int | str) -> Path:
    """Name the side file that remembers which files of a partition could not be taken."""
    return Path(model_folder, "embed", "retry", f"{partition}.json")


def retry_token(model_folder: str, partition: int | str, demanded: bool = False) -> str:
    """Return a text that changes when a partition's failures are worth another try; see `token_in`."""
    return token_in(retry_path(model_folder, partition), demanded)


def token_in(side: Path, demanded: bool = False) -> str:
    """Return a text that changes when the failures of a job are worth another try, or what it left is gone.

    That is when a file that could not be read can be read now, or when any failed and it is demanded. The
    job that runs for it remembers the text, so that it does not run again for the same reason.

    side : the file that `remember_failures` wrote
    """
    try:
        remembered = json.loads(side.read_text(encoding="utf-8", errors="surrogateescape"))
        token, failed, unread = str(remembered["token"]), remembered["failed"], remembered["unread"]
        left = [side.parent / name for name in remembered.get("left", [])]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    reasons = [path for path in unread if is_readable(path)]
    reasons += [str(path) for path in left if not path.exists()]
    if demanded and failed:
        reasons.append("demanded")
    return blake3(json.dumps([token, reasons]).encode()).hexdigest()[:16] if reasons else token


def remember_failures(
    side: Path, token: str, failed: int, unread: list[bytes], left: Sequence[str] = ()
) -> None:
    """Write the side file that `token_in` reads.

    failed, unread : how many failed, and the files that could not be read
    left : files below the folder of the side file that must be there
    """
    names = [os.fsdecode(each) for each in unread]
    write_json(side, {"token": token, "failed": failed, "unread": names, "left": list(left)})
