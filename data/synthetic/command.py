"""`python data/synthetic data/demo --seed 2026` writes the demonstration data."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from synthetic.records import simulate
from synthetic.regency import Regency, World
from synthetic.write import write


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a regency from the command line and say what was written."""
    parser = argparse.ArgumentParser(prog="python data/synthetic", description="Write a synthetic regency.")
    parser.add_argument("folder", type=Path, help="where to write, for example data/demo")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--world", choices=get_args(World), default="effect")
    options = parser.parse_args(arguments)
    records = simulate(Regency(seed=options.seed, world=options.world))
    for path in write(records, options.folder):
        print(f"{path}  {path.stat().st_size:,} bytes")
    outcome = records.truth["outcomes"]["RestrictedMean(30)"]
    print(f"True effect on RestrictedMean(30): {outcome['att_office_months']:.2f} working days per office-month")
    return 0
