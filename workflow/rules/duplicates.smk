# The embedding and the pixels into groups of duplicates, and what is to be kept of each.
