"""Search in a sorted collection: by an image file, by words, by both, and by an image of the collection."""
