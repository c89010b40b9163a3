"""A study is a folder with study.toml: what it says is read and checked, then the whole flow is run from it.

`read_study` reads the file and refuses what it does not understand; `check` reads the data and says what would be used
and lost; `run` estimates, draws and writes. What is heavy is imported where it is used: `check` loads no figures.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from asn_impact.study.checked import Checked, check
from asn_impact.study.settings import Setting, Study, read_study

if TYPE_CHECKING:
    from asn_impact.study.planned import Planned, plan
    from asn_impact.study.running import Finished, run

__all__ = ["Checked", "Finished", "Planned", "Setting", "Study", "check", "plan", "read_study", "run"]

_LATER = {"Planned": "planned", "plan": "planned", "Finished": "running", "run": "running"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _LATER:
        raise AttributeError(f"module 'asn_impact.study' has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
