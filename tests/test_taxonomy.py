"""Categories as users write them: lists, trees, prompts, and what can't be one."""

from itertools import pairwise

import pytest

from scripts.lib.categories.prompts import ANYTHING, check_templates, filled, prompts_of
from scripts.lib.categories.taxonomy import SLASH, read_categories
from scripts.lib.errors import InputError
from scripts.lib.run.category_model import category_config, check_categorize
from scripts.lib.run.config import complete, words_of_command
from tests.conftest import SCHEMA

WORDS = ["moody", "sunset", "neon"]


@pytest.mark.parametrize(
    "given",
    [
        "moody,sunset,neon",
        " moody , sunset,neon,",
        WORDS,
        {word: [] for word in WORDS},
        [{"moody": None}, *WORDS[1:]],
    ],
)
def test_a_list_is_the_same_however_it_is_written(given: object) -> None:
    taxonomy = read_categories(given)
    assert taxonomy.names == WORDS
    assert [leaf.text for leaf in taxonomy.leaves] == WORDS
    assert not taxonomy.notes


def test_a_tree_has_paths_for_names_and_words_for_prompts() -> None:
    taxonomy = read_categories({"nature": ["beach", {"forest": ["oak", "fir"]}], "city": []})
    assert taxonomy.names == ["nature/beach", "nature/forest/oak", "nature/forest/fir", "city"]
    assert [leaf.text for leaf in taxonomy.leaves] == ["beach", "oak", "fir", "city"]
    nodes = {node.name: node.leaves for node in taxonomy.tree.below()}
    assert nodes["nature"] == (0, 1, 2)
    assert nodes["nature/forest"] == (1, 2)
    assert list(nodes) == [
        "nature",
        "nature/beach",
        "nature/forest",
        "nature/forest/oak",
        "nature/forest/fir",
        "city",
    ]
    for parent in taxonomy.tree.below():  # the leaves of a group are those of its children
        assert not parent.children or parent.leaves == sum((c.leaves for c in parent.children), ())


def test_nothing_is_no_category() -> None:
    for nothing in ([], {}, "", " , "):
        assert not read_categories(nothing).leaves


def test_repeated_categories_count_once_and_are_told() -> None:
    taxonomy = read_categories(["Sunset", "neon", "sunset", "  neon "])
    assert taxonomy.names == ["Sunset", "neon"]
    assert taxonomy.notes == ("categories that are named more than once count once: neon, sunset",)


def test_words_of_other_scripts_are_composed_and_kept() -> None:
    taxonomy = read_categories(["夕焼け", "закат", "غروب", "Cafe\u0301", "Café"])
    assert taxonomy.names == ["夕焼け", "закат", "غروب", "Café"]


def test_a_slash_makes_no_level_and_stays_in_the_prompt() -> None:
    leaf = read_categories(["black/white"]).leaves[0]
    assert leaf.path == (f"black{SLASH}white",)
    assert "/" not in leaf.name
    assert leaf.text == "black/white"
    assert read_categories("AC/DC,AC").names == [f"AC{SLASH}DC", "AC"]


def test_whole_prompts_are_recognised_and_can_have_names() -> None:
    leaves = read_categories(["people at the beach", "black and white", {"moody": "dull colours"}]).leaves
    assert [leaf.whole for leaf in leaves] == [True, False, True]
    assert [leaf.name for leaf in leaves] == ["people at the beach", "black and white", "moody"]
    templates = ["a photo of {}", "{}, {}"]
    prompts = [prompts_of(leaf.text, leaf.whole, templates) for leaf in leaves]
    assert prompts[0] == ("people at the beach",)
    assert prompts[1] == ("a photo of black and white", "black and white, black and white")
    assert prompts[2] == ("dull colours",)


def test_words_with_braces_stay_as_they_are() -> None:
    assert filled(["{}", "a {} b"], "{0}{x}") == ("{0}{x}", "a {0}{x} b")
    assert filled(["{}", "{}"], ANYTHING) == (ANYTHING,)


def test_one_word_in_two_groups_is_told() -> None:
    taxonomy = read_categories({"food": ["orange", "bread"], "colours": ["orange"]})
    assert len(taxonomy.leaves) == 3
    assert "nothing tells food/orange, colours/orange apart" in taxonomy.notes[0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["moody", ""], "one of them is empty"),
        ({"nature": ["  "]}, "one of them is empty"),
        ([True, "moody"], "True is no text. Put it in quotes"),
        ([1.5], "1.5 is no text"),
        (["moody", "Unsure"], "Choose another word"),
        ([{"nature": ["beach"]}, "nature"], "'nature' is a category and a group"),
        (["a\udcff"], "no UTF-8"),
    ],
)
def test_what_can_be_no_category_is_refused(given: object, message: str) -> None:
    with pytest.raises(InputError, match=f"categories: .*{message}"):
        read_categories(given)
    with pytest.raises(InputError, match=message):  # before anything runs
        complete({"categories": given}, SCHEMA)


def test_a_number_is_a_word() -> None:
    assert read_categories([2024, "1980s"]).names == ["2024", "1980s"]


def test_templates_need_a_place_for_the_word() -> None:
    check_templates(["{}", "a {}"])
    with pytest.raises(InputError, match=r"category_prompts: 'a photo' has no \{\}"):
        complete({"category_prompts": ["{}", "a photo"]}, SCHEMA)


def test_the_command_line_takes_words_lists_and_trees() -> None:
    for typed, given in (
        ("moody,sunset,neon", "moody,sunset,neon"),
        ("[moody,sunset,neon]", WORDS),
        ("{moody: [], sunset: , neon: []}", {"moody": [], "sunset": "", "neon": []}),
    ):
        words = words_of_command(["--config", f"categories={typed}"])
        config = complete({"categories": given}, SCHEMA, words)
        assert read_categories(config["categories"]).names == WORDS
    words = words_of_command(["--config", "categories=2024"])
    assert read_categories(complete({"categories": 2024}, SCHEMA, words)["categories"]).names == ["2024"]


def test_only_models_that_know_words_compare_images_with_them() -> None:
    with pytest.raises(InputError, match="category_model: the model 'descriptor' can't compare"):
        complete({"category_model": "descriptor"}, SCHEMA)
    with pytest.raises(InputError, match="categories: there are none"):
        check_categorize(complete({"model": "clip:ViT-B-32/openai"}, SCHEMA))
    words = {"categories": WORDS}
    with pytest.raises(InputError, match=r"'descriptor' can't compare .* Set category_model"):
        check_categorize(complete({"model": "descriptor", **words}, SCHEMA))
    for config in ({"model": "clip:ViT-B-32/openai"}, {"model": "descriptor", "category_model": "clip:x/y"}):
        check_categorize(complete({**config, **words}, SCHEMA))


def test_the_second_model_takes_no_weights_of_the_first() -> None:
    given = {"model": "mobilenet_v3_small", "weights": "w.pth", "category_model": "clip:ViT-B-32/openai"}
    config = category_config(complete(given, SCHEMA))
    assert (config["model"], config["weights"]) == ("clip:ViT-B-32/openai", None)
    for same in ("auto", "clip:ViT-B-32"):
        own = complete({"model": "clip:ViT-B-32", "weights": "w.pt", "category_model": same}, SCHEMA)
        assert category_config(own) == own


def test_paths_of_siblings_differ() -> None:
    names = read_categories(["a", "B", "b/c", {"d": ["a", "b/c"]}]).names
    assert all(first != second for first, second in pairwise(sorted(names)))
