"""Pictures of clusters: how many there are, and what is in them."""
