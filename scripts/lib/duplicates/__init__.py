"""Files that show the same picture: which they are, which is the best of each, what the user decided."""
