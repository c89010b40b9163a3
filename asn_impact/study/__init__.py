"""A study is a folder with study.toml: what it says is read and checked, then the whole flow is run from it.

`read_study` reads the file and refuses what it does not understand; `check` reads the data and says what would be used
and lost; `run` estimates, draws and writes. What is heavy is imported where it is used.
"""

from asn_impact.study.checked import Checked, check
from asn_impact.study.planned import Planned, plan
from asn_impact.study.running import Finished, run
from asn_impact.study.settings import Setting, Study, read_study

__all__ = ["Checked", "Finished", "Planned", "Setting", "Study", "check", "plan", "read_study", "run"]
