"""Tables for publication: title above, headings of the language, and no cell that is too small to show."""

from __future__ import annotations

from typing import NoReturn

from asn_impact.reporting.matrix import matrix
from asn_impact.reporting.tables import (
    Table,
    balance,
    by_group,
    checks,
    clusters,
    descriptive,
    ledger,
    lkjip,
    maturity_table,
    results,
    specifications,
    three_rows,
)
from asn_impact.topics.clocks.shown import days_by_step_table
from asn_impact.topics.surveys.table import skm
from asn_impact.words.habits import no_name

__all__ = [
    "Table",
    "balance",
    "by_group",
    "checks",
    "clusters",
    "days_by_step_table",
    "descriptive",
    "ledger",
    "lkjip",
    "matrix",
    "maturity_table",
    "results",
    "skm",
    "specifications",
    "three_rows",
]


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> NoReturn:
    raise no_name(__name__, name, __all__)
