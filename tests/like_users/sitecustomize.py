"""Read by every Python that tests start: hides what only tests need.

Snakemake and pyarrow import pandas where they find it, a third of a second for each job; nothing that users
install brings it along.
"""

import sys
from importlib.machinery import PathFinder


class UsersPathFinder(PathFinder):
    """Finds modules where users have them."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "pandas" else super().find_spec(name, path, target)


sys.meta_path[:] = [UsersPathFinder if finder is PathFinder else finder for finder in sys.meta_path]
