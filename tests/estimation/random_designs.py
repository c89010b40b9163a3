"""What the tests of estimators share: designs put together from an outcome and adoption times, and silence.

A design of random numbers is drawn in the order in which the first tests drew it, so that seeds keep their meaning.
"""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd

from asn_impact.designs import Design
from asn_impact.errors import DataWarning, EstimationError
from asn_impact.measures.outcomes import Mean
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline


def quietly(call, *args, **options):
    """What a call returns, without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return call(*args, **options)


def design_of(outcome, start, *, observed=None, weight=None, cluster=None, attributes=None, **panel):
    """Units over months: each unit its own cluster and of weight one, all cells observed, unless said otherwise."""
    units, periods = outcome.shape
    observed = np.ones(outcome.shape, dtype=bool) if observed is None else observed
    cluster = np.arange(units) if cluster is None else cluster
    cells = Panel(
        outcome=Mean("days"),
        units=panel.pop("units", tuple(range(units))),
        timeline=Timeline.months(np.arange(24276, 24276 + periods)),
        n=observed.astype(float),
        mean=np.where(observed, outcome, np.nan),
        weight=np.where(observed, 1.0 if weight is None else weight, 0.0),
        attributes=pd.DataFrame({"office": np.arange(units), **(attributes or {})}),
        **panel,
    )
    return Design(cells, np.asarray(start, dtype=float), cluster, tuple(range(cluster.max() + 1)), "office")


def with_mean(design, mean):
    """The same design with another outcome."""
    return replace(design, panel=replace(design.panel, mean=mean))


def random_design(
    seed,
    *,
    units=14,
    periods=6,
    clusters=None,
    missing=0.0,
    weighted=False,
    adopted=(2, 3, 4, np.inf),
    names=(),
    x=None,
):
    """A design of random numbers, each time of adoption twice at least; `x(rng, shape)` draws the named covariates."""
    rng = np.random.default_rng(seed)
    start = np.concatenate([np.repeat(adopted, 2), rng.choice(adopted, units - 2 * len(adopted))])
    observed = rng.random((units, periods)) >= missing
    weight = rng.uniform(0.5, 2, (units, periods)) if weighted else np.ones((units, periods))
    outcome = rng.normal(size=(units, periods)) + rng.normal(size=(units, 1)) + 0.5 * np.arange(periods)
    cluster = None if clusters is None else np.arange(units) % clusters
    beside = {}
    if x is not None:
        beside = {"covariates": names, "x": np.where(observed[:, :, None], x(rng, outcome.shape), np.nan)}
    return design_of(outcome, start, observed=observed, weight=weight, cluster=cluster, **beside)


def again_without(effects):
    """(G, k) the estimates made again without each cluster; NaN where one, or everything, has gone."""
    rows = np.full((len(effects.design.clusters), len(effects.terms)), np.nan)
    for c in range(len(rows)):
        with contextlib.suppress(EstimationError):
            rows[c] = aligned(effects, quietly(effects.again, effects.design.without(c)))
    return rows


def aligned(effects, other):
    """Estimates of other effects in the order of the terms; NaN where a term has gone."""
    found = dict(zip(other.terms.itertuples(index=False, name=None), other.estimate, strict=True))
    return np.array([found.get(row, np.nan) for row in effects.terms.itertuples(index=False, name=None)])
