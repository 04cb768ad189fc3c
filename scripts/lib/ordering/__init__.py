"""From vectors to a path: neighbour graph, spanning tree, walk, local search."""
