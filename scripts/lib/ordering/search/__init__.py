"""The shortest path that can be found: a start, moves, kicks."""
