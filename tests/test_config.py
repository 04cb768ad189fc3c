"""The configuration: defaults, errors that help, and the folder that a model's settings name."""

import re
from pathlib import Path

import pytest
import yaml

from scripts.lib.errors import InputError
from scripts.lib.images.decode import VIDEO_FRAMES
from scripts.lib.run.config import check_apart, complete, known_name, model_tag, words_of_command
from tests.conftest import ROOT, SCHEMA


def test_the_default_file_is_the_schemas_defaults() -> None:
    given = yaml.safe_load(Path(ROOT / "config" / "config.yaml").read_text())
    assert set(given) == set(SCHEMA["properties"])
    assert complete(given, SCHEMA) == complete({}, SCHEMA)


def test_every_key_is_described() -> None:
    for key, rule in SCHEMA["properties"].items():
        assert rule["description"], key
        assert "default" in rule, key


def test_a_string_stands_for_a_list_of_one() -> None:
    assert complete({"images": "a", "exclude": "*.gif"}, SCHEMA)["images"] == ["a"]
    assert complete({"exclude": "*.gif"}, SCHEMA)["exclude"] == ["*.gif"]


def test_numbers_are_folder_names_where_text_is_wanted() -> None:
    config = complete({"images": 2024, "output": 7, "name": 3}, SCHEMA)
    assert (config["images"], config["output"], config["name"]) == (["2024"], "7", "3")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"imags": "x"}, "imags: there is no such key; the nearest is 'images'"),
        ({"zzz": "x"}, "zzz: there is no such key; the nearest is"),
        ({"knn_k": 0}, "knn_k: 0 is less than the minimum"),
        ({"knn_k": "7"}, "knn_k: '7' is not of type 'integer'"),
        ({"device": "gpu"}, r"device: 'gpu' is not one of \['auto', 'cpu', 'cuda'\]"),
        ({"name": "a/b"}, "name: 'a/b' does not match"),
        ({"images": 2024.1}, "needs quotes"),
        ({"copy_mode": "reflink"}, "copy_mode: 'reflink' is not one of"),
        ({"copy_mode": "move"}, "move_originals: true"),
        ({"clusters_min": 9, "clusters_max": 3}, "between 9 and 3 there is no number of clusters"),
        ({"model": "descriptor", "weights": "w.pth"}, "takes none"),
        ({"model": "precomputed"}, "needs a file or folder"),
        ({"embeddings": "v.parquet"}, "only model 'precomputed'"),
        ({"name_template": "{name}{ext}"}, r"name_template: The name template '\{name\}\{ext\}' has a field"),
        ({"name_template": "{index}"}, "name_template: .* does not end with"),
        ({"folder_files": -1}, "folder_files: -1 is less than the minimum"),
        ({"portable_names": "maybe"}, r"portable_names: 'maybe' is not one of \['auto', True, False\]"),
    ],
)
def test_errors_name_the_key_and_what_would_do(given: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        complete(given, SCHEMA)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(InputError, match=r"(?s)imags.*knn_k"):
        complete({"imags": "x", "knn_k": 0}, SCHEMA)


@pytest.mark.parametrize("typed", ["2024.10", "2024_10", "007", "a #b", "e: f", "~", "no", "1e3", " a "])
def test_folders_are_called_as_they_were_typed(typed: str) -> None:
    words = words_of_command(["--cores", "2", "--config", f"images={typed}", "knn_k=7", "--forcerun", "scan"])
    assert words == {"images": typed, "knn_k": "7"}
    config = complete({"images": 5.5, "knn_k": 7}, SCHEMA, words)  # as the engine misread them
    assert (config["images"], config["knn_k"]) == ([typed], 7)


@pytest.mark.parametrize("typed", ["true", "True", "TRUE"])
def test_switches_are_turned_on_and_off_in_any_case(typed: str) -> None:
    assert complete({"allow_shrink": typed}, SCHEMA)["allow_shrink"] is True
    assert complete({"allow_shrink": "false"}, SCHEMA)["allow_shrink"] is False
    with pytest.raises(InputError, match="allow_shrink"):
        complete({"allow_shrink": "maybe"}, SCHEMA)


def test_portable_names_are_a_switch_or_left_to_the_program() -> None:
    for given, meant in (("auto", "auto"), ("true", True), ("False", False), (True, True), (False, False)):
        words = words_of_command(["--config", f"portable_names={given}"])
        for typed in ({}, words):
            config = complete({"portable_names": given}, SCHEMA, typed)
            assert (config["portable_names"], type(config["portable_names"])) == (meant, type(meant))


@pytest.mark.parametrize(
    "typed", ["{stem}_{index}{ext}", "{index}{ext}", "2024: {index} #1{ext}", "'{stem}{ext}'"]
)
def test_braces_of_a_template_survive_the_command_line(typed: str) -> None:
    words = words_of_command(["--config", f"name_template={typed}"])
    assert complete({"name_template": {"as": "misread"}}, SCHEMA, words)["name_template"] == typed.strip("'")


def test_whole_numbers_are_numbers() -> None:
    """What is the same setting has the same fingerprint."""
    for given in ({"train_clip": 1}, {"train_clip": 1.0}, {}):
        clip = complete(given, SCHEMA)["train_clip"]
        assert (clip, type(clip)) == (1.0, float)


def test_null_is_nothing() -> None:
    assert complete({"weights": "null"}, SCHEMA, {"weights": "null"})["weights"] is None


def test_lists_are_left_to_the_parser() -> None:
    words = words_of_command(["--config", "images=[a,b]", 'output="o"', "name="])
    assert complete({"images": ["a", "b"], "output": "o"}, SCHEMA, words)["images"] == ["a", "b"]
    assert words == {"output": "o"}


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ('"a #b"', "a #b"),
        ("'it''s'", "it's"),
        (r'"q\"\\"', 'q"\\'),
        ('"', '"'),
        ("a'b", "a'b"),
        ('"[x]"', "[x]"),
    ],
)
def test_quotes_are_taken_off(word: str, text: str) -> None:
    assert words_of_command(["--config", f"output={word}"]) == {"output": text}


@pytest.mark.parametrize(("key", "value"), [("clusters", 4), ("duplicate_distance", 0.1)])
def test_a_number_is_one_where_a_word_would_do_too(key: str, value: float) -> None:
    assert complete({key: value}, SCHEMA, {key: str(value)})[key] == value
    assert complete({key: "auto"}, SCHEMA, {key: "auto"})[key] == "auto"


def test_model_tags() -> None:
    def tag(**given: object) -> str:
        return model_tag(complete(given, SCHEMA), SCHEMA)

    assert tag(model="descriptor") == "descriptor"
    assert tag(model="clip:ViT-B-32/laion2b_s34b_b79k") == "clip-ViT-B-32-laion2b_s34b_b79k"
    one, two = tag(model="resnet18", weights="a.pth"), tag(model="resnet18", weights="b.pth")
    assert one.startswith("resnet18-")
    assert len(one) == len("resnet18-") + 8
    assert one != two
    assert tag(model="descriptor", seed=3, device="cpu", video_frames=VIDEO_FRAMES) == "descriptor"
    assert tag(model="descriptor", video_frames=1) != "descriptor"
    assert tag(model="descriptor", train_latent=8) == "descriptor"
    assert tag(model="timm:test_vit.r160_in1k") == "timm-test_vit.r160_in1k"


def test_files_in_names_keep_their_own_artifacts() -> None:
    def tag(file: str, **given: object) -> str:
        return model_tag(complete({"model": f"clip:ViT-B-32/{file}", **given}, SCHEMA), SCHEMA)

    assert tag("w.pt") == "clip-ViT-B-32-w.pt"
    several = [tag(f"{folder}/w.pt") for folder in ("~", "a", "b", "/a", "a-b", "a/b")]
    assert all(re.fullmatch(r"clip-ViT-B-32-w\.pt-[0-9a-f]{8}", each) for each in several)
    assert len(set(several)) == len(several)
    assert tag("a/w.pt", multicrop=True) not in several


def test_each_training_has_a_folder_of_its_own() -> None:
    def tag(**given: object) -> str:
        return model_tag(complete({"model": "autoencoder", **given}, SCHEMA), SCHEMA)

    assert tag() == tag(train_epochs=99) == tag(train_kl=0.5) == "autoencoder"  # epochs only go on
    others = (
        {"train_latent": 8},
        {"train_rate": 0.1},
        {"seed": 1},
        {"train_l2": 0.1},
        {"train_variational": True},
    )
    tags = {tag(**other) for other in (*others, {"train_variational": True, "train_kl": 0.5})}
    assert len(tags) == len(others) + 1
    assert tag(weights="w.pth") == tag(weights="w.pth", train_latent=8)  # it has been trained


@pytest.mark.parametrize(
    ("output", "filed"), [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("a", "./b/../a"), ("~/x", "~"), (".", "a")]
)
def test_two_outputs_stand_side_by_side(output: str, filed: str) -> None:
    with pytest.raises(InputError, match=r"folders_output.*side by side"):
        check_apart(output, filed)
    check_apart("a", "ab")


def test_the_name_is_known_whatever_else_is_wrong() -> None:
    assert known_name({"knn_kk": 3}, SCHEMA, {}) == "photos"
    assert known_name({"name": 2024.1, "images": 7}, SCHEMA, {"name": "2024.10"}) == "2024.10"
    for unfit in ("../elsewhere", "", None, ["a"]):
        assert known_name({"name": unfit}, SCHEMA, {}) is None
