"""An upper confidence limit for a mean, whatever the distribution: by betting against high means.

Draws lie between 0 and 1. Whoever doubts that their mean is m bets on every draw x: the money is
multiplied by 1 + s * (m - x), where the stake s is at most 1, so that it never turns negative. If the
mean is m, the bet is fair: draws being independent, the money is expected to stay what it was. So
the chance to have multiplied it by 1 / (1 - confidence) or more is at most 1 - confidence (Markov's
inequality), and the same is true where the money is split between several stakes. The money
rises with m. The limit is where it comes to that multiple: a true mean above it would have been
bet against with a success of that rarity. (Waudby-Smith and Ramdas 2024.)
"""

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

STAKES = np.array([1.0, 0.5, 0.25, 0.125])  # the smaller, the better for draws that vary much
SHARES = np.array([0.5, 0.25, 0.125, 0.125])  # of the money, on each stake
HALVINGS = 60


def mean_limit(draws: Doubles, confidence: float) -> float:
    """Return what the mean of the distribution stays below, with this probability at least.

    draws : (m,) float64, independent, between 0 and 1
    """
    if len(draws) == 0:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        mean = (low + high) / 2
        if log_money(draws, mean) < -np.log1p(-confidence):
            low = mean
        else:
            high = mean
    return high


def log_money(draws: Doubles, mean: float) -> float:
    """Return the logarithm of what betting against a mean has made of one unit."""
    with np.errstate(divide="ignore"):  # everything may be lost
        gains = np.log1p(STAKES[:, np.newaxis] * (mean - draws)).sum(axis=1)  # (stakes,)
    return float(np.logaddexp.reduce(np.log(SHARES) + gains))
