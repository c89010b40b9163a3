"""Checking a study loads no figures, reports or claims that it does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parents[2] / "data" / "demo"
ASKS = """
import contextlib, io, sys
from asn_impact.cli import main
for file in sys.argv[1:]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        main(["check", file])
    print(*sorted(name for name in sys.modules if name.startswith(("asn_impact.reporting", "matplotlib", "scipy.s"))))
"""


def test_check_loads_no_report_no_figure_and_nothing_of_scipy():
    asks = [sys.executable, "-c", ASKS, DEMO / "one_claim.toml", DEMO / "study.toml"]
    done = subprocess.run(asks, capture_output=True, text=True, check=True)
    assert done.stdout == "\n\n"


def test_the_process_for_untrusted_files_loads_the_formats_alone():
    asks = "import sys, asn_impact.intake.formats; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert not {"numpy", "pandas", "pyarrow", "narwhals", "scipy"} & set(done.stdout.split())
