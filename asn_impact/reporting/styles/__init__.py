"""Matplotlib styles of the package, used by their dotted name."""
