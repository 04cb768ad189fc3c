"""The kinds of land: how high each is, and what grows on it in which season.

Seasons run from 0, spring, over summer and autumn to 1, winter.
"""

import numpy as np

from scripts.lib.pictures.painting.colour import by_season, mix, rgb
from scripts.lib.pictures.painting.noise import Array, sample, smoothstep, texture
from scripts.lib.pictures.painting.terrain import Country, Spot


def _grain(spot: Spot, scale: float) -> Array:
    """Fine unevenness, (n,), fading with distance, where it would only be noise."""
    tile = texture(5, 0.9)
    return sample(tile, spot.right * scale, spot.away * scale) / (1 + spot.away * np.float32(0.02))


def _mountain_height(right: Array, away: Array, seed: int) -> Array:
    u, v = right / 620 + seed * 0.313, away / 620 + seed * 0.171
    tile = texture(3, 2.15)
    ridges = 1.25 - np.abs(sample(tile, u, v)) * 1.25
    detail = sample(tile, u * 8, v * 8) * 0.09
    rise = smoothstep(25, 210, away)
    return (ridges + detail) * rise * 34 + sample(tile, u * 6, v * 6) * 1.1 - 0.9


def _mountain_colour(spot: Spot, season: float) -> Array:
    rough = _grain(spot, 0.03)
    green = by_season(season, rgb(92, 120, 62), rgb(70, 96, 50), rgb(150, 110, 52), rgb(150, 150, 150))
    rock = rgb(112, 104, 98)
    ground = mix(green, rock, smoothstep(0.55, 1.0, spot.slope + spot.height * 0.012))
    snow_line = 26 - 26 * abs(season - 0.35) ** 1.2
    white = smoothstep(snow_line - 3, snow_line + 3, spot.height + rough * 4 - spot.slope * 7)
    return mix(ground * (1 + 0.25 * rough[:, None]), rgb(240, 243, 250), white)


def _desert_height(right: Array, away: Array, seed: int) -> Array:
    u, v = right / 150 + seed * 0.271, away / 150 + seed * 0.219
    swell = sample(texture(3, 2.8), u * 0.5, v * 0.5)
    phase = right * 0.15 + away * 0.05 + swell * 3.0
    # A dune climbs gently and falls steeply: the sine is bent to one side.
    dune = np.sin(phase + 0.55 * np.sin(phase)) + 1
    size = 0.5 + smoothstep(3, 90, away) * 4.5
    dunes: Array = dune * size * (0.65 + 0.35 * np.sin(swell * 2)) + 0.3
    return dunes


def _desert_colour(spot: Spot, season: float) -> Array:
    ripple = np.sin(spot.right * 5 + spot.away * 9 + _grain(spot, 0.02) * 3)
    ripple /= 1 + spot.away * np.float32(0.12)
    sand = mix(rgb(226, 178, 122), rgb(206, 130, 84), season)
    rippled: Array = sand * (1 + 0.13 * ripple + 0.06 * _grain(spot, 0.08))[:, None]
    return rippled


def _field_height(right: Array, away: Array, seed: int) -> Array:
    u, v = right / 240 + seed * 0.417, away / 240 + seed * 0.131
    tile = texture(3, 2.0)
    hills = sample(tile, u, v) * smoothstep(10, 120, away) * 7
    return hills + _copses(right, away, seed) * 2.6 + 1.6 + away * 0.012


def _copses(right: Array, away: Array, seed: int) -> Array:
    u, v = right / 48 + seed * 0.417, away / 48 + seed * 0.131
    groups = smoothstep(1.2, 2.2, sample(texture(6, 1.3), u, v)) * smoothstep(25, 60, away)
    return groups * (0.8 + 0.3 * sample(texture(5, 0.9), u * 3, v * 3))


def _field_colour(spot: Spot, season: float) -> Array:
    tile = texture(3, 2.0)
    crop = by_season(season, rgb(126, 164, 66), rgb(212, 184, 84), rgb(168, 132, 76), rgb(232, 236, 244))
    grass = by_season(season, rgb(92, 140, 58), rgb(98, 130, 54), rgb(140, 128, 60), rgb(206, 214, 226))
    plots = np.sin(spot.right * 0.09 + spot.away * 0.03) * np.sin(spot.away * 0.11)
    plots += 0.3 * sample(tile, spot.right * 0.01, spot.away * 0.01)
    base = mix(crop, grass, smoothstep(-0.08, 0.08, plots))
    rows = np.sin(spot.right * 5.5 + spot.away * 0.4) / (1 + spot.away * np.float32(0.08))
    base = base * (1 + 0.16 * rows[:, None] + 0.22 * _grain(spot, 0.06)[:, None])
    flowers = smoothstep(1.5, 1.9, _grain(spot, 0.14) + 0.5 * plots) * np.float32(
        max(0.0, 0.9 - 2.2 * abs(season - 0.12))
    )
    base = mix(base, rgb(222, 70, 58), flowers)
    leaves = by_season(season, rgb(70, 104, 50), rgb(52, 84, 44), rgb(168, 98, 44), rgb(116, 118, 122))
    wooded = smoothstep(0.02, 0.25, _copses(spot.right, spot.away, spot.seed))
    return mix(base, leaves * np.float32(0.7), wooded)


def _coast_height(right: Array, away: Array, seed: int) -> Array:
    u, v = right / 190 + seed * 0.231, away / 190 + seed * 0.353
    tile = texture(3, 2.0)
    side = 1.0 if seed % 2 else -1.0
    shore = side * right + sample(tile, u, v) * (3 + away * 0.10) - 3.5 - away * 0.06
    beach = np.where(shore < 0, shore * 0.22, shore * 0.07)
    cliff = smoothstep(4, 9, shore + sample(tile, u * 5, v * 5) * 2) * 9
    top = smoothstep(10, 60, away)
    return beach + cliff * (0.25 + 0.75 * top) * (1 + 0.18 * sample(tile, u * 3, v * 3))


def _coast_colour(spot: Spot, season: float) -> Array:
    rough = _grain(spot, 0.05)
    sand, wet = rgb(226, 204, 160), rgb(150, 126, 96)
    beach = mix(wet, sand, smoothstep(0.02, 0.25, spot.height))
    grass = by_season(season, rgb(112, 142, 70), rgb(120, 128, 66), rgb(150, 124, 66), rgb(176, 180, 172))
    land = mix(beach, grass, smoothstep(0.5, 1.2, spot.height + rough * 0.3))
    rock = rgb(136, 118, 100) * (1 + 0.3 * np.sin(spot.height * 4 + rough)[:, None])
    return mix(land * (1 + 0.15 * rough[:, None]), rock, smoothstep(0.7, 1.3, spot.slope))


def _sea_height(right: Array, away: Array, seed: int) -> Array:
    u, v = right / 300 + seed * 0.377, away / 300 + seed * 0.119
    tile = texture(3, 2.0)
    islands = (sample(tile, u, v) - 0.9) * smoothstep(80, 170, away) * 18
    return np.maximum(islands, -3) + sample(tile, u * 7, v * 7) * 0.4 - 2.6


def _sea_colour(spot: Spot, season: float) -> Array:
    green = by_season(season, rgb(86, 108, 66), rgb(88, 104, 60), rgb(112, 100, 66), rgb(120, 118, 116))
    return mix(rgb(120, 108, 96), green, smoothstep(0.9, 0.4, spot.slope))


COUNTRIES = {
    "coast": Country(_coast_height, _coast_colour, eye=2.6, deep=(0.03, 0.13, 0.17), surf=1.0),
    "desert": Country(_desert_height, _desert_colour, eye=6.5, deep=(0, 0, 0), surf=0.0),
    "field": Country(_field_height, _field_colour, eye=4.0, deep=(0.04, 0.08, 0.08), surf=0.0),
    "mountain": Country(_mountain_height, _mountain_colour, eye=2.6, deep=(0.03, 0.08, 0.10), surf=0.1),
    "sea": Country(_sea_height, _sea_colour, eye=2.2, deep=(0.02, 0.09, 0.14), surf=0.6),
}
