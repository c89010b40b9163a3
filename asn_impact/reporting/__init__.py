"""What people read: charts, tables, sentences and the report; nothing leaves with an identifier in it.

Each name is imported when it is first used: a sentence needs no chart.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asn_impact.reporting import charts, tables, words
    from asn_impact.reporting import charts as figures
    from asn_impact.reporting.chart import Chart
    from asn_impact.reporting.contents import Report
    from asn_impact.reporting.gate import release
    from asn_impact.reporting.report import publish
    from asn_impact.reporting.tables import Table

__all__ = ["Chart", "Report", "Table", "charts", "figures", "publish", "release", "tables", "words"]

_LATER = {"Chart": "chart", "Report": "contents", "Table": "tables", "publish": "report", "release": "gate"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name == "figures":
        return import_module(f"{__name__}.charts")
    if name in _LATER:
        return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module 'asn_impact.reporting' has no attribute {name!r}")
