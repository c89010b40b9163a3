"""Headings -> fields; text -> dates, numbers, labels, persons: one parser for each, used by all readers."""
