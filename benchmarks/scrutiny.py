"""Every check of a finding with many offices: CPU seconds and memory, in low rank and over all cells.

    python benchmarks/scrutiny.py [--units 300] [--periods 60] [--cells]

Each line is a fresh process on the same panel (half of the offices trained in four waves, noise that lasts). ``cells``
is how sums of an event study were worked out before: from the weights on all cells without each cluster.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 2026
THREADS = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}


def frame(units: int, periods: int) -> pd.DataFrame:
    """Return a panel of offices and months as a frame, with the start of each office."""
    rng = np.random.default_rng(SEED)
    months = [str(month) for month in pd.period_range("2020-01", periods=periods, freq="M")]
    wave = periods // 10
    rows = []
    for unit in range(units):
        begun = months[4 * wave + wave * (unit % 4)] if unit % 2 == 0 else None
        level, noise = 10 + rng.normal(), 0.0
        for month in months:
            noise = 0.5 * noise + rng.normal()
            rows.append((f"O{unit:04d}", month, level + noise - (begun is not None and month >= begun), begun))
    return pd.DataFrame(rows, columns=["office", "month", "days", "begun"])


def measure(units: int, periods: int, way: str) -> None:
    """Scrutinise once and print the figures of this process."""
    import asn_impact as ai
    from asn_impact.scrutiny.event_path import Combined

    if way == "cells":
        Combined.deletions = lambda *_: None  # type: ignore[method-assign]
    data = frame(units, periods)
    panel = ai.read_panel(data, unit="office", period="month", outcome="days")
    design = ai.assign(panel, ai.read_rollout(data, unit="office", adopted="begun"), cluster="office")
    begun = time.process_time()
    scrutiny = ai.scrutinise(ai.GLSImputation()(design), rule=ai.BiasReduced(), seed=1)
    took = time.process_time() - begun
    status = Path("/proc/self/status")
    peak = [int(line.split()[1]) // 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    print(f"{units} x {periods}, {way}: {took:.1f} s, {peak[0]:,} MB, grade {scrutiny.grade.letter}", flush=True)


def main() -> None:
    """Measure each way in a process of its own."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--units", type=int, default=300)
    asked.add_argument("--periods", type=int, default=60)
    asked.add_argument("--cells", action="store_true", help="also over all cells: minutes, and gigabytes")
    asked.add_argument("--way", default="", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.way:
        measure(given.units, given.periods, given.way)
        return
    for way in ("low rank", *(["cells"] if given.cells else [])):
        words = [sys.executable, __file__, "--units", str(given.units), "--periods", str(given.periods), "--way", way]
        subprocess.run(words, check=True, env=os.environ | THREADS)


if __name__ == "__main__":
    main()
