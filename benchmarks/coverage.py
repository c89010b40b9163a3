"""How often does each rule reject a true null? Prints the table of docs/coverage.md.

    python benchmarks/coverage.py                      # 2,000 draws a cell, every estimator: about a quarter of an hour
    python benchmarks/coverage.py --draws 10000 --estimators GroupTime
    python benchmarks/coverage.py --write docs/coverage.md
    python benchmarks/coverage.py --default --draws 10000              # the default rule alone, more estimators

No effect anywhere; 24 months; errors of an office follow an AR(1); 8 to 40 offices of which 2, 4 or half are treated,
at one date or in waves; offices equally or unequally large (small ones are noisier); treated offices as noisy as the
others, or twice.

Nearly all estimators are linear in the cell means, so their weights are worked out once for a design and applied to
all draws at a time. That this is the same as calling `infer` is checked on the first draws of every cell.

With `--default`, estimators that choose their weights by the outcome (`SyntheticDiD`, `Efficient`) are called draw by
draw, on fewer draws (`--few`) and on offices that are equally large, up to 20 of them.

With `--groups`, the test of `compare_groups` that all groups of the trained have one effect, beside 24 untrained.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from pages import write_between
from scipy import stats

from asn_impact.designs import Design
from asn_impact.errors import EstimationError, InferenceError
from asn_impact.estimation import (
    BiasReduced,
    ClusterRobust,
    Dose,
    Effects,
    Efficient,
    GLSImputation,
    GroupTime,
    Imputation,
    InteractionWeighted,
    Jackknife,
    Saturated,
    Stacked,
    SyntheticDiD,
    TripleDifference,
    TwoStage,
    TwoWay,
    WildBootstrap,
    infer,
)
from asn_impact.estimation.grouped import compare_groups
from asn_impact.estimation.jackknife import WELCH_CAP
from asn_impact.measures.outcomes import Mean
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline

MONTHS, PERSISTENCE, LEVEL = 24, 0.5, 0.05
SIGNS, DEALS, RESAMPLED = 399, 199, 500  # bootstrap draws, permutations, and the outcomes that are resampled
WAVES = {"one date": (12,), "waves": (8, 12, 16)}
ESTIMATORS = {
    "GroupTime": GroupTime(),
    "TwoWay": TwoWay(),
    "Stacked": Stacked(4, 4),
    "Imputation": Imputation(),
    "InteractionWeighted": InteractionWeighted(),
}


MORE = {
    **ESTIMATORS,
    "Saturated": Saturated(),
    "TwoStage": TwoStage(),
    "TripleDifference": TripleDifference("reached"),
    "Dose": Dose(),
    "SyntheticDiD": SyntheticDiD(),
    "Efficient": Efficient(),
    "GLSImputation": GLSImputation(),
}
LINEAR = {**ESTIMATORS, "GLSImputation": GLSImputation(correlation=PERSISTENCE, ratio=np.inf)}
GROUPS = ((4, 5, 5), (8, 8))  # trained offices of each provider
ONE_BY_ONE = ("SyntheticDiD", "Efficient", "GLSImputation")


@dataclass(frozen=True)
class World:
    """One cell of the table."""

    timing: str
    offices: int
    treated: int
    noise: str
    sizes: str


def worlds() -> Iterator[World]:
    """Yield the cells of the table, in order."""
    for timing in WAVES:
        for offices in (8, 12, 20, 40):
            for treated in sorted({2, 4, offices // 2}):
                for noise in ("equal", "treated twice"):
                    for sizes in ("equal", "unequal"):
                        yield World(timing, offices, treated, noise, sizes)


def blank(world: World) -> Design:
    """Return the design of a world, with an outcome of zero."""
    adopted = np.full(world.offices, np.inf)
    waves = WAVES[world.timing]
    adopted[: world.treated] = [waves[i % len(waves)] for i in range(world.treated)]
    shape = (world.offices, MONTHS)
    panel = Panel(
        outcome=Mean("noise"),
        units=tuple(range(world.offices)),
        timeline=Timeline("step", np.arange(MONTHS)),
        n=np.ones(shape),
        mean=np.zeros(shape),
        weight=np.ones(shape),
        attributes=pd.DataFrame({"office": range(world.offices)}),
    )
    return Design(panel, adopted, np.arange(world.offices), tuple(range(world.offices)), "office")


def dressed(world: World, name: str) -> Design:
    """Return the design with what an estimator asks for: doses of one and two, or two services an office."""
    design = blank(world)
    panel = design.panel
    if name == "Dose":
        doses = 1.0 + np.arange(world.offices) % 2
        return replace(design, panel=replace(panel, attributes=panel.attributes.assign(dose=doses)))
    if name != "TripleDifference":
        return design
    twice = np.repeat(np.arange(world.offices), 2)
    both = replace(panel.select(twice), units=tuple(range(len(twice))))
    attributes = both.attributes.assign(reached=np.arange(len(twice)) % 2 == 0)
    return replace(
        design, panel=replace(both, attributes=attributes), adopted=design.adopted[twice], cluster=design.cluster[twice]
    )


def draw(world: World, draws: int, seed: int) -> np.ndarray:
    """(draws, U, T) outcomes without any effect."""
    rng = np.random.default_rng([seed, *map(ord, repr(world))])
    scale = np.ones(world.offices)
    if world.sizes == "unequal":
        scale = np.sqrt(0.5 + 0.5 / np.exp(np.random.default_rng(7).normal(0, 0.8, world.offices)))
    if world.noise == "treated twice":
        scale[: world.treated] *= 2
    errors = rng.standard_normal((draws, world.offices, MONTHS))
    for t in range(1, MONTHS):
        errors[:, :, t] = PERSISTENCE * errors[:, :, t - 1] + np.sqrt(1 - PERSISTENCE**2) * errors[:, :, t]
    return errors * scale[:, None]


def outcome(effects: Effects, values: np.ndarray) -> Effects:
    """Return the same effects of another outcome."""
    return effects.again(replace(effects.design, panel=replace(effects.design.panel, mean=values)))


def operators(effects: Effects) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Weights of the estimate (C,), and of influence, deviations and bias-reduced parts (G, C), on all C cells.

    Offices that adopt together are interchangeable, so one office of each wave is enough to learn the influence.
    """
    design = effects.design
    units, months = design.panel.mean.shape
    influence = np.empty((units, units, months))
    for wave in np.unique(design.adopted):
        first, *others = np.flatnonzero(design.adopted == wave)
        for month in range(months):
            alone = np.zeros((units, months))
            alone[first, month] = 1.0
            influence[:, first, month] = outcome(effects, alone).influence[:, 0]
            for other in others:
                swapped = np.arange(units)
                swapped[[first, other]] = other, first
                influence[:, other, month] = influence[swapped, first, month]
    weights = effects.loadings()[0].ravel()
    deviation = effects.fit.differences(effects)[:, 0].reshape(units, -1)
    if not effects.fit.regression:
        own = (weights.reshape(units, -1) ** 2).sum(axis=1)
        total = (deviation**2).sum(axis=1)
        reduced = deviation * np.sqrt(np.divide(own, total, out=np.zeros(units), where=total > 0))[:, None]
    else:
        reduced = regression_parts(effects)
    return weights, influence.reshape(units, -1), deviation, reduced


def regression_parts(effects: Effects) -> np.ndarray:
    """(G, C) weights of the CR2 contributions of a regression on all cells: linear, so one cell at a time."""
    units, months = effects.design.panel.mean.shape
    parts = np.empty((units, units * months))
    for cell in range(units * months):
        alone = np.zeros((units, months))
        alone.flat[cell] = 1.0
        one = outcome(effects, alone)
        parts[:, cell] = one.fit.bias_reduced(one).value[:, 0]
    return parts


def welch(effects: Effects, parts, values: np.ndarray, term: int = 0) -> np.ndarray:
    """(draws,) Welch degrees of freedom of each draw, capped as `BiasReduced` does; the cap alone for one group."""
    design = effects.design
    treated = np.isin(np.arange(len(design.clusters)), design.cluster[np.isfinite(design.adopted)])
    groups = np.stack([treated, ~treated])
    traces = parts.traces(groups)
    expected = traces.expected[term].sum(axis=0)
    noise = np.stack([(values**2)[:, g].sum(axis=1) / expected[g].sum() for g in groups], axis=1)
    trace = noise @ traces.total[term]
    square = np.einsum("rh,rl,hl->r", noise, noise, traces.product[term])
    return np.minimum(trace**2 / square, WELCH_CAP * satterthwaite(parts, groups, term))


def satterthwaite(parts, groups: np.ndarray, term: int = 0) -> float:
    """Degrees of freedom under equal noise."""
    traces = parts.traces(groups)
    return float(traces.total[term].sum() ** 2 / traces.product[term].sum())


def rejections(world: World, estimator, draws: int, seed: int) -> dict[str, float]:
    """Share of draws in which each rule rejects at 5 %."""
    effects = estimator(blank(world)).overall()
    values = draw(world, draws, seed)
    weights, influence, deviation, reduced = operators(effects)
    flat = values.reshape(draws, -1)
    estimate, g = flat @ weights, world.offices
    treated = np.isfinite(effects.design.adopted)
    groups = np.stack([treated, ~treated])
    factor = g / (g - 1) * effects.fit.correction
    robust = ((flat @ influence.T) ** 2).sum(axis=1)
    jack = (g - 1) / g * ((flat @ deviation.T) ** 2).sum(axis=1)
    values2 = flat @ reduced.T
    cr2 = (values2**2).sum(axis=1)
    parts = effects.fit.bias_reduced(effects)
    df3, df2 = satterthwaite(effects.fit.deleted(effects), groups), satterthwaite(parts, groups)
    dfw = welch(effects, parts, values2)
    check(
        effects,
        values,
        {ClusterRobust(): (factor * robust, g - 1), Jackknife(): (jack, df3), BiasReduced(): (cr2, dfw)},
    )

    few = values[:RESAMPLED], estimate[:RESAMPLED]

    def rate(variance: np.ndarray, df) -> float:
        return float((2 * stats.t.sf(np.abs(estimate) / np.sqrt(variance), df) < LEVEL).mean())

    return {
        "CR0 normal": float((2 * stats.norm.sf(np.abs(estimate) / np.sqrt(robust)) < LEVEL).mean()),
        "CR1 t(G-1)": rate(factor * robust, g - 1),
        "CR3 t(G-1)": rate(jack, g - 1),
        "Jackknife": rate(jack, df3),
        "BiasReduced satt": rate(cr2, df2),
        "BiasReduced": rate(cr2, dfw),
        "WildBootstrap": wild(*few, factor * robust[:RESAMPLED], weights, influence * np.sqrt(factor), seed),
        "Permutation": dealt(*few, robust[:RESAMPLED], weights, influence, seed),
    }


def default_rate(world: World, name: str, words: argparse.Namespace) -> dict[str, float]:
    """Share of draws in which the default rule rejects at 5 %, of those in which it says anything; and their number."""
    design = dressed(world, name)
    if name in ONE_BY_ONE:
        return _called(design, MORE[name], draw(world, words.few, words.seed))
    values = draw(world, words.draws, words.seed)
    if len(design.adopted) > world.offices:  # the second service has noise of its own
        values = np.stack([values, draw(world, words.draws, words.seed + 1)], axis=2).reshape(words.draws, -1, MONTHS)
    effects = MORE[name](design)
    return _worked_out(effects if name == "Dose" else effects.overall(), values)


def _worked_out(effects: Effects, values: np.ndarray) -> dict[str, float]:
    """Return the rate from the weights of the last estimate: the slope of `Dose`, the only one of the others."""
    term = len(effects.terms) - 1
    flat, g = values.reshape(len(values), -1), len(effects.design.clusters)
    weights, deviation = effects.loadings()[term].ravel(), effects.fit.differences(effects)[:, term].reshape(g, -1)
    if effects.fit.regression:
        reduced = regression_parts(effects)
    else:
        own = np.bincount(effects.design.cluster, (weights.reshape(values.shape[1:]) ** 2).sum(axis=1), minlength=g)
        total = (deviation**2).sum(axis=1)
        reduced = deviation * np.sqrt(np.divide(own, total, out=np.zeros(g), where=total > 0))[:, None]
    contributions = flat @ reduced.T
    variance, df = (
        (contributions**2).sum(axis=1),
        welch(effects, effects.fit.bias_reduced(effects), contributions, term),
    )
    for r in range(2):
        one = infer(outcome(effects, values[r]), BiasReduced())
        np.testing.assert_allclose(one.std_error[term] ** 2, variance[r], rtol=1e-7)
        np.testing.assert_allclose(one.df[term], df[r], rtol=1e-7)
    if np.isnan(variance).any():
        raise InferenceError("No standard error: too few treated offices.")
    rate = (2 * stats.t.sf(np.abs(flat @ weights) / np.sqrt(variance), df) < LEVEL).mean()
    return {"rate": float(rate), "draws": len(values)}


def _called(design: Design, estimator, values: np.ndarray) -> dict[str, float]:
    """Return the rate from calling the estimator and the rule draw by draw."""
    p = [
        infer(estimator(replace(design, panel=replace(design.panel, mean=mean))).overall(), BiasReduced()).p_value[0]
        for mean in values
    ]
    return {"rate": float((np.array(p) < LEVEL).mean()), "draws": len(values)}


def default_table(words: argparse.Namespace) -> pd.DataFrame:
    """Return one row a cell and estimator; a cell an estimator refuses is left out."""
    rows = []
    for name in words.estimators:
        for world in worlds():
            if name in ONE_BY_ONE and (world.offices > 20 or world.sizes == "unequal"):
                continue
            try:
                row = {"estimator": name, **vars(world), **default_rate(world, name, words)}
            except (EstimationError, InferenceError) as refusal:
                print(name, world, "refused:", str(refusal)[:60], flush=True)
                continue
            rows.append(row)
            print(*row.values(), flush=True)
    return pd.DataFrame(rows)


def groups_table(words: argparse.Namespace) -> pd.DataFrame:
    """Return how often `compare_groups` tells groups apart whose effects are all zero."""
    rows = []
    for sizes in GROUPS:
        treated = sum(sizes)
        world = World("waves", treated + 24, treated, "equal", "equal")
        design, values = blank(world), draw(world, words.draws, words.seed)
        of = dict(enumerate(np.repeat(range(len(sizes)), sizes).tolist()))
        for name in words.estimators:
            p = equal_p_values(design, LINEAR[name], of, values)
            rates = {f"at {level}": float((p <= level).mean()) for level in (0.01, 0.05, 0.10)}
            rows.append({"groups": str(sizes), "estimator": name, "draws": words.draws, **rates})
    return pd.DataFrame(rows)


def equal_p_values(design: Design, estimator, of: dict[int, int], values: np.ndarray) -> np.ndarray:
    """(draws,) p-value that all groups are equal: `Groups.equal_p_value` of each draw, checked on the first ones."""

    def called(mean: np.ndarray):
        noisy = replace(design, panel=replace(design.panel, mean=mean))
        return compare_groups(estimator(noisy), "provider", BiasReduced(), groups=of)

    found = [_linear(part, values) for part in called(values[0]).inference.effects.fit.parts]
    least = np.ones(len(values))
    for (x, v, df_x, along_x), (y, w, df_y, along_y) in combinations(found, 2):
        length = np.linalg.norm(along_x, axis=1) * np.linalg.norm(along_y, axis=1)
        variance = v + w - 2 * (along_x * along_y).sum(axis=1) / length * np.sqrt(v * w)
        df = (v + w) ** 2 / (v**2 / df_x + w**2 / df_y)
        least = np.minimum(least, 2 * stats.t.sf(np.abs(x - y) / np.sqrt(variance), df))
    p = np.minimum(1.0, least * len(found) * (len(found) - 1) / 2)
    np.testing.assert_allclose(p[:3], [called(mean).equal_p_value for mean in values[:3]], rtol=1e-6)
    return p


def _linear(part: Effects, values: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return estimate, variance, degrees of freedom (draws,) and contributions (draws, G) of a group, by its cells."""
    inside = np.array(part.design.panel.units)
    own = values[:, inside].reshape(len(values), -1)
    units, months = part.design.panel.mean.shape
    cells = np.flatnonzero(part.design.panel.observed)
    reduced = np.zeros((units, units * months))
    for cell in cells:
        alone = np.zeros(units * months)
        alone[cell] = 1.0
        one = outcome(part, alone.reshape(units, months))
        reduced[:, cell] = one.fit.bias_reduced(one).value[:, 0]
    along = np.zeros((len(values), values.shape[1]))
    along[:, inside] = own @ reduced.T
    df = welch(part, part.fit.bias_reduced(part), along[:, inside])
    return own @ part.loadings()[0].ravel(), (along**2).sum(axis=1), df, along


def check(effects: Effects, values: np.ndarray, expected: dict) -> None:
    """Stop unless `infer` says the same of the first two draws."""
    for r in range(2):
        one = outcome(effects, values[r])
        for rule, (variance, df) in expected.items():
            inference = infer(one, rule)
            np.testing.assert_allclose(inference.std_error[0] ** 2, variance[r], rtol=1e-7)
            np.testing.assert_allclose(inference.df[0], np.broadcast_to(df, len(values))[r], rtol=1e-7)


def wild(values, estimate, variance, weights, influence, seed: int) -> float:
    """Rejection rate of the restricted wild bootstrap, all sign vectors when there are no more than asked for."""
    draws, g, months = values.shape
    signs = WildBootstrap(max(SIGNS, 512 if 2**g <= 512 else 0), seed)._signs(g)
    centred = values - values.mean(axis=2, keepdims=True)
    restricted = centred - centred.mean(axis=1, keepdims=True)  # no effect: unit and period effects alone
    pieces = np.einsum("rgt,gt->rg", restricted, weights.reshape(g, months))
    spread = np.einsum("rgt,cgt->rgc", restricted, influence.reshape(g, g, months), optimize=True)
    rejected = 0
    for r in range(draws):
        drawn = np.abs(signs @ pieces[r]) / np.sqrt(((signs @ spread[r]) ** 2).sum(axis=1).clip(1e-300))
        observed = abs(estimate[r]) / np.sqrt(variance[r])
        rejected += (drawn > observed * (1 + 1e-9)).mean() < LEVEL
    return rejected / draws


def dealt(values, estimate, robust, weights, influence, seed: int) -> float:
    """Rejection rate of randomisation: dealing the offices' histories again is dealing the adoption times again."""
    rng = np.random.default_rng(seed)
    observed, larger = np.abs(estimate) / np.sqrt(robust), np.zeros(len(values))
    for _ in range(DEALS):
        flat = values[:, rng.permutation(values.shape[1])].reshape(len(values), -1)
        larger += np.abs(flat @ weights) / np.sqrt(((flat @ influence.T) ** 2).sum(axis=1)) >= observed * (1 - 1e-9)
    return float(((1 + larger) / (1 + DEALS) <= LEVEL).mean())


def main() -> None:
    """Work through the cells and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--estimators", nargs="+", default=None, choices=MORE)
    parser.add_argument("--default", action="store_true", help="the default rule alone, with the estimators of MORE")
    parser.add_argument("--groups", action="store_true", help="the test that groups of trained offices are alike")
    parser.add_argument("--few", type=int, default=500, help="draws for estimators that are called draw by draw")
    parser.add_argument("--write", type=Path, help="a Markdown file for the table")
    words = parser.parse_args()
    all_of = MORE if words.default else ["GLSImputation", "GroupTime"] if words.groups else ESTIMATORS
    words.estimators = words.estimators or list(all_of)
    rows = []
    start = time.process_time()
    if words.groups:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            print(groups_table(words).to_string(index=False))
        print(f"{time.process_time() - start:.0f} s CPU")
        return
    if words.default:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = default_table(words)
        print(default_summary(table).to_string(index=False))
        print(f"{len(table)} cells, {time.process_time() - start:.0f} s CPU")
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in words.estimators:
            for world in worlds():
                row = {"estimator": name, **vars(world), **rejections(world, ESTIMATORS[name], words.draws, words.seed)}
                rows.append(row)
                print(*(f"{v:.3f}" if isinstance(v, float) else v for v in row.values()), flush=True)
    table = pd.DataFrame(rows)
    print(summary(table).to_string())
    print(f"{len(rows)} cells of {words.draws} draws, {time.process_time() - start:.0f} s CPU")
    if words.write:
        write_between(words.write, "coverage", markdown(table, words))


def default_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row an estimator: cells, draws, least and largest rate in the fair cells, largest in all of them."""
    rows = []
    for name, group in table.groupby("estimator", sort=False):
        fair = group.loc[(group["treated"] >= 4) & (group["noise"] == "equal"), "rate"]
        spans = {"least fair": fair.min(), "largest fair": fair.max(), "largest": group["rate"].max()}
        rows.append({"estimator": name, "cells": len(group), "draws": int(group["draws"].iloc[0]), **spans})
    return pd.DataFrame(rows).round(4)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return the least and largest rate of each rule, over the cells the target speaks of."""
    rules = list(table.columns[6:])
    fair = table[(table["treated"] >= 4) & (table["noise"] == "equal")]
    rows = {
        "least, 4 or more treated, equal noise": fair[rules].min(),
        "largest, 4 or more treated, equal noise": fair[rules].max(),
        "largest, all cells": table[rules].max(),
    }
    return pd.DataFrame(rows).T.round(3)


def markdown(table: pd.DataFrame, words: argparse.Namespace) -> list[str]:
    """Return the lines of the tables: how they were made, the summary by estimator, every cell."""

    def grid(frame: pd.DataFrame) -> list[str]:
        lines = ["| " + " | ".join(frame.columns) + " |", "|" + " --- |" * len(frame.columns)]
        cells = frame.map(lambda v: f"{v:.3f}" if isinstance(v, float) else str(v))
        return lines + ["| " + " | ".join(row) + " |" for row in cells.to_numpy().tolist()]

    parts = [
        f"Made by `python benchmarks/coverage.py --draws {words.draws} --seed {words.seed} --write docs/coverage.md`.",
        "",
    ]
    for name, group in table.groupby("estimator", sort=False):
        parts += [f"### {name}", "", *grid(summary(group).rename_axis("cells").reset_index()), ""]
        parts += [*grid(group.drop(columns="estimator")), ""]
    return parts


if __name__ == "__main__":
    main()
