"""The images in a tar, as if it were a folder."""

from collections.abc import Iterator

from scripts.lib.files.found import Excluder, Found, Passed, extension, found_at, identity_of, is_skipped
from scripts.lib.files.paths import readable
from scripts.lib.files.status import SKIPPED
from scripts.lib.files.tars.members import OpenTar, member_status
from scripts.lib.images.formats import kind_of_extension


def walk_tar(
    tar: bytes, seen: dict[tuple[int, int], bytes], excluded: Excluder, within: bool
) -> Iterator[Found | Passed]:
    """Yield every image or video in a tar, and whatever could not be taken.

    seen : the tars and folders that were read, by their identity
    within : False yields the tar itself instead
    """
    try:
        if (identity := identity_of(tar)) in seen:
            yield Passed(tar, tar, f"already read as {readable(seen[identity])}", "folder", SKIPPED)
            return
        seen[identity] = tar
        with OpenTar(tar) as opened:
            if not within:
                yield found_at(tar, tar, opened.found)
                return
            yield from _members(tar, opened, excluded)
    except OSError as error:
        yield Passed(tar, tar, f"the tar can't be read: {error.strerror}", "folder")


def _members(tar: bytes, opened: OpenTar, excluded: Excluder) -> Iterator[Found | Passed]:
    index = opened.index(keep=True)
    if index.damage:
        yield Passed(tar, tar, f"the tar {index.damage}", "folder")
    for name, member, lost in index:
        path = tar + b"/" + name
        if any(is_skipped(part) for part in name.split(b"/") if part != b"..") or excluded.anywhere(
            tar, path
        ):
            continue
        if lost:
            yield Passed(tar, path, lost, kind_of_extension(extension(name)))
        else:
            yield found_at(tar, path, member_status(opened.found, member))
