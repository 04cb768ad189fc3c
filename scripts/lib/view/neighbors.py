"""The nearest neighbours of an image, from the graph that the order was made of."""

import threading
from typing import NamedTuple

from scripts.lib.ordering.graph.neighbors import NeighborGraph, read_graph
from scripts.lib.view.artifacts import Moving, intact
from scripts.lib.view.snapshot import Snapshot


class Neighbor(NamedTuple):
    """A neighbour: the place of its first file in the order, and how far its vector is."""

    position: int
    distance: float


class Neighbors:
    """The graph of the snapshot that was asked for last; read when it is first needed."""

    def __init__(self) -> None:
        self._lock, self._generation = threading.Lock(), ""
        self._graph: NeighborGraph | None = None

    def of(self, snapshot: Snapshot, position: int, count: int) -> list[Neighbor]:
        """Return the nearest neighbours of a file, nearest first; none where there is no graph."""
        graph = self._graph_of(snapshot)
        if graph is None:
            return []
        item = int(snapshot.items[position])
        pairs = zip(graph.indices[item, :count].tolist(), graph.distances[item, :count].tolist(), strict=True)
        places = ((int(snapshot.first_positions[other]), distance) for other, distance in pairs if other >= 0)
        return [Neighbor(place, distance) for place, distance in places if place >= 0]

    def _graph_of(self, snapshot: Snapshot) -> NeighborGraph | None:
        with self._lock:
            if self._generation != snapshot.generation:
                self._graph, self._generation = None, snapshot.generation
                seen = snapshot.seen["knn"]
                try:
                    self._graph = read_graph(intact(seen)) if seen.is_present else None
                except Moving:  # a newer sort has replaced it
                    self._graph = None
            return self._graph
