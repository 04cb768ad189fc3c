# The embedding as a map, in two and in three dimensions.
