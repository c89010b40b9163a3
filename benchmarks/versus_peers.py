"""The same work with this package and with each installed peer, as ratios in one run.

    python benchmarks/versus_peers.py [--rows 1000000] [--units 50000] [--runs 5] [--only records ...] [--slow]
    python benchmarks/versus_peers.py --slow --write docs/benchmarks.md    # replaces the table between its two marks

Contestants take turns: one run of each, then the next round, so that a busy neighbour disturbs all alike. Every run is
a fresh process. It loads the data (made once, from one seed), does the same work once on a small part of them, so that
compilation and first imports do not count, and then does the work: CPU seconds are user + system of that, the least
and the median of the runs. Memory is the largest resident size the kernel counted for the process itself (VmHWM, which
unlike ru_maxrss forgets the parent); "added" is how far the work raised it above what it was before, data and imports
in place. Answers are printed too: estimate and standard error (or p-value) must agree, for speed with another answer
is none. A peer that is not installed is named and skipped; one that takes longer than `--patience` seconds leaves.

The peers are no dependency of the package: install ``pyfixest diff-diff statspai csdid wildboottest`` into an
environment of their own, next to this package.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pages import write_between

if TYPE_CHECKING:
    from asn_impact.designs.design import Design
    from asn_impact.estimation.effects import Estimator
    from asn_impact.estimation.inference import Inference, Rule
    from asn_impact.intake.readers.training import Rollout
    from asn_impact.measures.panel import Panel

SEED, MONTHS, PERIODS, WAVES = 2026, 24, 12, (4, 6, 8, 10)
SMALL = 4000  # rows or units of the work that does not count
DRAWS = 99_999
# one thread each: a linear algebra thread that waits for another one counts as CPU time
THREADS = ("OMP", "OPENBLAS", "MKL", "NUMBA", "RAYON", "POLARS_MAX")
ENVIRONMENT = os.environ | {f"{name}{'' if name == 'POLARS_MAX' else '_NUM'}_THREADS": "1" for name in THREADS}
Answer = dict[str, float]
Job = Callable[[pd.DataFrame], Callable[[], Answer]]


# --- the data ---------------------------------------------------------------------------------------------------


def made_records(rows: int, offices: int) -> dict[str, npt.NDArray[Any]]:
    """Return one row a record: office, month, whether its office was trained by then, and the outcome."""
    rng = np.random.default_rng(SEED)
    start = np.concatenate([rng.permutation(np.repeat(WAVES, -(-offices // 8))), np.full(offices, 0)])[:offices]
    start = rng.permutation(start)
    shock = rng.normal(size=(offices, 1)) + rng.normal(size=(offices, MONTHS)) * 0.3
    office, month = rng.integers(0, offices, rows, dtype=np.int64), rng.integers(1, MONTHS + 1, rows, dtype=np.int64)
    treated = ((start[office] > 0) & (month >= start[office])).astype(np.float64)
    outcome = shock[office, month - 1] + 0.05 * month - 0.2 * treated + rng.normal(size=rows)
    return {"office": office, "month": month, "start": start[office], "treated": treated, "y": outcome}


def made_panel(units: int) -> dict[str, npt.NDArray[Any]]:
    """Return one row a unit and period: unit, period, first treated period (0: never), a covariate, the outcome."""
    rng = np.random.default_rng(SEED)
    start = rng.choice([0, *WAVES], units)
    x = rng.normal(size=units) + 0.1 * (start > 0)
    time = np.arange(1, PERIODS + 1)
    effect = (start[:, None] > 0) & (time >= start[:, None])
    y = rng.normal(size=(units, 1)) + 0.1 * time + 0.1 * x[:, None] * time + effect + rng.normal(size=(units, PERIODS))
    return {
        "unit": np.repeat(np.arange(units), PERIODS),
        "period": np.tile(time, units),
        "start": np.repeat(start, PERIODS),
        "x": np.repeat(x, PERIODS),
        "y": y.ravel(),
    }


# --- ours -------------------------------------------------------------------------------------------------------


def record_design(frame: pd.DataFrame) -> Design:
    """Return the design from records: one DuckDB pass to sums by office and month, then cells weighted by records."""
    import duckdb
    import narwhals as nw

    from asn_impact.designs.design import assign
    from asn_impact.intake.readers.training import read_rollout
    from asn_impact.measures.panel import read_panel

    cells = (
        nw.from_native(duckdb.from_df(frame))
        .group_by("office", "month")
        .agg(nw.len().alias("records"), nw.col("y").mean(), nw.col("start").min())
        .collect()
        .to_pandas()
    )
    rollout = cells[["office", "start"]].drop_duplicates("office")
    panel = read_panel(cells, unit="office", period="month", outcome="y", sizes="records", attributes=())
    return assign(panel, read_rollout(rollout, unit="office", adopted="start"), cluster="office", weights="records")


def our_records(frame: pd.DataFrame) -> Callable[[], Answer]:
    """Two-way effects from records with CR1."""
    from asn_impact.estimation.inference import ClusterRobust, infer
    from asn_impact.estimation.two_way import TwoWay

    return lambda: concluded(infer(TwoWay()(record_design(frame)), ClusterRobust()))


def our_jackknife(frame: pd.DataFrame) -> Callable[[], Answer]:
    """Two-way effects from records with CR3 and its degrees of freedom."""
    from asn_impact.estimation.inference import infer
    from asn_impact.estimation.jackknife import Jackknife
    from asn_impact.estimation.two_way import TwoWay

    return lambda: concluded(infer(TwoWay()(record_design(frame)), Jackknife()))


def our_wild(frame: pd.DataFrame) -> Callable[[], Answer]:
    """Two-way effects from records with the wild bootstrap: p-value, and an interval by inversion that peers lack."""
    from asn_impact.estimation.inference import infer
    from asn_impact.estimation.resampling import WildBootstrap
    from asn_impact.estimation.two_way import TwoWay

    def work() -> Answer:
        inference = infer(TwoWay()(record_design(frame)), WildBootstrap(DRAWS, SEED))
        table = inference.table()
        return {"estimate": float(inference.estimate[0]), "p": float(table["p_value"].iloc[0])}

    return work


def our_p_value(frame: pd.DataFrame) -> Callable[[], Answer]:
    """Two-way effects from records with the wild bootstrap's p-value alone: what the peers give."""
    from asn_impact.estimation.inference import infer
    from asn_impact.estimation.resampling import WildBootstrap
    from asn_impact.estimation.two_way import TwoWay

    def work() -> Answer:
        inference = infer(TwoWay()(record_design(frame)), WildBootstrap(DRAWS, SEED))
        return {"estimate": float(inference.estimate[0]), "p": float(inference.p_value[0])}

    return work


def panel_of(frame: pd.DataFrame) -> tuple[Panel, Rollout]:
    """Return the panel and the rollout of a long frame."""
    from asn_impact.intake.readers.training import read_rollout
    from asn_impact.measures.panel import read_panel

    panel = read_panel(frame, unit="unit", period="period", outcome="y", covariates=["x"], attributes=())
    first = frame[["unit", "start"]].drop_duplicates("unit")
    return panel, read_rollout(first, unit="unit", adopted="start")


def design_of(frame: pd.DataFrame) -> Design:
    """Return the design of a long frame, every unit a cluster."""
    from asn_impact.designs.design import assign

    return assign(*panel_of(frame), cluster="unit")


def group_time(design: Callable[[], Design], adjust: tuple[str, ...], rule: Rule) -> Callable[[], Answer]:
    """Return the work: event study under a rule and the overall effect with its standard error."""
    from asn_impact.estimation.group_time import GroupTime
    from asn_impact.estimation.inference import ClusterRobust, infer

    def work() -> Answer:
        effects = GroupTime(controls="never", adjust=adjust)(design())
        study = infer(effects.event_study(), rule).table()
        overall = infer(effects.overall(), ClusterRobust("CR0"))
        at = study["event_time"] == 0
        return concluded(overall) | {"at_0": float(study["estimate"][at].iloc[0])}

    return work


def from_frame(*, adjust: tuple[str, ...] = (), draws: int = 0) -> Job:
    """Start from the long frame: reading, checking and assigning count."""
    return lambda frame: group_time(lambda: design_of(frame), adjust, rule_of(draws))


def imputation(frame: pd.DataFrame) -> Callable[[], Answer]:
    """Imputation from the long frame, overall effect with its cluster-robust error."""
    from asn_impact.estimation.imputation import Imputation

    return overall_of(frame, Imputation())


def default_estimator(frame: pd.DataFrame) -> Callable[[], Answer]:
    """GLS imputation, the default here, from the long frame."""
    from asn_impact.estimation.gls import GLSImputation

    return overall_of(frame, GLSImputation())


def overall_of(frame: pd.DataFrame, estimator: Estimator) -> Callable[[], Answer]:
    """Return the work: the overall effect of an estimator with CR0, reading and assigning counted."""
    from asn_impact.estimation.inference import ClusterRobust, infer

    return lambda: concluded(infer(estimator(design_of(frame)).overall(), ClusterRobust("CR0")))


def from_panel(*, adjust: tuple[str, ...] = (), draws: int = 0) -> Job:
    """Start from the panel: assigning counts, reading does not."""

    def job(frame: pd.DataFrame) -> Callable[[], Answer]:
        from asn_impact.designs.design import assign

        panel, rollout = panel_of(frame)
        return group_time(lambda: assign(panel, rollout, cluster="unit"), adjust, rule_of(draws))

    return job


def from_design(*, adjust: tuple[str, ...] = (), draws: int = 0) -> Job:
    """Start from the design: the estimation alone."""

    def job(frame: pd.DataFrame) -> Callable[[], Answer]:
        design = design_of(frame)
        return group_time(lambda: design, adjust, rule_of(draws))

    return job


def rule_of(draws: int) -> Rule:
    """Return the rule of the event study."""
    from asn_impact.estimation.inference import ClusterRobust
    from asn_impact.estimation.simultaneous import Multiplier

    return Multiplier(draws, SEED) if draws else ClusterRobust("CR0")


def concluded(inference: Inference) -> Answer:
    """Return the estimate and standard error of an inference on one number, its table made."""
    table = inference.table()
    return {"estimate": float(table["estimate"].iloc[0]), "std_error": float(table["std_error"].iloc[0])}


# --- peers ------------------------------------------------------------------------------------------------------


def pyfixest_records(vcov: str) -> Job:
    """Regression with absorbed effects and a clustered variance."""

    def job(frame: pd.DataFrame) -> Callable[[], Answer]:
        import pyfixest  # type: ignore[import-not-found]

        def work() -> Answer:
            fit = pyfixest.feols("y ~ treated | office + month", data=frame, vcov={vcov: "office"})
            return {"estimate": float(fit.coef().iloc[0]), "std_error": float(fit.se().iloc[0])}

        return work

    return job


def pyfixest_wild(frame: pd.DataFrame) -> Callable[[], Answer]:
    """p-value of the wild bootstrap."""
    import pyfixest

    def work() -> Answer:
        fit = pyfixest.feols("y ~ treated | office + month", data=frame, vcov={"CRV1": "office"})
        found = fit.wildboottest(param="treated", reps=DRAWS if len(frame) > SMALL else 99, seed=SEED)
        return {"estimate": float(fit.coef().iloc[0]), "p": float(found["Pr(>|t|)"])}

    return work


def diff_diff_records(frame: pd.DataFrame) -> Callable[[], Answer]:
    """Effects taken out, then a regression with clusters: the only way in for a treatment in waves."""
    from diff_diff.linalg import LinearRegression  # type: ignore[import-not-found]
    from diff_diff.utils import within_transform  # type: ignore[import-not-found]

    def work() -> Answer:
        free = within_transform(frame, ["y", "treated"], "office", "month")
        absorbed = frame["office"].nunique() + frame["month"].nunique() - 1
        fit = LinearRegression(include_intercept=False, cluster_ids=frame["office"].to_numpy()).fit(
            free[["treated_demeaned"]].to_numpy(), free["y_demeaned"].to_numpy(), df_adjustment=absorbed
        )
        return {"estimate": float(fit.coefficients_[0]), "std_error": float(np.sqrt(fit.vcov_[0, 0]))}

    return work


def statspai_records(frame: pd.DataFrame) -> Callable[[], Answer]:
    """Regression with absorbed effects and a clustered variance."""
    from statspai import fast  # type: ignore[import-not-found]

    def work() -> Answer:
        fit = fast.feols("y ~ treated | office + month", frame, vcov="cr1", cluster="office")
        return {"estimate": float(fit.coef().iloc[0]), "std_error": float(fit.se().iloc[0])}

    return work


def statspai_wild(frame: pd.DataFrame) -> Callable[[], Answer]:
    """Effects taken out, then the wild bootstrap's p-value."""
    from statspai import fast

    def work() -> Answer:
        free, _ = fast.demean(frame[["y", "treated"]].to_numpy(), frame[["office", "month"]])
        clusters = frame["office"].to_numpy()
        draws = DRAWS if len(frame) > SMALL else 99
        found = fast.boottest(free[:, 1:], free[:, 0], clusters, B=draws, seed=SEED)
        estimate = float(free[:, 1] @ free[:, 0] / (free[:, 1] @ free[:, 1]))
        return {"estimate": estimate, "p": float(found.pvalue)}

    return work


def diff_diff_group_time(*, covariates: list[str] | None = None, draws: int = 0) -> Job:
    """Group-time effects with the overall effect and the event study."""

    def job(frame: pd.DataFrame) -> Callable[[], Answer]:
        from diff_diff import CallawaySantAnna  # type: ignore[import-not-found]

        def work() -> Answer:
            estimator = CallawaySantAnna(base_period="universal", n_bootstrap=draws, seed=SEED)
            fit = estimator.fit(frame, "y", "unit", "period", "start", covariates=covariates, aggregate="event_study")
            at_0 = float(fit.event_study_effects[0]["effect"])
            return {"estimate": float(fit.att), "std_error": float(fit.se), "at_0": at_0}

        return work

    return job


def diff_diff_imputation(frame: pd.DataFrame) -> Callable[[], Answer]:
    """Imputation (Borusyak, Jaravel and Spiess) with its analytic clustered error."""
    from diff_diff import ImputationDiD  # type: ignore[import-not-found]

    def work() -> Answer:
        fit = ImputationDiD().fit(frame, outcome="y", unit="unit", time="period", first_treat="start")
        return {"estimate": float(fit.overall_att), "std_error": float(fit.overall_se)}

    return work


def pyfixest_two_stage(frame: pd.DataFrame) -> Callable[[], Answer]:
    """Two-stage estimates (Gardner) with clusters by unit: the same estimand as imputation."""
    import pyfixest

    def work() -> Answer:
        treated = ((frame["start"] > 0) & (frame["period"] >= frame["start"])).astype(float)
        fit = pyfixest.did2s(
            frame.assign(treated=treated),
            yname="y",
            first_stage="~ 0 | unit + period",
            second_stage="~ treated",
            treatment="treated",
            cluster="unit",
        )
        return {"estimate": float(fit.coef().iloc[-1]), "std_error": float(fit.se().iloc[-1])}

    return work


def statspai_group_time(*, covariates: list[str] | None = None, draws: int = 0) -> Job:
    """Group-time effects with the overall effect and the event study."""

    def job(frame: pd.DataFrame) -> Callable[[], Answer]:
        import statspai

        def work() -> Answer:
            fit = statspai.callaway_santanna(
                frame, "y", "start", "period", "unit", x=covariates, bstrap=draws > 0, biters=max(draws, 1)
            )
            words: dict[str, Any] = {"bstrap": True, "n_boot": draws, "cband": True, "random_state": SEED}
            study = statspai.aggte(fit, type="dynamic", **(words if draws else {"bstrap": False, "cband": False}))
            overall = statspai.aggte(fit, type="simple", bstrap=False, cband=False)
            table = study.detail
            at_0 = table[table["relative_time"] == 0]["att"].iloc[0]
            return {"estimate": float(overall.estimate), "std_error": float(overall.se), "at_0": float(at_0)}

        return work

    return job


def csdid_group_time(*, covariates: list[str] | None = None, draws: int = 0) -> Job:
    """Group-time effects with the overall effect and the event study."""

    def job(frame: pd.DataFrame) -> Callable[[], Answer]:
        from csdid.att_gt import ATTgt  # type: ignore[import-not-found]

        def work() -> Answer:
            formula = f"y ~ {' + '.join(covariates)}" if covariates else None
            fit = ATTgt(
                "y", "period", "unit", "start", frame, "nevertreated", formula, biters=draws or 1, cband=draws > 0
            ).fit(base_period="universal", bstrap=draws > 0)
            study = fit.aggte(typec="dynamic", bstrap=draws > 0, cband=draws > 0).atte
            at_0 = float(np.asarray(study["att_egt"])[list(study["egt"]).index(0)])
            overall = fit.aggte(typec="simple", bstrap=False, cband=False).atte
            return {
                "estimate": float(overall["overall_att"]),
                "std_error": float(np.asarray(overall["overall_se"]).ravel()[0]),
                "at_0": at_0,
            }

        return work

    return job


# --- the pieces of work -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Contestant:
    """Who does a piece of work, and how."""

    name: str
    module: str
    job: Job
    slow: bool = False

    @property
    def installed(self) -> bool:
        """Whether its package can be imported."""
        return importlib.util.find_spec(self.module) is not None


@dataclass(frozen=True)
class Piece:
    """A piece of work: the data it needs, what is asked of us (times the fastest peer), and who does it."""

    about: str
    data: str
    target: float
    contestants: tuple[Contestant, ...]


def estimators(covariates: list[str] | None = None, draws: int = 0) -> tuple[Contestant, ...]:
    """Return who estimates group-time effects."""
    adjust = tuple(covariates or ())
    return (
        Contestant("ours, from the frame", "asn_impact", from_frame(adjust=adjust, draws=draws)),
        Contestant("ours, from the Panel", "asn_impact", from_panel(adjust=adjust, draws=draws)),
        Contestant("ours, from the Design", "asn_impact", from_design(adjust=adjust, draws=draws)),
        Contestant("diff-diff", "diff_diff", diff_diff_group_time(covariates=covariates, draws=draws)),
        Contestant("StatsPAI", "statspai", statspai_group_time(covariates=covariates, draws=draws), slow=True),
        Contestant("csdid", "csdid", csdid_group_time(covariates=covariates, draws=draws), slow=True),
    )


PIECES = {
    "records": Piece(
        "records, office and month effects, 300 clusters, CR1",
        "records",
        10,
        (
            Contestant("ours", "asn_impact", our_records),
            Contestant("pyfixest", "pyfixest", pyfixest_records("CRV1")),
            Contestant("diff-diff", "diff_diff", diff_diff_records),
            Contestant("StatsPAI", "statspai", statspai_records),
        ),
    ),
    "analytic": Piece("group-time effects, analytic", "panel", 2, estimators()),
    "multiplier": Piece("group-time effects, multiplier bootstrap B = 999", "panel", 4, estimators(draws=999)),
    "covariate": Piece("group-time effects, one covariate, doubly robust", "panel", 1, estimators(["x"])),
    "imputation": Piece(
        "imputation, overall effect",
        "panel",
        5,
        (
            Contestant("ours", "asn_impact", imputation),
            Contestant("ours, the default GLS", "asn_impact", default_estimator),
            Contestant("diff-diff", "diff_diff", diff_diff_imputation),
            Contestant("pyfixest, two-stage", "pyfixest", pyfixest_two_stage, slow=True),
        ),
    ),
    "wild": Piece(
        f"records, 20 clusters, wild bootstrap B = {DRAWS:,}",
        "few",
        10,
        (
            Contestant("ours, p-value", "asn_impact", our_p_value),
            Contestant("ours, with interval", "asn_impact", our_wild),
            Contestant("pyfixest", "wildboottest", pyfixest_wild, slow=True),
            Contestant("StatsPAI", "statspai", statspai_wild, slow=True),
        ),
    ),
    "jackknife": Piece(
        "records, 300 clusters, cluster jackknife (CR3)",
        "records",
        100,
        (
            Contestant("ours", "asn_impact", our_jackknife),
            Contestant("pyfixest", "pyfixest", pyfixest_records("CRV3"), slow=True),
        ),
    ),
}


# --- running --------------------------------------------------------------------------------------------------------


def make(options: argparse.Namespace, folder: Path) -> None:
    """Write each set of data that is needed, a file a column, and a small part for the work that does not count."""
    makers: dict[str, Callable[[int], dict[str, npt.NDArray[Any]]]] = {
        "records": lambda size: made_records(size, 300),
        "few": lambda size: made_records(size, 20),
        "panel": made_panel,
    }
    for name in {PIECES[piece].data for piece in options.only}:
        size = options.units if name == "panel" else options.rows
        small = 500 if name == "panel" else SMALL
        for part, columns in {"whole": makers[name](size), "small": makers[name](small)}.items():
            (folder / name / part).mkdir(parents=True, exist_ok=True)
            for column, values in columns.items():
                np.save(folder / name / part / f"{column}.npy", values)


def loaded(folder: Path) -> pd.DataFrame:
    """Return the frame of a folder of columns."""
    return pd.DataFrame({path.stem: np.load(path) for path in sorted(folder.glob("*.npy"))}, copy=False)


def cpu_seconds() -> float:
    """User and system time of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def megabytes() -> float:
    """Largest resident size of this process so far: the kernel's high-water mark where it tells one."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def work_once(piece: str, position: int, folder: Path) -> None:
    """Do one piece of work in this process; print what it cost and what it found as JSON."""
    warnings.simplefilter("ignore")
    sys.path = [entry for entry in sys.path if Path(entry).resolve() != Path(__file__).parent.resolve()]  # coverage.py
    contestant, data = PIECES[piece].contestants[position], folder / PIECES[piece].data
    contestant.job(loaded(data / "small"))()
    work = contestant.job(loaded(data / "whole"))
    memory, began = megabytes(), cpu_seconds()
    answer = work()
    found = {"seconds": cpu_seconds() - began, "memory": megabytes(), "added": megabytes() - memory, "answer": answer}
    print("\n" + json.dumps(found))


def run_once(options: argparse.Namespace, piece: str, position: int, folder: Path) -> dict[str, Any] | str:
    """Run in a fresh process: what it cost, or why there is none."""
    command = [sys.executable, __file__, "--work", piece, "--position", str(position), "--folder", str(folder)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=options.patience, check=False, env=ENVIRONMENT
        )
    except subprocess.TimeoutExpired:
        return f"took more than {options.patience:g} s"
    if done.returncode:
        return f"failed: {(done.stderr.strip().splitlines() or ['killed'])[-1][:120]}"
    cost: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return cost


def contest(options: argparse.Namespace, name: str, folder: Path) -> list[Cost]:
    """Run the contestants of a piece in turn, round after round; one that fails leaves and is named."""
    runs: dict[int, list[dict[str, Any]]] = {}
    for position, contestant in enumerate(PIECES[name].contestants):
        if contestant.name in options.skip:
            continue
        if not contestant.installed or (contestant.slow and not options.slow):
            print(f"  {contestant.name:<22} {'slow' if contestant.installed else 'not installed'}: skipped", flush=True)
            continue
        runs[position] = []
    for _ in range(options.runs):
        for position in list(runs):
            cost = run_once(options, name, position, folder)
            if isinstance(cost, str):
                print(f"  {PIECES[name].contestants[position].name:<22} {cost}", flush=True)
                del runs[position]
            else:
                runs[position].append(cost)
    return [Cost.of(PIECES[name].contestants[position].name, costs) for position, costs in runs.items()]


@dataclass(frozen=True)
class Cost:
    """What a piece of work cost one contestant: CPU seconds, megabytes, and the answer."""

    name: str
    least: float
    median: float
    memory: float
    added: float
    answer: Answer

    @classmethod
    def of(cls, name: str, runs: list[dict[str, Any]]) -> Cost:
        """Return the cost of several runs."""
        seconds = [run["seconds"] for run in runs]
        memory, added = (min(run[key] for run in runs) for key in ("memory", "added"))
        return cls(name, min(seconds), statistics.median(seconds), memory, added, runs[0]["answer"])

    @property
    def ours(self) -> bool:
        """Whether it is this package's."""
        return self.name.startswith("ours")

    def __str__(self) -> str:
        answer = "  ".join(f"{key} {value:.8g}" for key, value in self.answer.items())
        return (
            f"  {self.name:<22} {self.least:8.3f} s (median {self.median:.3f})  {self.memory:6.0f} MB  "
            f"added {self.added:6.0f} MB   {answer}"
        )


def report(options: argparse.Namespace, name: str, folder: Path) -> list[str]:
    """Print one line a contestant, then how many times cheaper we are than the fastest peer; return rows of a table."""
    piece = PIECES[name]
    size = f"{options.units:,} units x {PERIODS}" if piece.data == "panel" else f"{options.rows:,} rows"
    print(f"\n{name}: {piece.about}, {size}", flush=True)
    costs = contest(options, name, folder)
    print(*costs, sep="\n", flush=True)
    return compare(f"{piece.about}, {size}", costs, piece.target)


def compare(about: str, costs: list[Cost], target: float) -> list[str]:
    """Print the ratios of medians to the fastest peer; return the rows of a table."""
    peers = sorted((cost for cost in costs if not cost.ours), key=lambda cost: cost.median)
    others = ", ".join(f"{peer.name} {peer.median:.3f} s ({peer.memory:,.0f} MB)" for peer in peers) or "none installed"
    rows = []
    for cost in (cost for cost in costs if cost.ours):
        ratio = peers[0].median / cost.median if peers else float("nan")
        verdict = ("met" if ratio >= target else "missed") if peers else ""
        told = f"{ratio:.1f} x" if peers else "–"
        print(f"  -> {cost.name}: {told} faster than the fastest peer (target {target:g} x: {verdict})", flush=True)
        name = f"{about}: {cost.name}"
        ours = f"{cost.least:.3f} ({cost.median:.3f}) s, {cost.memory:,.0f} MB"
        rows.append(f"| {name} | {ours} | {others} | {told} | {target:g} x | {verdict} |")
    return rows


def main() -> None:
    """Make the data, then measure each piece of work."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--units", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=5, help="rounds; in each, every contestant runs once")
    parser.add_argument("--only", nargs="+", choices=PIECES, default=list(PIECES))
    parser.add_argument("--skip", nargs="+", default=[], help="names of contestants that are not run")
    parser.add_argument("--slow", action="store_true", help="run the slow peers too")
    parser.add_argument("--patience", type=float, default=400, help="seconds of wall clock for one run")
    parser.add_argument("--write", type=Path, help="a Markdown page with the two marks, for the table")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--work", choices=PIECES, help=argparse.SUPPRESS)
    parser.add_argument("--position", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work_once(options.work, options.position, options.folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        make(options, Path(temporary))
        rows = [row for name in options.only for row in report(options, name, Path(temporary))]
    if options.write:
        heading = "| work | ours: least (median), memory | peers: median, memory | ratio of medians | target | |"
        write_between(options.write, "versus_peers", [heading, "|---|---|---|---:|---:|---|", *rows])


if __name__ == "__main__":
    main()
