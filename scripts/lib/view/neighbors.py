"""The nearest neighbours of an image, from the graph that the order was made of."""

from typing import NamedTuple

from scripts.lib.ordering.graph.neighbors import NeighborGraph, read_graph
from scripts.lib.view.last_read import LastRead
from scripts.lib.view.snapshot import Snapshot


class Neighbor(NamedTuple):
    """A neighbour: the place of its first file in the order, and how far its vector is."""

    position: int
    distance: float


class Neighbors:
    """Neighbours by snapshot and place; any number of threads may ask for them."""

    def __init__(self) -> None:
        self._graph = LastRead[NeighborGraph]("knn", read_graph)

    def of(self, snapshot: Snapshot, position: int, count: int) -> list[Neighbor]:
        """Return the nearest neighbours of a file, nearest first; none without a graph of this order."""
        graph = self._graph.of(snapshot) if snapshot.seen["knn"].is_present else None
        if graph is None:
            return []
        item = int(snapshot.items[position])
        pairs = zip(graph.indices[item, :count].tolist(), graph.distances[item, :count].tolist(), strict=True)
        places = ((int(snapshot.first_positions[other]), distance) for other, distance in pairs if other >= 0)
        return [Neighbor(place, distance) for place, distance in places if place >= 0]
