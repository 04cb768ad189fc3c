"""What stops a scan before it changes anything: nothing to read, folders of ours, most files gone."""

import os
from collections.abc import Sequence

from scripts.lib.errors import InputError
from scripts.lib.files.found import Found, Passed
from scripts.lib.files.hashes import HashCache
from scripts.lib.files.paths import readable
from scripts.lib.files.sources import FOLDER, MISSING, check_kinds, kind_of, names_file
from scripts.lib.files.walk import Tree

NAMED = 10  # roots in a message


def check_roots(tree: Tree, allow_shrink: bool) -> None:
    """Refuse roots that are missing or can't be read, and folders that the output folder contains.

    Raises
    ------
    InputError
        naming the root and the ways out.
    """
    missing = [root for root in tree.roots if kind_of(root) == MISSING]
    if missing and (not allow_shrink or len(missing) == len(tree.roots)):
        what = "folder or file" if any(names_file(root) for root in missing) else "folder"
        raise InputError(
            f"There is no {what} {_listed(missing)}. Put your images there, or name another folder, with "
            "'--config images=FOLDER' on the command line or 'images: [FOLDER]' in config/config.yaml. If "
            "one of several folders is gone for good, --config allow_shrink=true (with make "
            "MORE=allow_shrink=true) goes on without it."
        )
    check_kinds(tree.roots)
    for root in (root for root in tree.roots if kind_of(root) == FOLDER):
        for own in tree.own:
            if contains(own, root):
                raise InputError(
                    f"The images folder {readable(root)} lies inside {readable(own)}, to which this "
                    "program writes. Choose another output, store or images folder."
                )


def own_folders_inside(tree: Tree) -> list[str]:
    """Return the folders of ours that lie inside a root and are therefore left out."""
    return [readable(own) for own in tree.own if any(contains(root, own) for root in tree.roots)]


def contains(outer: bytes, inner: bytes) -> bool:
    """Tell whether a folder is another one, or holds it, however both are named."""
    outer, inner = os.path.realpath(outer), os.path.realpath(inner)
    return outer == inner or inner.startswith(outer.rstrip(b"/") + b"/")


def check_shrinkage(tree: Tree, cache: HashCache, gone: int, allow_shrink: bool) -> None:
    """Refuse to go on when the folders no longer look like the collection that they were.

    Raises
    ------
    InputError
        when roots and files are all new to this name, or more than half of the known files are gone.
    """
    roots, known = cache.roots(), len(cache.paths())
    if allow_shrink or not known:
        return
    if not roots & set(tree.roots) and gone == known:
        raise InputError(
            f"All folders are new to this collection: it knew {_listed(sorted(roots))}, and now there "
            f"is {_listed(tree.roots)}. Give the new one a name of its own (--config name=..., with make "
            "NAME=...), or, if it replaces the old one, --config allow_shrink=true (with make "
            "MORE=allow_shrink=true)."
        )
    if 2 * gone > known:
        raise InputError(
            f"{gone:,} of {known:,} known files are gone from {_listed(tree.roots)}. Is a disk not "
            "mounted? If they are gone for good, --config allow_shrink=true (with make "
            "MORE=allow_shrink=true) goes on without them."
        )


def _listed(paths: Sequence[bytes]) -> str:
    more = f" and {len(paths) - NAMED:,} more" if len(paths) > NAMED else ""
    return ", ".join(readable(path) for path in paths[:NAMED]) + more


def check_found(tree: Tree, found: Sequence[Found], passed: Sequence[Passed]) -> None:
    """Refuse to go on where there is nothing, or none of all the files that lists name.

    Raises
    ------
    InputError
        naming the folders, or the first file and what is wrong with it.
    """
    if not found and not passed:
        raise InputError(f"No images found below {_listed(tree.roots)}. Name another folder with images=...")
    if not found and all(kind_of(root) != FOLDER for root in tree.roots):
        raise InputError(
            f"None of {len(passed):,} files of {_listed(tree.roots)} can be read; {readable(passed[0].path)} "
            f"{passed[0].reason}. Paths in a list are those of the list's folder, or of the working folder."
        )
