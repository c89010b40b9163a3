"""What a study says in worlds whose truth is known: letters and claims counted, beside the targets.

    python benchmarks/worlds.py                               # 200 draws a world, two processes: an hour
    python benchmarks/worlds.py --draws 20 --only backdating  # worlds by part of their name
    python benchmarks/worlds.py --write docs/worlds.md        # the tables into a file

Records are drawn as offices keep them: unequally large offices, shocks of an office and month that fade, skewed waits
of two services, cases still open on the day of the export. Each draw goes the way of ``asn-impact run`` from the rows
to the grade (`prepared`, `estimated`); no figure and no report is made, and checks that never touch the letter are left
out. A claim is a finding of grade A or B whose interval excludes zero: the words then say what training did.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from multiprocessing import Pool
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from asn_impact.errors import AsnImpactError
from asn_impact.scrutiny.grade import LETTERS, REQUIRED, ROBUSTNESS
from asn_impact.scrutiny.scrutinise import CHECKS
from asn_impact.study.evidence import Evidence, estimated
from asn_impact.study.prepared import prepared
from asn_impact.study.settings import Study, read_study

FIRST: Final = np.datetime64("2022-01", "M")
PROMISED, HORIZON, FOLLOWED = 10, 30, 2  # working days, working days, months after the last one that is used
LEVEL, SPREAD, SHOCK, PERSISTENCE = 11.0, 0.8, 1.2, 0.6  # days; sd of log waits; sd of an innovation; its fading
CASES: Final = 12  # a month at an average office
EASY, HARD = 0.5, 1.5  # waits of the two services, as multiples of the office's level
ADDED: Final = 20
CHANCE: Final = 0.05
PIECE: Final = 10  # draws that a process makes in one go
PER_OFFICE: Final = ("level", "volume", "hard", "starts")
GRADED: Final = tuple(entry for entry in CHECKS if entry.name not in ROBUSTNESS)

STUDY: Final = f"""\
[study]
title = "A drawn world"
source = "benchmarks/worlds.py"
language = "en"
synthetic = true
[data]
kind = "records"
path = "records.csv"
as_of = 2025-01-31
[outcome]
kind = "restricted_mean"
horizon = {HORIZON}
[calendar]
kind = "weekdays"
first = 2021-12-01
last = 2028-12-31
[rollout]
kind = "training"
path = "training.csv"
[design]
cluster = "office"
"""


# ------------------------------------------------------------------------------------------------------ worlds


@dataclass(frozen=True)
class Plan:
    """How many offices, how many of them trained in which months, and how noisy the trained ones are."""

    offices: int = 24
    trained: int = 10
    starts: tuple[int, ...] = (15, 19, 23)
    months: int = 36
    noisy: float = 1.0

    def __str__(self) -> str:
        waves = f"{len(self.starts)} wave{'s' if len(self.starts) > 1 else ''}"
        noise = ", twice as noisy" if self.noisy > 1 else ""
        return f"{self.offices} offices, {self.trained} trained in {waves}, {self.months} months{noise}"


@dataclass(eq=False)
class Cells:
    """What holds in each office and month before records are drawn; worlds change it in place."""

    level: np.ndarray  # (O, T) days that a case waits on average
    volume: np.ndarray  # (O, T) cases that are expected
    hard: np.ndarray  # (O, T) share of the slow service
    starts: np.ndarray  # (O,) month of training, inf for never
    rng: np.random.Generator

    @property
    def since(self) -> np.ndarray:
        """(O, T) months since training; minus infinity for offices never trained."""
        return np.arange(self.level.shape[1])[None, :] - self.starts[:, None]

    @property
    def trained(self) -> np.ndarray:
        """Positions of the offices that are trained, the first wave first."""
        order = np.argsort(self.starts, kind="stable")
        return order[np.isfinite(self.starts[order])]

    @property
    def never(self) -> np.ndarray:
        """Positions of the offices never trained."""
        return np.flatnonzero(np.isinf(self.starts))


def _same(cells: Cells) -> None:
    """Change nothing."""


def _trend(cells: Cells) -> None:
    line = np.arange(cells.level.shape[1]) - cells.level.shape[1] / 2
    cells.level -= 0.2 * np.isfinite(cells.starts)[:, None] * line  # looks like an effect of two days


def _late_drift(cells: Cells) -> None:
    cells.level -= 0.3 * np.maximum(cells.since + 1, 0)


def _anticipation(cells: Cells) -> None:
    cells.level -= np.where((cells.since >= -3) & (cells.since < 0), 2.0, 0.0) + np.where(cells.since >= 0, 4.0, 0.0)


def _dip(cells: Cells) -> None:
    cells.level += np.where((cells.since >= -3) & (cells.since < 0), 4.0, 0.0)


def _half_way(cells: Cells) -> None:
    cells.level -= np.where(cells.since >= 0, 4.0, 0.0)


def _spillover(cells: Cells) -> None:
    _half_way(cells)
    near = cells.never[: len(cells.never) // 2]
    first = np.resize(cells.starts[cells.trained], len(near))
    cells.level[near] -= 2.0 * (np.arange(cells.level.shape[1])[None, :] >= first[:, None])


def _case_mix(cells: Cells) -> None:
    cells.hard = np.where(cells.since >= 0, 0.25, cells.hard)


def _demand(cells: Cells) -> None:
    cells.volume = np.where(cells.since >= 0, 0.6 * cells.volume, cells.volume)
    cells.level -= np.where(cells.since >= 0, 4.0, 0.0)


def _transfers(cells: Cells) -> None:
    """Let half of the trained staff move to untrained offices six months after their course."""
    cells.level -= np.where(cells.since >= 6, 2.0, np.where(cells.since >= 0, 4.0, 0.0))
    host = cells.never[: len(cells.never) // 2]
    first = np.resize(cells.starts[cells.trained], len(host)) + 6
    cells.level[host] -= 2.0 * (np.arange(cells.level.shape[1])[None, :] >= first[:, None])


def _merging(cells: Cells) -> None:
    for _, small in _pairs(cells):
        cells.level[small] -= 6.0


def _pairs(cells: Cells) -> list[tuple[int, int]]:
    """Return which office takes over which: half of those trained, each one that never is."""
    half = len(cells.trained) // 2
    return list(zip(cells.trained[:half].tolist(), cells.never[-half:].tolist(), strict=True))


def _backdate(rows: pd.DataFrame, cells: Cells) -> pd.DataFrame:
    late = (rows["wait"] > PROMISED) & (rows["wait"] <= 2 * PROMISED) & (rows["since"] >= 0)
    dated = late & (cells.rng.random(len(rows)) < 0.8)
    return rows.assign(wait=rows["wait"].mask(dated, PROMISED))


def _merge(rows: pd.DataFrame, cells: Cells) -> pd.DataFrame:
    office = rows["office"].to_numpy(copy=True)
    for large, small in _pairs(cells):
        office[(office == small) & (rows["month"].to_numpy() >= cells.starts[large])] = large
    return rows.assign(office=office)


def _cut(rows: pd.DataFrame, _: Cells) -> pd.DataFrame:
    return rows.assign(cut=True)


@dataclass(frozen=True)
class World:
    """What happens, what the study is told of it, and what a reader should be told.

    Attributes
    ----------
    kind
        ``null``: nothing happens; ``honest``: training works; ``false``: something else moves the waits and a check can
        see it; ``unseen``: something else does, and nothing in the study's data tells; ``less``: training works, and
        the difference understates it.
    effect
        Days by which training changes the level.
    change, soil
        What else happens, to cells and to records.
    events
        Months after each wave's start with a verified event of its own; None for no table at all.
    said
        What [scrutiny] says otherwise than by default; ``chosen = "dip"`` stands for the three months before each wave.
    """

    name: str
    kind: str
    reading: str
    plan: Plan = Plan()
    effect: float = 0.0
    change: Callable[[Cells], None] = _same
    soil: Callable[[pd.DataFrame, Cells], pd.DataFrame] | None = None
    events: tuple[int, ...] | None = ()
    said: Mapping[str, Any] = field(default_factory=dict)


NOTHING: Final = "no effect shown"
ONE_WAVE: Final = Plan(starts=(19,))
WORLDS: Final = (
    World("null, 12 offices in one wave", "null", NOTHING, Plan(12, 5, (18,))),
    World("null, 20 offices", "null", NOTHING, Plan(20, 8)),
    World("null, 24 offices", "null", NOTHING),
    World("null, trained twice as noisy", "null", NOTHING, Plan(noisy=2.0)),
    World("null, 38 offices", "null", NOTHING, Plan(38, 14, (15, 20, 25))),
    World("null, one wave of 8 in 48 months", "null", NOTHING, Plan(38, 8, (24,), 48)),
    World("honest, -2 days", "honest", "shortened", effect=-2.0),
    World("honest, -4 days", "honest", "shortened", effect=-4.0),
    World("straight trend", "false", "not an effect", change=_trend),
    World("late drift", "unseen", "not an effect", change=_late_drift),
    World("anticipation", "less", "shortened, by more", change=_anticipation),
    World("dip, one wave, months named", "false", NOTHING, ONE_WAVE, change=_dip, said={"chosen": "dip"}),
    World("dip, three waves, months named", "false", NOTHING, change=_dip, said={"chosen": "dip"}),
    World("dip, one wave, choice denied", "false", "not an effect", ONE_WAVE, change=_dip),
    World("dip, three waves, choice denied", "false", "not an effect", change=_dip),
    World("IT change, events listed", "false", "not shown", change=_half_way, events=(0,)),
    World("IT change, one wave, events listed", "false", "not an effect", ONE_WAVE, change=_half_way, events=(0,)),
    World("IT change, no table of events", "false", "not shown", change=_half_way, events=None),
    World("IT change, empty table signed", "unseen", "not an effect", change=_half_way),
    World("backdating", "false", "not an effect", soil=_backdate),
    World("spillover, neighbours named", "less", "shortened, by more", change=_spillover, said={"neighbours": True}),
    World("spillover, neighbours not named", "less", "shortened, by more", change=_spillover),
    World("case mix", "false", "not an effect", change=_case_mix),
    World("merge", "false", "not an effect", change=_merging, soil=_merge),
    World("demand", "false", "not an effect", change=_demand),
    World("transfers of staff", "less", "shortened, by more", change=_transfers),
    World("cut export: finished cases only", "false", "cannot be estimated", soil=_cut),
)


# ------------------------------------------------------------------------------------------------------ a draw


@dataclass(frozen=True, eq=False)
class Drawn:
    """Rows as an office would hand them over, and what the study says of them."""

    permits: pd.DataFrame
    training: pd.DataFrame
    as_of: str
    scrutiny: Mapping[str, Any]

    def first(self, offices: int) -> Drawn:
        """Return what the first offices alone would have handed over."""
        names = [_name(i) for i in range(offices)]
        few = (frame[frame["office"].isin(names)] for frame in (self.permits, self.training))
        return Drawn(*few, self.as_of, self.scrutiny)


def draw_cells(plan: Plan, rng: np.random.Generator, *, shuffled: bool = True) -> Cells:
    """Return offices without any training effect: levels, seasons, fading shocks, unequal sizes."""
    shape = (plan.offices, plan.months + FOLLOWED)
    starts = np.full(plan.offices, np.inf)
    starts[: plan.trained] = np.resize(plan.starts, plan.trained)
    starts = rng.permutation(starts) if shuffled else starts
    size = np.concatenate([[0.25], 0.75 * rng.dirichlet(np.full(plan.offices - 1, 3.0))]) * CASES * plan.offices
    innovation = SHOCK * rng.normal(size=shape) * np.where(np.isfinite(starts), plan.noisy, 1.0)[:, None]
    shock = np.empty(shape)
    shock[:, 0] = innovation[:, 0] / np.sqrt(1 - PERSISTENCE**2)
    for t in range(1, shape[1]):
        shock[:, t] = PERSISTENCE * shock[:, t - 1] + innovation[:, t]
    level = LEVEL + 1.5 * rng.normal(size=(plan.offices, 1)) + 0.8 * np.sin(np.arange(shape[1]) / 2) + shock
    volume = np.broadcast_to(rng.permutation(np.maximum(size, 3.0))[:, None], shape).copy()
    return Cells(level, volume, np.full(shape, 0.5), starts, rng)


def draw(world: World, seed: int) -> Drawn:
    """Return the records of one draw."""
    rng = np.random.default_rng([seed, len(world.name), *map(ord, world.name[:8])])
    cells = draw_cells(world.plan, rng)
    return _drawn(world, cells)


def _drawn(world: World, cells: Cells) -> Drawn:
    cells.level += world.effect * (cells.since >= 0)
    world.change(cells)
    rows = _draw_rows(cells)
    rows = rows if world.soil is None else world.soil(rows, cells)
    end = (FIRST + cells.level.shape[1]).astype("datetime64[D]") - 1
    training = pd.DataFrame(
        {
            "office": [_name(i) for i in cells.trained],
            "course": "E-Government",
            "course_end": (FIRST + cells.starts[cells.trained].astype(np.int64)).astype("datetime64[D]").astype(str),
            "passed_count": 10,
            "staff": 12,
        }
    )
    return Drawn(_as_exported(rows, end), training, str(end), _said(world, cells))


def _draw_rows(cells: Cells) -> pd.DataFrame:
    """One row a case: office, month, day within it, service and working days until the decision."""
    rng, n = cells.rng, np.maximum(cells.rng.poisson(cells.volume), 1)
    cell = np.repeat(np.arange(n.size), n.ravel())
    hard = rng.random(len(cell)) < cells.hard.ravel()[cell]
    mean = np.maximum(cells.level.ravel()[cell], 1.0) * np.where(hard, HARD, EASY)
    wait = np.exp(rng.normal(np.log(mean) - SPREAD**2 / 2, SPREAD))
    months = cells.level.shape[1]
    return pd.DataFrame(
        {
            "office": cell // months,
            "month": cell % months,
            "day": rng.integers(0, 28, len(cell)),
            "hard": hard,
            "wait": np.minimum(np.round(wait), 250).astype(np.int64),
            "since": cells.since.ravel()[cell],
        }
    )


def _as_exported(rows: pd.DataFrame, end: np.datetime64) -> pd.DataFrame:
    day = (FIRST + rows["month"].to_numpy()).astype("datetime64[D]") + rows["day"].to_numpy()
    received = np.busday_offset(day, 0, roll="forward")
    decided = np.busday_offset(received, rows["wait"].to_numpy())
    seen, still_open = received <= end, decided > end
    if "cut" in rows:
        seen &= ~still_open
    frame = pd.DataFrame(
        {
            "case": np.char.add("503/", np.arange(len(rows)).astype(str)),
            "office": np.array([_name(i) for i in range(int(rows["office"].max()) + 1)])[rows["office"]],
            "service": np.where(rows["hard"], "Izin Usaha", "Izin Praktik"),
            "received": pd.to_datetime(received),
            "decided": pd.to_datetime(np.where(still_open, np.datetime64("NaT"), decided)),
            "status": np.where(still_open, "Proses", "Selesai"),
        }
    )
    return frame[seen].reset_index(drop=True)


def _name(office: int) -> str:
    return f"Kantor {office:02d}"


def _said(world: World, cells: Cells) -> dict[str, Any]:
    """Return [scrutiny]: the promise, the months of choice, what else happened, which offices are neighbours."""
    said: dict[str, Any] = {"limits": (PROMISED,), "chosen": (), "checks": GRADED, **world.said}
    if said.get("chosen") == "dip":
        before = {start - back for start in world.plan.starts for back in (1, 2, 3)}
        said["chosen"] = tuple(str(FIRST + month) for month in sorted(before))
    if said.pop("neighbours", False):
        near, near_to = cells.never[: len(cells.never) // 2], cells.trained
        said["neighbours"] = {_name(u): (_name(v),) for u, v in zip(near, np.resize(near_to, len(near)), strict=True)}
    if world.events is not None:
        dates = [str(FIRST + start + later) + "-15" for start in world.plan.starts for later in world.events]
        said["events"] = pd.DataFrame(
            {
                "tanggal": dates,
                "jenis": ["sistem"] * len(dates),
                "izin_terdampak": ["semua"] * len(dates),
                "sumber": ["SK Bupati"] * len(dates),
                "terverifikasi": ["ya"] * len(dates),
                "nama": [f"Aplikasi {i + 1}" for i in range(len(dates))],
            }
        )
    return said


# ------------------------------------------------------------------------------------------- the study's own path


def make_study() -> Study:
    """Return the study that all draws go through; its files are put in by `analyse`."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("records.csv", "training.csv"):
            (Path(folder) / name).write_text("", encoding="utf-8")
        file = Path(folder) / "study.toml"
        file.write_text(STUDY, encoding="utf-8")
        return read_study(file)


def analyse(study: Study, drawn: Drawn) -> Evidence:
    """Return what `asn-impact run` would find in these rows."""
    data = replace(study.data, parameters={**study.data.parameters, "path": drawn.permits, "as_of": drawn.as_of})
    assert study.rollout is not None
    rollout = replace(study.rollout, parameters={**study.rollout.parameters, "path": drawn.training})
    own = replace(study, data=data, rollout=rollout, scrutiny=drawn.scrutiny)
    return estimated(own, prepared(own), beside=False)


@dataclass(frozen=True)
class Told:
    """What a reader of one draw is told: the letter, what spoke against the finding, what kept it from B, the numbers.

    Without an estimate the letter is X and the numbers are missing.
    """

    letter: str
    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    needed: float = np.nan  # size of effect that a study with this standard error sees in 80 of 100
    against: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def settled(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low > 0 or self.high < 0

    @property
    def claims(self) -> bool:
        """Whether the words are those of an effect."""
        return self.letter in {"A", "B"} and self.settled


def tell(study: Study, drawn: Drawn) -> Told:
    """Return what a reader is told of one draw; what is refused is told as not estimable."""
    begun = time.process_time()
    try:
        evidence = analyse(study, drawn)
    except AsnImpactError as problem:
        return Told("X", against=(problem.message.key,), seconds=time.process_time() - begun)
    scrutiny, spent = evidence.scrutiny, time.process_time() - begun
    if scrutiny is None or scrutiny.finding is None:
        refusal = evidence.ready.refusal
        return Told("X", against=() if refusal is None else (refusal.key,), seconds=spent)
    finding = scrutiny.finding
    low, high = (float(end[0]) for end in finding.interval(study.level))
    needed = float(finding.std_error[0] * (stats.t.ppf(0.975, finding.df[0]) + stats.norm.ppf(0.8)))
    told = tuple(
        f"{check.name} {check.verdict}" for check in scrutiny.checks if check.verdict in {"fails", "doubtful"}
    ) + tuple(f"{c.name} cannot say" for c in scrutiny.checks if c.verdict == "cannot_say" and c.name in REQUIRED)
    return Told(scrutiny.grade.letter, float(finding.estimate[0]), low, high, needed, told, spent)


@dataclass(frozen=True)
class Task:
    """Draws to make in one go, in a process of its own."""

    world: World
    seeds: tuple[int, ...]
    added: int = 0


def work(task: Task) -> list[tuple[Told, ...]]:
    """Return what is told of each draw; of a study and the same with offices added where they are."""
    study, told = make_study(), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in task.seeds:
            if not task.added:
                told.append((tell(study, draw(task.world, seed)),))
                continue
            larger = draw_larger(task.world, seed, task.added)
            told.append((tell(study, larger.first(task.world.plan.offices)), tell(study, larger)))
    return told


def draw_larger(world: World, seed: int, added: int) -> Drawn:
    """Return a draw with offices added, of which the same share is trained; those of the smaller study come first."""
    rng, plan = np.random.default_rng([seed, added]), world.plan
    share = round(added * plan.trained / plan.offices)
    few, more = (draw_cells(p, rng) for p in (plan, replace(plan, offices=added, trained=share)))
    together = {name: np.concatenate([getattr(few, name), getattr(more, name)]) for name in PER_OFFICE}
    return _drawn(world, Cells(**together, rng=rng))


# ----------------------------------------------------------------------------------------------------- the tables

INTRODUCTION: Final = (
    "# What a study says in worlds whose truth is known",
    "",
    "Made by `python benchmarks/worlds.py --write docs/worlds.md`. Shares of draws by letter; a claim is a finding of",
    "grade A or B whose interval excludes zero. Needed: the effect in days that a study with such a standard error",
    "sees in 80 of 100. The study says that its offices were not chosen by their outcome, unless the world says more.",
)
ADDED_HEAD: Final = (
    f"The same study with {ADDED} offices added, of which the same share is trained: the letter may fall in .05.",
    "",
    "| world | draws | falls | rises | moves | met |",
    "|---|---:|---:|---:|---|---|",
)
HEAD: Final = (
    f"| world | right reading | draws | {' | '.join(LETTERS)} | claims | estimate | needed | said | target | met |",
    f"|---|---|{'---:|' * (len(LETTERS) + 4)}---|---|---|",
)


def judge(world: World, told: Sequence[Told]) -> tuple[str, bool | None]:
    """Return the target of a world in words, and whether it is met; None where there is none."""
    claims = float(np.mean([one.claims for one in told]))
    above = float(np.mean([one.letter in {"A", "B"} for one in told]))
    if world.kind == "null":
        return "claims at most .05, else never above C", claims <= CHANCE and above <= claims
    if world.kind == "false":
        return "below B in at least .95", above <= CHANCE
    if world.effect == -4.0:
        return "B in at least .60", above >= 0.6
    return "", None


def say_world(world: World, told: Sequence[Told]) -> str:
    """Return the row of a world."""
    letters = [sum(one.letter == letter for one in told) / len(told) for letter in LETTERS]
    target, met = judge(world, told)
    estimates = [one.estimate for one in told if np.isfinite(one.estimate)]
    needed = [one.needed for one in told if np.isfinite(one.needed)]
    numbers = [f"{np.mean(estimates):.2f}", f"{np.median(needed):.1f}"] if estimates else ["", ""]
    said = pd.Series([word for one in told for word in one.against], dtype=object).value_counts() / len(told)
    often = ", ".join(f"{word} {share:.2f}" for word, share in said.head(3).items())
    claims = np.mean([one.claims for one in told])
    shares = [f"{share:.3f}".removeprefix("0") if share else "" for share in (*letters, claims)]
    verdict = "" if met is None else "yes" if met else "**no**"
    cells = [world.name, world.reading, str(len(told)), *shares, *numbers, often, target, verdict]
    return f"| {' | '.join(cells)} |"


def say_added(world: World, told: Sequence[tuple[Told, ...]]) -> str:
    """Return the row of a study and the same with offices added."""
    rank = {letter: i for i, letter in enumerate(LETTERS)}
    lower = np.mean([rank[more.letter] > rank[few.letter] for few, more in told])
    higher = np.mean([rank[more.letter] < rank[few.letter] for few, more in told])
    pairs = pd.Series(
        [f"{few.letter} to {more.letter}" for few, more in told if more.letter != few.letter], dtype=object
    )
    moves = ", ".join(f"{move} {count / len(told):.2f}" for move, count in pairs.value_counts().items())
    met = "yes" if lower <= CHANCE else "**no**"
    return f"| {world.name} | {len(told)} | {lower:.3f} | {higher:.3f} | {moves} | {met} |"


def tasks_of(worlds: Iterable[World], draws: int, seed: int, added: int = 0) -> Iterable[Task]:
    """Give the draws of each world in pieces, so that a process starts few times and none waits long."""
    for world in worlds:
        for begin in range(seed, seed + draws, PIECE):
            yield Task(world, tuple(range(begin, min(begin + PIECE, seed + draws))), added)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="part of the names of the worlds to draw")
    parser.add_argument("--write", type=Path, help="a file for the tables")
    asked = parser.parse_args()
    worlds = [world for world in WORLDS if asked.only in world.name]
    grown = [world for world in worlds if world.kind == "honest"]
    begun, lines, seconds = time.perf_counter(), [*INTRODUCTION, "", *HEAD], []
    print("\n".join(lines), flush=True)
    with Pool(asked.processes) as pool:
        for chosen, added in ((worlds, 0), (grown, ADDED)):
            tasks = list(tasks_of(chosen, asked.draws, asked.seed, added))
            if added and tasks:
                lines += _shown(["", *ADDED_HEAD])
            done = zip(tasks, pool.imap(work, tasks), strict=True)
            for world, parts in groupby(done, key=lambda pair: pair[0].world):
                told = [one for _, part in parts for one in part]
                lines += _shown([say_added(world, told) if added else say_world(world, [one for (one,) in told])])
                seconds += [one.seconds for pair in told for one in pair]
    print(f"{np.mean(seconds):.2f} s of one core a study; {time.perf_counter() - begun:.0f} s in all", file=sys.stderr)
    if asked.write is not None:
        asked.write.write_text("\n".join([*lines, ""]), encoding="utf-8")


def _shown(lines: list[str]) -> list[str]:
    """Print lines as soon as they are known, and return them."""
    print("\n".join(lines), flush=True)
    return lines


if __name__ == "__main__":
    main()
