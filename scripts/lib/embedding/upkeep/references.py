"""Which vectors of a store somebody needs: those of the contents of all collections, under their models.

What is still to be embedded counts as well as what manifests name: a job that was killed has left vectors
that no manifest names yet. A file that was set aside as damaged speaks until it has been made again.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from scripts.lib.artifacts.record import record_path
from scripts.lib.errors import InputError
from scripts.lib.files.content_ids import ID_DTYPE, read_ids

CARD, DAMAGED = "model.json", ".damaged"


class Needs(NamedTuple):
    """The vectors of one model that somebody needs.

    ids : (n,) S32, ascending
    """

    model: str
    dimension: int
    dtype: str
    ids: np.ndarray


def needs(results: Iterable[Path]) -> dict[str, Needs]:
    """Return what the collections of results folders need, by the fingerprint of the model.

    Raises
    ------
    InputError
        when a file that says it can't be read.
    """
    found: dict[str, Needs] = {}
    for folder in (model for each in results for model in _models(each)):
        card = _card(folder)
        former = found.get(card["fingerprint"])
        ids = [] if former is None else [former.ids]
        ids += [_ids(table) for table in _tables(folder)]
        every = np.unique(np.concatenate([np.empty(0, ID_DTYPE), *ids]))
        found[card["fingerprint"]] = Needs(card["name"], card["dimension"], card["dtype"], every)
    return found


def _models(results: Path) -> list[Path]:
    """Return the folders of all models of all collections."""
    cards = {path.parent for path in results.glob(f"*/*/{CARD}*")}
    manifests = {path.parent.parent for path in results.glob("*/*/embed/*.parquet*")}
    return sorted(cards | manifests)


def _card(folder: Path) -> dict[str, Any]:
    """Return what a model's card says, by the fingerprint that it had when it was written."""
    (path,) = _standing(folder, CARD) or [folder / CARD]
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        return {key: card[key] for key in ("name", "dimension", "dtype", "fingerprint")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unknown(path, error) from error


def _tables(folder: Path) -> Iterator[Path]:
    """Yield the tables with the content ids of a model: its manifests, and the lists of the collection."""
    partitions = _partitions(folder.parent)
    for place in (folder.parent / "inventory", folder / "embed"):
        for path in _standing(place, "*.parquet"):
            number = path.name.split(".")[0]
            if partitions is None or not number.isdecimal() or int(number) < partitions:
                yield path


def _standing(folder: Path, pattern: str) -> list[Path]:
    """Return the files of a pattern, and those set aside that were not made again."""
    files = set(folder.glob(pattern))
    aside = {path for path in folder.glob(pattern + DAMAGED) if path.with_suffix("") not in files}
    return sorted(files | aside)


def _partitions(collection: Path) -> int | None:
    """Return into how many partitions the last scan divided a collection; None where that is not known.

    Lists and manifests of more partitions than that are left over from another number of them.
    """
    try:
        record = record_path(collection / "inventory.parquet").read_text("utf-8", "surrogateescape")
        return int(json.loads(record)["settings"]["partitions"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _ids(table: Path) -> np.ndarray:
    try:
        return read_ids(table)
    except (OSError, pa.ArrowException, KeyError) as error:
        raise _unknown(table, error) from error


def _unknown(path: Path, error: Exception) -> InputError:
    return InputError(
        f"{path} can't be read, and it says which vectors are needed ({error}). Sort that collection again, "
        "or, if nobody wants it, remove its folder."
    )
