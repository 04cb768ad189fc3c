"""Tars read in place: their headers, an index of their images, and members as files."""
