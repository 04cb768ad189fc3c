"""Which collections there are results of, and which of them a viewer is asked for."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts.lib.errors import InputError
from scripts.lib.run.config import complete, read_schema

CONFIG = "config.yaml"  # of the last run, beside the artifacts of a model


@dataclass(frozen=True)
class Results:
    """What the runs of one collection by one model left.

    model : results/{name}/{model}, a path that need not be absolute
    config : of the last run, with today's defaults for what it did not know
    """

    model: Path
    config: dict[str, Any]

    @property
    def collection(self) -> Path:
        """Return results/{name}."""
        return self.model.parent

    @property
    def base(self) -> Path:
        """Return the folder in which the runs were at work, which relative paths begin in."""
        return Path(os.path.abspath(self.collection)).parent.parent  # `--results ..` has no parent in itself

    @property
    def name(self) -> str:
        """Return the name of the collection."""
        return self.collection.name

    @property
    def tag(self) -> str:
        """Return the name of the model's folder."""
        return self.model.name


def all_results(folder: Path) -> list[Results]:
    """Return all results below a folder such as `results`, those of the last run first."""
    files = sorted(folder.glob(f"*/*/{CONFIG}"), key=lambda file: (-file.stat().st_mtime_ns, file))
    usual = complete({}, read_schema())
    found = ((file.parent, _config(file)) for file in files)
    return [Results(model, usual | config) for model, config in found if config]


def find_results(folder: Path, name: str | None = None, model: str | None = None) -> Results:
    """Return the results that are asked for: of several those of the last run.

    name : of a collection
    model : the name of a model, or of its folder

    Raises
    ------
    InputError
        where there are none, naming those that there are.
    """
    every = all_results(folder)
    fitting = [each for each in every if name in (None, each.name) and _is_by(each, model)]
    if fitting:
        return fitting[0]
    if not every:
        raise InputError(
            f"There are no results in {folder}: sort some images first, or go to where that was."
        )
    wanted = " ".join(filter(None, [name, f"by {model}" if model else None]))
    known = ", ".join(f"{each.name} by {each.tag}" for each in every)
    raise InputError(f"There are no results of {wanted} in {folder}. There are: {known}.")


def _is_by(results: Results, model: str | None) -> bool:
    return model in (None, results.tag, results.config["model"])


def _config(file: Path) -> dict[str, Any] | None:
    """Return the configuration of a run, None if a file is no such thing."""
    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    return config if isinstance(config, dict) and "model" in config else None
