"""What holds a collection together: the spanning tree of the neighbour graph, and the walk along it."""
