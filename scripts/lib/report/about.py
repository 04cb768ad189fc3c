"""What a report says of the run itself: settings, versions, the model, and where everything is."""

import platform
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from scripts.lib.project import project

FILES = {  # below the folder of the model, unless they begin with two dots
    "order.csv": "the order as a table, for people and programs",
    "order.parquet": "the same with all that is known of each file",
    "order.txt": "the paths in order, one a line",
    "quality.png": "how good the order is, as a picture",
    "quality.json": "the same in figures",
    "rejected.csv": "every file that is not in the order, with the reason",
    "plan.csv": "what each image is called in the output",
    "clusters.csv": "the clusters: size, tightness, most typical image",
    "cluster_names.csv": "where you name clusters",
    "clusters.jpg": "what is in the clusters",
    "cluster_sheets": "a page of each cluster",
    "categories.csv": "the categories with their sizes",
    "categories.jpg": "what is in the categories",
    "projection.png": "the map",
    "duplicates.html": "all groups of duplicates, side by side",
    "duplicates.csv": "the same as a table",
    "labels.parquet": "the hierarchical label of each image",
    "loss.png": "how the training went",
    "reconstructions.png": "what the trained network makes of images",
    "centroids.png": "what the trained network makes of the middles of clusters",
    "collection.parquet": "all that is known of each file, in one table",
    "config.yaml": "the settings of this run",
    "logs": "what each stage said",
    "../logs": "what the stages said that deal with files",
}


class Setting(NamedTuple):
    """A setting, its usual value, and what it means."""

    key: str
    value: str
    usual: str
    meaning: str
    differs: bool


class Place(NamedTuple):
    """Something that there is, and what it holds."""

    path: str
    holds: str


def settings(config: Mapping[str, Any], usual: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Setting]:
    """Return all settings.

    usual : the complete default configuration
    schema : says what each key means
    """
    keys = schema["properties"]
    return [
        Setting(
            key,
            shown(config[key]),
            shown(usual[key]),
            keys[key].get("description", ""),
            config[key] != usual[key],
        )
        for key in keys
        if key in config
    ]


def shown(value: Any) -> str:
    """Return a setting's value as it would be written."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(shown(each) for each in value) or "none"
    return str(value)


def places(model: Path) -> Iterator[Place]:
    """Yield what there is beside the report."""
    for name, holds in FILES.items():
        if (model / name).exists():
            yield Place(name.replace("../", f"{model.parent}/"), holds)


def versions() -> Iterator[tuple[str, str]]:
    """Yield the version of the project, of Python, and of each library that it names."""
    said = project()
    yield str(said["name"]).capitalize(), said["version"]
    yield "Python", f"{platform.python_version()} on {platform.system()} ({platform.machine()})"
    extras = said.get("optional-dependencies", {})
    named: Iterable[str] = [
        *said["dependencies"],
        *(each for name in ("cpu", "gpu", "formats") for each in extras.get(name, [])),
    ]
    for name in (re.split("[=<>~! ]", each)[0] for each in named):
        try:
            yield name, version(name)
        except PackageNotFoundError:  # of an extra that is not installed
            continue


def model_facts(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what `model.json` says.

    card : what it holds
    """
    yield "model", str(card["name"])
    yield "numbers in a vector", f"{card['dimension']:,}"
    if card.get("weights_source"):
        yield "weights from", str(card["weights_source"])
    if card.get("weights"):
        yield "weights file", str(card["weights"])
    if card.get("weights_blake3"):
        yield "BLAKE3 of the weights", str(card["weights_blake3"])
    yield "preprocessing", shown([f"{key}: {shown(value)}" for key, value in card["preprocessing"].items()])
    yield "fingerprint", str(card["fingerprint"])
