"""Pictures of clusters: how many there are, and what is in them."""

import scripts.lib.pictures.quality  # noqa: F401  (keeps matplotlib's notes from the terminal)
