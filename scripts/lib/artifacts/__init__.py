"""Files of our own: written atomically, recorded, checked when read."""
