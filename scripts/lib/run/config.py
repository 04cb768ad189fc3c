"""The configuration: checked against its schema, completed with defaults, and named.

Keys are flat, so that each can be given on a command line.
"""

import difflib
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from blake3 import blake3
from jsonschema import Draft202012Validator

from scripts.lib.categories.prompts import check_templates
from scripts.lib.categories.taxonomy import read_categories
from scripts.lib.errors import InputError
from scripts.lib.output.naming.name_template import parse_template
from scripts.lib.run.category_model import check_category_model

SCHEMA = Path(__file__).resolve().parents[3] / "workflow" / "schemas" / "config.schema.yaml"
EMBEDDING_SETTINGS = ("weights", "multicrop", "video_frames")  # what changes vectors besides the model's name
TRAINING_SETTINGS = (  # what changes the vectors of a network that is trained here; its epochs only go on
    "seed",
    "train_latent",
    "train_size",
    "train_rate",
    "train_batch",
    "train_images",
    "train_per_epoch",
    "train_clip",
    "train_l1",
    "train_l2",
    "train_variational",
)
VARIATIONAL_SETTINGS = ("train_kl", "train_warmup")  # which mean nothing to a plain autoencoder
# Keys for which a string stands for a list of one.
LISTS = ("images", "exclude", "protected", "category_prompts")
UNWEIGHTED = ("descriptor", "precomputed")  # models that take no checkpoint


def read_schema(path: str | Path = SCHEMA) -> dict[str, Any]:
    """Read the JSON schema of the configuration."""
    schema: dict[str, Any] = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    return schema


def words_of_command(arguments: Sequence[str]) -> dict[str, str]:
    """Return the settings of a command line (`--config key=value ...`) as they were typed.

    The engine parses values as numbers or YAML before anyone sees them, so that of a folder `2024.10`
    or `a #b` something else is left, quoted or not. Values in brackets are lists, and are left to it.
    """
    words: dict[str, str] = {}
    inside = False
    for argument in arguments:
        if argument.startswith("-"):
            inside = argument in ("--config", "-C")
        elif inside and "=" in argument:
            key, value = argument.split("=", 1)
            if value and not value.startswith("["):
                words[key] = unquoted(value)
    return words


def unquoted(word: str) -> str:
    """Return a word without the double or single quotes of YAML around it."""
    if len(word) > 1 and word[0] == word[-1] == "'":
        return word[1:-1].replace("''", "'")
    if len(word) > 1 and word[0] == word[-1] == '"':
        return re.sub(r"\\(.)", r"\1", word[1:-1])
    return word


def complete(
    config: Mapping[str, Any], schema: Mapping[str, Any], words: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the configuration with every key of the schema, checked.

    `words` has settings as they were typed; where text is wanted, they are taken.

    Raises
    ------
    InputError
        naming each key that is unknown (with the nearest known one) or has an unfit value.
    """
    keys = schema["properties"]
    problems = [_unknown(key, keys) for key in config if key not in keys]
    known = {
        key: _as_meant(value, keys[key], (words or {}).get(key))
        for key, value in config.items()
        if key in keys
    }
    for error in Draft202012Validator(schema).iter_errors(known):
        problems.append(_unfit(error.path, error.message, known, keys))
    if problems:
        raise InputError("The configuration can't be used:\n" + "\n".join(f"  {p}" for p in problems))
    complete = {
        key: known[key] if key in known else _as_meant(rule["default"], rule, None)
        for key, rule in keys.items()
    }
    for key in LISTS:
        complete[key] = [complete[key]] if isinstance(complete[key], str) else list(complete[key])
    _check_together(complete)
    return complete


def known_name(config: Mapping[str, Any], schema: Mapping[str, Any], words: Mapping[str, str]) -> str | None:
    """Return the collection's name, whatever else is wrong with a configuration; None where it is no name."""
    rule = schema["properties"]["name"]
    name = _as_meant(config.get("name", rule["default"]), rule, words.get("name"))
    return str(name) if Draft202012Validator(rule).is_valid(name) else None


def _as_meant(value: Any, rule: Mapping[str, Any], word: str | None) -> Any:
    """Return a value of the kind that is wanted, where the engine made another of what was typed."""
    wanted = rule.get("type", ())
    if "object" in wanted and isinstance(value, dict):
        return value  # typed in braces
    if "boolean" in wanted and str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    if wanted == "number" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)  # 1 and 1.0 are one setting, with one fingerprint
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if "string" not in wanted or (number and {"integer", "number"} & set(wanted)):
        return value
    if "null" in wanted and (word or value) == "null":
        return None
    if word is not None:
        return word
    whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if whole else value


def _unknown(key: str, keys: Mapping[str, Any]) -> str:
    nearest = difflib.get_close_matches(key, keys, n=1, cutoff=0.0)[0]
    return f"{key}: there is no such key; the nearest is '{nearest}' ({keys[nearest]['description']})"


def _unfit(path: Any, message: str, config: Mapping[str, Any], keys: Mapping[str, Any]) -> str:
    key = path[0] if path else "configuration"
    meaning = keys[key]["description"] if key in keys else ""
    if isinstance(config.get(key), float) and "string" in keys.get(key, {}).get("type", ()):
        meaning = f"On a command line text that looks like a number needs quotes: '{key}=\"...\"'."
    return f"{key}: {message} (it is {config.get(key)!r}). {meaning}"


def _check_together(config: Mapping[str, Any]) -> None:
    if config["model"] in UNWEIGHTED and config["weights"]:
        raise InputError(f"weights: model '{config['model']}' takes none; remove weights or name a network.")
    if config["model"] == "precomputed" and not config["embeddings"]:
        raise InputError("embeddings: model 'precomputed' needs a file or folder of vectors there.")
    if config["model"] != "precomputed" and config["embeddings"]:
        raise InputError("embeddings: only model 'precomputed' reads vectors; set model: precomputed.")
    if config["copy_mode"] == "move" and not config["move_originals"]:
        raise InputError(
            "copy_mode: 'move' takes your originals out of their folders. If that is meant, set "
            "move_originals: true, too; undo moves them back."
        )
    fewest, most = config["clusters_min"], config["clusters_max"]
    if most != "auto" and most < fewest:
        raise InputError(
            f"clusters_min, clusters_max: between {fewest} and {most} there is no number of clusters. The "
            "smaller of them is clusters_min."
        )
    try:
        parse_template(config["name_template"])
    except InputError as error:
        raise InputError(f"name_template: {error}") from error
    check_templates(config["category_prompts"])
    read_categories(config["categories"])
    if config["category_model"] != "auto":
        check_category_model(config["category_model"])


def check_apart(output: str, filed: str) -> None:
    """Refuse two output folders of which one is, or lies in, the other: each has a ledger of its own.

    Raises
    ------
    InputError
        that names both.
    """
    one, other = (os.path.realpath(os.path.expanduser(folder)) for folder in (output, filed))
    if os.path.commonpath((one, other)) in (one, other):
        raise InputError(
            f"folders_output: {filed!r} and output {output!r} are one folder, or one lies in the other. Name "
            "two that stand side by side."
        )


def trains(config: Mapping[str, Any]) -> bool:
    """Tell whether the model is one that is trained on the images; with `weights` it has been."""
    return bool(config["model"] == "autoencoder" and not config["weights"])


def training_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that say what is trained, but not for how long."""
    keys = TRAINING_SETTINGS + (VARIATIONAL_SETTINGS if config["train_variational"] else ())
    return {key: config[key] for key in keys}


def model_tag(config: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Name the folder of all that depends on the embedding: a model and its settings.

    Settings that are not the default add 8 hex digits, so that each keeps its own artifacts; those of a
    training count where there is one. So do paths in the model's name, of which only the file's own name is
    shown.
    """
    kind, slash, weights = config["model"].partition("/")
    name = _file_name(kind + slash + weights.rpartition("/")[2])
    settings = {key: config[key] for key in EMBEDDING_SETTINGS}
    if trains(config):
        settings |= training_settings(config)
    usual = all(value == schema["properties"][key]["default"] for key, value in settings.items())
    if weights != _file_name(weights):
        settings["model"], usual = config["model"], False
    if usual:
        return name
    return f"{name}-{blake3(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]}"


def _file_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)


def file_in_name(model: str) -> str | None:
    """Return the local file that a model's name ends with, such as `clip:ViT-B-32/mine.pt`, if it does."""
    path = model.partition("/")[2]
    return path if path and Path(path).expanduser().is_file() else None
