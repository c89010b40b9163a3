"""What is not needed to say whether training shortened a wait.

Each folder imports the core; nothing in the core imports one of them.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from asn_impact.words.habits import no_name

__all__ = ["clocks", "learning", "planning", "promises", "recovery", "regencies", "surveys"]


def __getattr__(name: str) -> ModuleType:
    if name not in __all__:
        raise no_name(__name__, name, __all__)
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted(__all__)
