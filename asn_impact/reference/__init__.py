"""Sourced tables that travel with the package: holidays, column synonyms, status words."""

import csv
from importlib import resources


def read_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table, each as heading -> text."""
    text = (resources.files(__name__) / name).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def read_headings(name: str) -> dict[str, tuple[str, ...]]:
    """Return name of a column -> the headings it can have, the first ones first."""
    known: dict[str, tuple[str, ...]] = {}
    for row in read_rows(name):
        known[row["kanonik"]] = (*known.get(row["kanonik"], ()), row["sinonim"])
    return known
