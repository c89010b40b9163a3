"""Checking a study loads no figures, reports or claims that it does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parents[2] / "data" / "demo" / "study.toml"
ASKS = f"""
import contextlib, io, sys
from asn_impact.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    main(["check", {str(DEMO)!r}])
print(*sorted(name for name in sys.modules if name.startswith(("asn_impact.reporting", "matplotlib", "scipy.stats"))))
"""


def test_check_loads_no_report_and_no_figure():
    done = subprocess.run([sys.executable, "-c", ASKS], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
