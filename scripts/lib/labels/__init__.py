"""Hierarchical labels: names whose beginnings are groups, and whose order is an order of the images."""
