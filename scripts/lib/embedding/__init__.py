"""From the bytes of an image to its vector in the store."""
