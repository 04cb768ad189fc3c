"""Words into prompts: the sentences that stand for a category.

Models of OpenCLIP have learnt captions, and know `a photo of a beach` better than `beach`. A category's
vector is the mean over several such sentences.
"""

from collections.abc import Sequence

from scripts.lib.errors import InputError

PLACE = "{}"
WHOLE_WORDS = 4  # an entry of so many words and more is a sentence already
ANYTHING = "something"  # stands for no category in particular, where one is judged by itself


def is_whole(text: str) -> bool:
    """Tell whether an entry is a whole prompt, not a word to be put into one."""
    return len(text.split()) >= WHOLE_WORDS


def check_templates(templates: Sequence[str]) -> None:
    """Raise InputError at a template without a place for the word."""
    for template in templates:
        if PLACE not in template:
            raise InputError(
                f"category_prompts: '{template}' has no {PLACE} for the category to stand at. A prompt as it "
                f"is belongs into categories: {{moody: {template}}}."
            )


def filled(templates: Sequence[str], word: str) -> tuple[str, ...]:
    """Return the prompts of a word, each once."""
    return tuple(dict.fromkeys(template.replace(PLACE, word) for template in templates))


def prompts_of(text: str, whole: bool, templates: Sequence[str]) -> tuple[str, ...]:
    """Return the prompts of a category: itself, or what its word makes of the templates."""
    return (text,) if whole else filled(templates, text)
