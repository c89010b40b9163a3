"""The rules that leave one cluster out, with thousands of clusters: CPU seconds and memory of every estimator.

    python benchmarks/many_clusters.py [--units 7785] [--periods 72] [--waves 48] [--holes 0] [--only TwoWay ...]

Every line is a fresh process: the same design (made from one seed), the estimator's overall effect or event study and
one rule on it. CPU seconds are those of estimate and rule; memory is the high-water mark of the process (VmHWM),
imports and data in place. `--holes` is the share of office-months without a case.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from asn_impact.designs import Design
    from asn_impact.estimation import Effects

SEED = 2026
NAMES = ("GLSImputation", "Imputation", "TwoStage", "GroupTime", "Saturated", "InteractionWeighted", "TwoWay")
VIEWS = ("overall", "event_study")
THREADS = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}


def made(units: int, periods: int, waves: int, holes: float) -> Design:
    """Return a design whose waves start evenly over the middle of the window; a fiftieth or more is never treated."""
    import asn_impact as ai

    rng = np.random.default_rng(SEED)
    starts = np.linspace(periods // 6, periods - periods // 6, waves).astype(np.int64)
    start = rng.choice([0, *np.unique(starts)], units)
    y = rng.normal(size=(units, 1)) + rng.normal(size=periods) + rng.normal(size=(units, periods))
    frame = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), periods),
            "period": np.tile(np.arange(1, periods + 1), units),
            "start": np.repeat(start, periods),
            "y": y.ravel(),
        }
    )
    frame = frame[rng.random(len(frame)) >= holes]
    panel = ai.read_panel(frame, unit="unit", period="period", outcome="y", attributes=())
    rollout = pd.DataFrame({"unit": np.arange(units), "start": np.where(start, start, np.nan)})
    return ai.assign(panel, ai.read_rollout(rollout, unit="unit", adopted="start"), cluster="unit")


def view_of(effects: Effects, view: str) -> Effects:
    """Return the overall effect or the event study."""
    return effects.event_study() if view == "event_study" else effects.overall()


def run(name: str, view: str, rule: str, design: Callable[[], Design]) -> dict[str, Any]:
    """Return the answer, CPU seconds and memory of one estimator with one rule."""
    import asn_impact as ai

    warnings.simplefilter("ignore")
    made_design = design()
    begin = time.process_time()
    inference = ai.infer(view_of(getattr(ai, name)()(made_design), view), getattr(ai, rule)())
    seconds = time.process_time() - begin
    middle = int(np.argmin(np.abs(inference.effects.terms["event_time"]))) if view == "event_study" else 0
    return {
        "seconds": seconds,
        "memory": peak(),
        "estimate": float(inference.estimate[middle]),
        "std_error": float(inference.std_error[middle]),
        "df": float(inference.df[middle]),
    }


def peak() -> float:
    """Return the high-water mark of this process in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(float(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def main() -> None:
    """Print one row an estimator, view and rule."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=7785)
    parser.add_argument("--periods", type=int, default=72)
    parser.add_argument("--waves", type=int, default=48)
    parser.add_argument("--holes", type=float, default=0.0)
    parser.add_argument("--only", nargs="*", default=NAMES)
    parser.add_argument("--views", nargs="*", default=VIEWS)
    parser.add_argument("--rules", nargs="*", default=("BiasReduced", "Jackknife"))
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    size = (given.units, given.periods, given.waves, given.holes)
    if given.one:
        print(json.dumps(run(*given.one, lambda: made(*size))))
        return
    print(f"{given.units} units x {given.periods} periods, {given.waves} waves, {given.holes:.0%} of cells empty\n")
    print("| estimator | view | rule | CPU s | MB | estimate | s.e. | df |\n|---|---|---|---:|---:|---:|---:|---:|")
    for name in given.only:
        for view in given.views:
            for rule in given.rules:
                _print(name, view, rule, size)


def _print(name: str, view: str, rule: str, size: tuple[int, int, int, float]) -> None:
    options = [f"--{key}={value}" for key, value in zip(("units", "periods", "waves", "holes"), size, strict=True)]
    command = [sys.executable, __file__, *options, "--one", name, view, rule]
    found = subprocess.run(command, env=os.environ | THREADS, capture_output=True, text=True, check=False)
    head = f"| {name} | {view} | {rule} |"
    if found.returncode:
        print(f"{head} {found.stderr.strip().splitlines()[-1]} |", flush=True)
        return
    r = json.loads(found.stdout.splitlines()[-1])
    numbers = f"{r['estimate']:.5f} | {r['std_error']:.5f} | {r['df']:.1f}"
    print(f"{head} {r['seconds']:.1f} | {r['memory']:.0f} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
