"""How often does a band leave out zero somewhere when there is no effect? Prints the table of docs/coverage.md#bands.

    python benchmarks/bands.py                                  # 1,000 draws a cell: some minutes on one processor
    python benchmarks/bands.py --draws 4000 --kinds curve --offices 12

An event study of 24 months and a completion curve of ten days; no effect anywhere; 12, 20 or 38 offices of which 4 or
half are treated, at one date or in waves, as noisy as the others or twice. Errors of an office follow an AR(1); on the
curve they move the log odds of being decided by a day, and 20 to 59 cases a month are drawn.

The estimates are linear in the cell means, so their weights are worked out once for a design and applied to all draws
at a time; that this is the same as calling `infer` is checked on the first draws of every cell.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import coverage
import numpy as np
import pandas as pd
from scipy import special

from asn_impact.estimation import BiasReduced, Effects, GroupTime, Multiplier, infer
from asn_impact.estimation.curve import Along
from asn_impact.estimation.fit import Traces
from asn_impact.estimation.inference import Inference
from asn_impact.estimation.jackknife import WELCH_CAP, bias_reduced, differences
from asn_impact.estimation.simultaneous import Joint, Simultaneous, _root, _smallest, _sums
from asn_impact.measures.curves import CurvePanel
from asn_impact.measures.outcomes import CompletionCurve

REPS, LAST_DAY, ALPHA = 199, 9, 0.05
RULES = ("pointwise", "Multiplier", "Simultaneous")


@dataclass(frozen=True)
class Drawn:
    """N draws of k estimates.

    estimate (N, k); influence and bias-reduced parts (N, G, k); degrees of freedom of each estimate, and with the noise
    that all share (N, k).
    """

    estimate: np.ndarray
    influence: np.ndarray
    parts: np.ndarray
    df: np.ndarray
    shared: np.ndarray


def worlds(words: argparse.Namespace) -> Iterator[coverage.World]:
    """Yield the cells of the table of one kind, in order."""
    for timing in words.timing:
        for noise in words.noise:
            for offices in words.offices:
                for treated in sorted({4, offices // 2}):
                    yield coverage.World(timing, offices, treated, noise, "equal")


def operators(effects: Effects) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights on all C cells of the k estimates (k, C), of their influence and bias-reduced parts (G * k, C).

    Offices that adopt together are interchangeable, so one office of each wave is enough to learn the influence.
    """
    design, k = effects.design, len(effects.terms)
    units, months = design.panel.mean.shape
    influence = np.empty((units, k, units, months))
    for wave in np.unique(design.adopted):
        first, *others = np.flatnonzero(design.adopted == wave)
        for month in range(months):
            alone = np.zeros((units, months))
            alone[first, month] = 1.0
            influence[:, :, first, month] = coverage.outcome(effects, alone).influence
            for other in others:
                swapped = np.arange(units)
                swapped[[first, other]] = other, first
                influence[:, :, other, month] = influence[swapped][:, :, first, month]
    loadings, without = effects.loadings(), differences(effects)
    own, total = (loadings**2).sum(axis=2).T, (without**2).sum(axis=(2, 3))
    scale = np.sqrt(np.divide(own, total, out=np.zeros_like(own), where=total > 0))
    reduced = without * scale[:, :, None, None]
    return loadings.reshape(k, -1), influence.reshape(units * k, -1), reduced.reshape(units * k, -1)


def degrees(effects: Effects, parts: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, k) Welch degrees of freedom of (N, G, k) parts: one by one, and with the noise that all estimates share."""
    treated = np.isfinite(effects.design.adopted)
    groups = np.stack([treated, ~treated])
    traces = bias_reduced(effects).traces(groups)
    repeated = parts.shape[2] // len(traces.total)  # days of a curve have the same
    traces = Traces.stacked([traces] * repeated)
    expected = traces.expected.sum(axis=1) @ groups.T
    noise = np.einsum("hg,rgk->rkh", groups.astype(float), np.nan_to_num(parts) ** 2) / expected
    mean, square = traces.total, traces.product
    relative = noise / (noise * mean).sum(axis=2, keepdims=True) * mean.sum(axis=1)[:, None]
    shared = np.broadcast_to(relative[:, known].mean(axis=1, keepdims=True), noise.shape)
    most = WELCH_CAP * mean.sum(axis=1) ** 2 / square.sum(axis=(1, 2))
    return tuple(
        np.minimum((n * mean).sum(axis=2) ** 2 / np.einsum("rkh,rkl,khl->rk", n, n, square), most)
        for n in (noise, shared)
    )


def event_study(world: coverage.World, words: argparse.Namespace) -> tuple[Drawn, Iterator[Effects]]:
    """Draw event studies without any effect, and give the first of them as the library makes them."""
    effects = GroupTime()(coverage.blank(world)).event_study()
    values = coverage.draw(world, words.draws, words.seed)
    weights, influence, reduced = operators(effects)
    flat, shape = values.reshape(words.draws, -1), (words.draws, world.offices, len(effects.terms))
    parts = (flat @ reduced.T).reshape(shape)
    some = effects.support() > 1
    drawn = Drawn(flat @ weights.T, (flat @ influence.T).reshape(shape), parts, *degrees(effects, parts, some))
    return drawn, (coverage.outcome(effects, mean) for mean in values[:2])


def curve(world: coverage.World, words: argparse.Namespace) -> tuple[Drawn, Iterator[Effects]]:
    """Draw completion curves without any effect, and give the first of them as the library makes them."""
    effects = GroupTime()(coverage.blank(world)).overall()
    shares, cases = completed(world, words)
    weights, influence, reduced = operators(effects)
    flat = np.moveaxis(shares, 3, 1).reshape(words.draws, LAST_DAY + 1, -1)
    parts = (flat @ reduced.T).transpose(0, 2, 1)
    df = degrees(effects, parts, np.ones(LAST_DAY + 1, dtype=bool))
    drawn = Drawn((flat @ weights.T)[:, :, 0], (flat @ influence.T).transpose(0, 2, 1), parts, *df)
    return drawn, (called(effects, share, n) for share, n in zip(shares[:2], cases[:2], strict=True))


def completed(world: coverage.World, words: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """(N, U, T, days) shares decided by each day, and (N, U, T) cases."""
    rng = np.random.default_rng([words.seed, 1, *map(ord, repr(world))])
    noise = 0.4 * coverage.draw(world, words.draws, words.seed)
    level = rng.normal(0, 0.7, (*noise.shape[:2], 1)) + noise
    law = 1 / (1 + np.exp(-(level[..., None] + np.linspace(-2, 3, LAST_DAY + 1))))
    ends = np.zeros((*level.shape, 1)), np.ones((*level.shape, 1))
    cases = rng.integers(20, 60, level.shape)
    decided = rng.multinomial(cases, np.diff(np.concatenate([ends[0], law, ends[1]], axis=3), axis=3))
    return decided.cumsum(axis=3)[..., :-1] / cases[..., None], cases.astype(np.float64)


def called(effects: Effects, share: np.ndarray, cases: np.ndarray) -> Effects:
    """Return the effects along one drawn curve, from the library."""
    plain = effects.design.panel
    inside = cases[..., None] * share * (1 - share)
    panel = CurvePanel(
        outcome=CompletionCurve(LAST_DAY),
        units=plain.units,
        timeline=plain.timeline,
        n=cases,
        mean=share[..., -1],
        weight=np.ones_like(cases),
        within=inside[..., -1][..., None, None],
        attributes=plain.attributes,
        curve=share,
        inside=inside,
    )
    return Along(GroupTime())(replace(effects.design, panel=panel))


def left_out(drawn: Drawn, seed: int) -> dict[str, float]:
    """Share of estimates whose own interval leaves out zero, and share of draws in which each band does somewhere."""
    error = np.sqrt((drawn.parts**2).sum(axis=1))
    statistic = np.abs(drawn.estimate) / error
    p, own = (2 * special.stdtr(df, -statistic) for df in (drawn.shared, drawn.df))
    g = drawn.parts.shape[1]
    found = {rule: np.empty(len(p)) for rule in RULES[1:]}
    for r in range(len(p)):
        root = _root(drawn.parts[r].T @ drawn.parts[r])
        adjusted = (1 + (_smallest(root, drawn.shared[r], REPS, seed + r) <= p[r].min()).sum()) / (1 + REPS)
        found["Simultaneous"][r] = adjusted <= ALPHA + 1e-9
        size = np.sqrt((drawn.influence[r] ** 2).sum(axis=0))
        largest = (np.abs(_sums(drawn.influence[r], REPS, seed + r)) / size).max(axis=1)
        robust = np.abs(drawn.estimate[r]) / size * np.sqrt((g - 1) / g)
        found["Multiplier"][r] = robust.max() > np.quantile(largest, 1 - ALPHA)
    return {"pointwise": float((own < ALPHA).mean()), **{rule: float(out.mean()) for rule, out in found.items()}}


def known(drawn: Drawn, first: Inference) -> Drawn:
    """Return the draws of the estimates that have a standard error: two treated offices or more behind them."""
    kept = np.isfinite(first.std_error)
    return Drawn(*(getattr(drawn, field.name)[..., kept] for field in fields(drawn)))


def check(drawn: Drawn, effects: Iterator[Effects], seed: int) -> Inference:
    """Stop unless `infer` says the same of the first two draws; return the inference of the first."""
    found = []
    for r, one in enumerate(effects):
        band, signs = infer(one, Simultaneous(REPS, seed + r)), infer(one, Multiplier(REPS, seed + r))
        some = np.isfinite(band.std_error)
        variance = np.einsum("gk,gk->k", drawn.parts[r], drawn.parts[r])
        np.testing.assert_allclose(band.estimate, drawn.estimate[r], atol=1e-10)
        np.testing.assert_allclose(band.std_error[some] ** 2, variance[some], rtol=1e-7)
        np.testing.assert_allclose(band.df[some], drawn.shared[r][some], rtol=1e-7)
        np.testing.assert_allclose(infer(one, BiasReduced()).df[some], drawn.df[r][some], rtol=1e-7)
        g = drawn.parts.shape[1]
        robust = g / (g - 1) * (drawn.influence[r] ** 2).sum(axis=0)
        np.testing.assert_allclose(signs.std_error**2, robust, rtol=1e-7)
        assert isinstance(band, Joint)
        root = _root(drawn.parts[r][:, some].T @ drawn.parts[r][:, some])
        again = Joint(
            *(band.effects, band.rule, band.estimate, band.variance, band.df),
            pointwise=band.pointwise,
            smallest=_smallest(root, drawn.shared[r][some], REPS, seed + r),
        )
        np.testing.assert_allclose(1 - band.each(), 1 - again.each(), rtol=0.3)  # the draws may differ, the level not
        found.append(band)
    return found[0]


def rows(words: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Yield one row a cell."""
    for kind in words.kinds:
        for world in worlds(words):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                drawn, first = KINDS[kind](world, words)
                some = known(drawn, check(drawn, first, words.seed))
            yield {
                "what": kind.replace("_", " "),
                "timing": world.timing,
                "noise": world.noise,
                "offices": world.offices,
                "treated": world.treated,
                "estimates": some.estimate.shape[1],
                **left_out(some, words.seed),
            }


KINDS = {"event_study": event_study, "curve": curve}


def main() -> None:
    """Work through the cells and print one line of a Markdown table each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--timing", nargs="+", default=list(coverage.WAVES), choices=coverage.WAVES)
    parser.add_argument("--noise", nargs="+", default=["equal", "treated twice"], choices=["equal", "treated twice"])
    parser.add_argument("--offices", nargs="+", type=int, default=[12, 20, 38])
    words = parser.parse_args()
    start, table = time.process_time(), []
    for row in rows(words):
        if not table:
            print("| " + " | ".join(row) + " |", "|" + " --- |" * len(row), sep="\n")
        table.append(row)
        print(
            "| " + " | ".join(f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()) + " |", flush=True
        )
    print(pd.DataFrame(table).groupby(["what", "noise"])[list(RULES)].agg(["min", "max"]).round(3).to_string())
    print(f"{len(table)} cells of {words.draws} draws, {time.process_time() - start:.0f} s CPU")


if __name__ == "__main__":
    main()
