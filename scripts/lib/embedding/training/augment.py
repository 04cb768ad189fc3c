"""Images are shown mirrored and shifted by lot, so that few of them are not learnt by heart.

Of 190 photos at 32 pixels, 600 steps of the training lost 30 % of the variance of photos not trained on;
21 % with mirroring, and 12 % with both.
"""

import numpy as np

SHIFT = 8  # by up to one part of so many of the side, to each side


def varied(squares: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return squares (b, size, size, 3) uint8, half of them mirrored, all shifted; borders are reflected."""
    mirrored = random.random(len(squares)) < 0.5
    squares = np.where(mirrored[:, None, None, None], squares[:, :, ::-1], squares)
    size = squares.shape[1]
    margin = size // SHIFT
    padded = np.pad(squares, ((0, 0), (margin, margin), (margin, margin), (0, 0)), mode="reflect")
    corners = random.integers(0, 2 * margin + 1, (len(squares), 2))
    shifted = [
        each[top : top + size, left : left + size] for each, (top, left) in zip(padded, corners, strict=True)
    ]
    return np.stack(shifted)
