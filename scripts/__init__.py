"""Seriatim's stages, one thin script per rule."""
