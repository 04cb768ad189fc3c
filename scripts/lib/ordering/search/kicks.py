"""How far and how long a search goes, and which kicks it tries."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

KICKS_AT_ONCE = 1 << 12


@dataclass(frozen=True)
class SearchSettings:
    """How far and how long to search."""

    neighbors: int = 6  # length of the neighbour lists
    breadth: tuple[int, ...] = (6, 3, 1, 1)  # alternatives at each depth of a Lin-Kernighan chain
    kicks_per_node: float = 12.0
    thorough: int = 2_500  # nodes beyond which all share the kicks of so many,
    fewest_kicks_per_node: float = 0.3  # unless they get fewer than this
    kick_reach: int = 3  # nodes in each stretch of a kick, at most
    longest: int = 1 << 30  # nodes that one reversal may turn
    first: int | None = None  # the vector that the path is to begin with
    seed: int = 0
    copied_bytes: int = 2 << 30  # vectors up to this size are copied into the order of the start

    def with_effort(self, effort: float) -> "SearchSettings":
        """Return the settings for so many times the usual number of kicks."""
        return replace(
            self,
            kicks_per_node=effort * self.kicks_per_node,
            fewest_kicks_per_node=effort * self.fewest_kicks_per_node,
        )


def kick_count(n: int, settings: SearchSettings) -> int:
    """Return how many kicks a path of n nodes gets."""
    if n < 4:  # too few for three stretches
        return 0
    kicks = settings.kicks_per_node * min(n, settings.thorough)
    fewest = n * min(settings.kicks_per_node, settings.fewest_kicks_per_node)
    return int(max(kicks, fewest))


def draw_kicks(n: int, settings: SearchSettings) -> Iterator[npt.NDArray[np.int64]]:
    """Yield kicks in batches: (m, 4) int64, a place and the sizes of three stretches after it.

    They sweep over the tour, about one kick a node and sweep, so that what one kick has brought
    into the memory serves the next.
    """
    generator = np.random.default_rng(settings.seed)
    reach = min(settings.kick_reach, (n - 1) // 3)
    count = kick_count(n, settings)
    for start in range(0, count, n):
        kicks = generator.integers(1, reach + 1, (min(n, count - start), 4))
        kicks[:, 0] = np.sort(generator.integers(0, n + 1, len(kicks)))
        for batch in range(0, len(kicks), KICKS_AT_ONCE):
            yield kicks[batch : batch + KICKS_AT_ONCE]
