"""Procedural landscapes: noise, sky, land, trees and towers, and the scene that joins them."""
