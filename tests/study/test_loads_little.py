"""Checking a study loads no figures, reports or claims that it does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "data" / "demo"
ASKS = """
import contextlib, io, sys
from asn_impact.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    main(["check", {file!r}])
print(*sorted(name for name in sys.modules if name.startswith(("asn_impact.reporting", "matplotlib", "scipy.stats"))))
"""


@pytest.mark.parametrize("study", ["one_claim.toml", "study.toml"])
def test_check_loads_no_report_no_figure_and_no_distribution(study):
    asks = ASKS.format(file=str(DEMO / study))
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
