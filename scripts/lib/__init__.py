"""The library behind the stages: typed, and free of any knowledge of what calls it."""
