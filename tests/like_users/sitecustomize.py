"""Read by every Python that tests start: hides what only tests need.

Snakemake and pyarrow import pandas where they find it, a third of a second for each job; nothing that users
install brings it along, but for the plugin of Slurm. Snakemake imports each plugin that it finds, so that
one is hidden, too: tests of clusters take this folder from the path.
"""

import pkgutil
import sys
from importlib.machinery import PathFinder

HIDDEN = ("pandas", "snakemake_executor_plugin_slurm")


class UsersPathFinder(PathFinder):
    """Finds modules where users have them."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name in HIDDEN else super().find_spec(name, path, target)


def iter_users_modules(path=None, prefix="", every=pkgutil.iter_modules):
    """List modules that users have."""
    return (module for module in every(path, prefix) if module.name not in HIDDEN)


sys.meta_path[:] = [UsersPathFinder if finder is PathFinder else finder for finder in sys.meta_path]
pkgutil.iter_modules = iter_users_modules
