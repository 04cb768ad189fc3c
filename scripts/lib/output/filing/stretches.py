"""The order cut into stretches of about one size, where it breaks anyway."""

import numpy as np

from scripts.lib.output.naming.folder_names import Folder, Part
from scripts.lib.output.naming.names import index_digits

SLACK = 4  # a stretch may be longer or shorter by one part in so many


def stretch_folders(distances: np.ndarray, size: int) -> list[Folder]:
    """Return the folder of each file by its stretch: `0000 to 0104`, the first and the last of it.

    distances : (f,) float, from each file to the next; the last is of no account
    """
    ends = [*stretch_ends(distances, size), len(distances)] if len(distances) else []
    digits = index_digits(len(distances))
    folders: list[Folder] = []
    for end in ends:
        name = b"%0*d to %0*d" % (digits, len(folders), digits, end - 1)
        folders += [(Part(name),)] * (end - len(folders))
    return folders


def stretch_ends(distances: np.ndarray, size: int) -> list[int]:
    """Return where the order is cut: before each of these files.

    Each cut is at the longest link that makes a stretch of `size` files, give or take a quarter; of equal
    ones at the link that is nearest to `size`. The rest is one stretch once it is not longer than such a one.
    """
    ends: list[int] = []
    start, slack = 0, size // SLACK
    while len(distances) - start > size + slack:
        near = np.arange(start + size - slack, start + size + slack + 1)  # where the next stretch may begin
        links = distances[near - 1]
        best = near[links == links.max()]
        start = int(best[np.argmin(np.abs(best - start - size))])
        ends.append(start)
    return ends
