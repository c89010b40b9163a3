"""Did training civil servants shorten the wait for a permit? Evidence from the files an office has.

``ai.<Tab>`` shows the verbs of the main way, the outcomes and the default methods. The rest is grouped:
``ai.estimators``, ``ai.rules``, ``ai.checks``, ``ai.topics``, ``ai.figures``, ``ai.tables``. Each name is imported when
it is first used, so that ``import asn_impact`` costs next to nothing; where it lives stands once, in ``__init__.pyi``.

Examples
--------
>>> import asn_impact as ai
>>> ai.Within(5)
Within(days=5, counted_in='working days')
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any


@cache
def _stub() -> tuple[dict[str, tuple[str, str]], list[str]]:
    """Return the module and the name there of every public name, and the names that Tab shows, as the stub has them."""
    import ast

    homes: dict[str, tuple[str, str]] = {}
    shown: list[str] = []
    for node in ast.parse(Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            homes |= {alias.asname or alias.name: (node.module or "", alias.name) for alias in node.names}
        if isinstance(node, ast.Assign):
            shown = list(ast.literal_eval(node.value))
    return homes, shown


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name == "__all__":
        return _stub()[1]
    if name not in _stub()[0]:
        raise _no_name(name)
    module, attribute = _stub()[0][name]
    if module == __name__:
        return import_module(f"{module}.{attribute}")
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def _no_name(name: str) -> AttributeError:
    """Return the error for a name that is not there: where it is, what it is called here, or the nearest name."""
    if name.startswith("_"):
        return AttributeError(f"module 'asn_impact' has no attribute {name!r}")
    from asn_impact.words.habits import no_name

    groups = ("checks", "estimators", "figures", "rules", "tables")
    grouped = [f"{group}.{one}" for group in groups for one in import_module(f"{__name__}.{group}").__all__]
    return no_name(__name__, name, [*grouped, *_stub()[0]])


def __dir__() -> list[str]:
    return sorted(_stub()[1])
