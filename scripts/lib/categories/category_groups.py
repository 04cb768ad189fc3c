"""Each category with its images: what a table and a picture of them show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from scripts.lib.categories.prompts import prompts_of
from scripts.lib.categories.taxonomy import UNSURE, Node, Taxonomy
from scripts.lib.files.first_files import FirstFiles

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class CategoryGroup:
    """A category, a group of them, or the images that are unsure.

    prompts : of a category
    members : (n,) bool, the items in it
    chances : (n,) float32, how probable it is for each item; NaN where that is not known
    """

    name: str
    prompts: tuple[str, ...]
    members: Mask
    chances: Floats

    @property
    def mean(self) -> float | None:
        """Return the mean probability over all items; None where there is none."""
        known = self.chances[~np.isnan(self.chances)]
        return float(known.mean()) if len(known) else None

    def best(self, count: int) -> npt.NDArray[np.int64]:
        """Return the items that are in it most probably, at most so many: (m,) int64."""
        rows = np.flatnonzero(self.members)
        return rows[np.argsort(-self.chances[rows], kind="stable")][:count]


@dataclass(frozen=True)
class Categorized:
    """What `categories.parquet` holds, as arrays over n items and c categories."""

    category: pa.Array
    probability: Floats
    chances: Floats
    several: bool

    @classmethod
    def of(cls, table: pa.Table, categories: int, several: bool) -> "Categorized":
        """Read the table."""
        flat = pc.list_flatten(table["probabilities"].combine_chunks())
        chances = flat.to_numpy(zero_copy_only=False).astype(np.float32).reshape(-1, categories)
        probability = pc.fill_null(table["probability"], float("nan")).to_numpy().astype(np.float32)
        return cls(table["category"].combine_chunks(), probability, chances, several)


def category_groups(
    found: Categorized, taxonomy: Taxonomy, templates: Sequence[str], fitting: pa.Array
) -> Iterator[CategoryGroup]:
    """Yield every category and group, groups before what is in them, and then what is unsure.

    fitting : the column `categories`, list<string>
    """
    for node in taxonomy.tree.below():
        members = _having(fitting, node) if found.several else _below(found.category, node.name)
        # Of categories that are judged each by itself a group has the best.
        chances = (
            found.chances[:, node.leaves].max(axis=1, initial=-1) if found.several else _sum(found, node)
        )
        yield CategoryGroup(node.name, _prompts(node, taxonomy, templates), members, chances)
    for name in sorted(set(found.category.to_pylist())):
        if name.split("/")[-1] == UNSURE:
            members = pc.equal(found.category, name).to_numpy(zero_copy_only=False)
            yield CategoryGroup(name, (), members, np.where(members, found.probability, np.float32(np.nan)))


def _sum(found: Categorized, node: Node) -> Floats:
    total: Floats = found.chances[:, node.leaves].sum(axis=1)
    return total


def _below(category: pa.Array, name: str) -> Mask:
    inside = pc.or_(pc.equal(category, name), pc.starts_with(category, f"{name}/"))
    mask: Mask = inside.to_numpy(zero_copy_only=False)
    return mask


def _having(fitting: pa.Array, node: Node) -> Mask:
    flat, parents = pc.list_flatten(fitting), pc.list_parent_indices(fitting).to_numpy()
    mask = np.zeros(len(fitting), bool)
    if len(flat):
        mask[parents[_below(flat, node.name)]] = True
    return mask


def _prompts(node: Node, taxonomy: Taxonomy, templates: Sequence[str]) -> tuple[str, ...]:
    if node.children:
        return ()
    leaf = taxonomy.leaves[node.leaves[0]]
    return prompts_of(leaf.text, leaf.whole, templates)


def category_table(groups: Sequence[CategoryGroup], files: FirstFiles) -> pa.Table:
    """Return the table `categories.csv`: one row a category."""
    best = [group.best(1) for group in groups]
    return pa.table(
        {
            "category": pa.array([group.name for group in groups], pa.string()),
            "prompts": pa.array([" | ".join(group.prompts) or None for group in groups], pa.string()),
            "items": pa.array([int(group.members.sum()) for group in groups], pa.int64()),
            "files": pa.array([int(files.counts[group.members].sum()) for group in groups], pa.int64()),
            "mean_probability": pa.array([group.mean for group in groups], pa.float32()),
            "example": pa.array([files.path(int(e[0])) if len(e) else None for e in best], pa.string()),
        }
    )
