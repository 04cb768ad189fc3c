"""A small picture of each content: made once, packed into parts, and read by its id."""
