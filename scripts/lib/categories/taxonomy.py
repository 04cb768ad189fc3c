"""The categories that a user names: a list or a tree of words and prompts, as leaves of one tree.

    moody, sunset, neon                              on a command line
    [moody, sunset, neon]                            a list
    {nature: [beach, forest], city: []}              a tree: groups, and categories without any below
    {moody: a dark picture in dull colours}          a category with its own whole prompt

A category is named by its path, `nature/beach`. A slash that the user wrote in a name becomes a division
slash there, so that it makes no level, and no folder.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.lib.categories.prompts import is_whole
from scripts.lib.errors import InputError

UNSURE = "unsure"
SLASH = "\N{DIVISION SLASH}"


@dataclass(frozen=True)
class Leaf:
    """A category that images are compared with.

    path : the names of its groups, and its own
    text : the word or the prompt as it was written
    whole : whether that is a prompt, not a word to be put into one
    """

    path: tuple[str, ...]
    text: str
    whole: bool

    @property
    def name(self) -> str:
        """Return the path as text."""
        return "/".join(self.path)


@dataclass(frozen=True)
class Node:
    """A group of categories, or one of them.

    leaves : rows among all leaves that are below it, or itself
    children : none if it is a category
    """

    path: tuple[str, ...]
    leaves: tuple[int, ...]
    children: tuple["Node", ...]

    @property
    def name(self) -> str:
        """Return the path as text; that of the whole tree is empty."""
        return "/".join(self.path)

    def below(self) -> Iterator["Node"]:
        """Yield every node below this one, groups before what is in them."""
        for child in self.children:
            yield child
            yield from child.below()


@dataclass(frozen=True)
class Taxonomy:
    """All categories, and what the user should hear about them."""

    leaves: tuple[Leaf, ...]
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Return the names of the categories."""
        return [leaf.name for leaf in self.leaves]

    @property
    def tree(self) -> Node:
        """Return the whole tree."""
        return self._node((), tuple(range(len(self.leaves))))

    def _node(self, path: tuple[str, ...], rows: tuple[int, ...]) -> Node:
        depth = len(path)
        groups: dict[str, list[int]] = {}
        for row in rows:
            if len(self.leaves[row].path) > depth:
                groups.setdefault(self.leaves[row].path[depth], []).append(row)
        children = (self._node((*path, name), tuple(below)) for name, below in groups.items())
        return Node(path, rows, tuple(children))


def read_categories(given: Any) -> Taxonomy:
    """Return the categories of the config key `categories`; of none it has no leaves.

    Raises
    ------
    InputError
        naming what can't be a category.
    """
    entries = given.split(",") if isinstance(given, str) else given
    if isinstance(given, str):  # typed: a comma at the end is no category
        entries = [entry for entry in entries if entry.strip()]
    leaves, notes = _distinct(list(_leaves(entries, ())))
    _refuse_groups_that_are_categories(leaves)
    return Taxonomy(tuple(leaves), tuple([*notes, *_ambiguous(leaves)]))


def _leaves(given: Any, path: tuple[str, ...]) -> Iterator[Leaf]:
    """Yield the categories of one entry below a group, repeated ones repeatedly."""
    if isinstance(given, Mapping):
        for name, below in given.items():
            yield from _named(_text(name), below, path)
    elif isinstance(given, list | tuple):
        for entry in given:
            yield from _leaves(entry, path)
    else:
        text = _text(given)
        yield Leaf((*path, _name(text)), text, is_whole(text))


def _named(text: str, below: Any, path: tuple[str, ...]) -> Iterator[Leaf]:
    own = (*path, _name(text))
    if below is None or below in ("", [], {}):
        yield Leaf(own, text, is_whole(text))
    elif isinstance(below, str):
        yield Leaf(own, _text(below), whole=True)
    else:
        yield from _leaves(below, own)


def _text(given: Any) -> str:
    """Return an entry as text, its spaces single, its characters composed."""
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise InputError(
            f"categories: {given!r} is no text. Put it in quotes; YAML takes some words, yes and no among "
            "them, for something else."
        )
    text = unicodedata.normalize("NFC", " ".join(str(given).split()))
    if not text:
        raise InputError("categories: one of them is empty. Remove it, or give it a word.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"categories: {text!r} is no UTF-8 text. Write it as such.") from error
    return text


def _name(text: str) -> str:
    if text.casefold() == UNSURE:
        raise InputError(
            f"categories: '{UNSURE}' is the name of those that fit no category. Choose another word."
        )
    return text.replace("/", SLASH)


def _distinct(leaves: list[Leaf]) -> tuple[list[Leaf], list[str]]:
    """Return each category once, in the order in which they first come, and what was left out."""
    kept: dict[str, Leaf] = {}
    for leaf in leaves:
        kept.setdefault(_key(leaf.path), leaf)
    repeated = sorted({leaf.name for leaf in leaves if kept[_key(leaf.path)] is not leaf})
    notes = [f"categories that are named more than once count once: {', '.join(repeated)}"]
    return list(kept.values()), notes if repeated else []


def _key(path: tuple[str, ...]) -> str:
    """Return what two categories share that are one: models do not tell capitals from small letters."""
    return "/".join(path).casefold()


def _refuse_groups_that_are_categories(leaves: list[Leaf]) -> None:
    groups = {_key(leaf.path[:depth]) for leaf in leaves for depth in range(1, len(leaf.path))}
    for leaf in leaves:
        if _key(leaf.path) in groups:
            raise InputError(
                f"categories: '{leaf.name}' is a category and a group of others. Give one another name."
            )


def _ambiguous(leaves: list[Leaf]) -> list[str]:
    """Say which categories no image can be sure of, because others have the same words."""
    texts: dict[tuple[str, bool], list[str]] = {}
    for leaf in leaves:
        texts.setdefault((leaf.text.casefold(), leaf.whole), []).append(leaf.name)
    return [
        f"nothing tells {', '.join(names)} apart: their words are the same; give each a prompt of its own"
        for names in texts.values()
        if len(names) > 1
    ]
