"""The bootstrap over clusters: everything is estimated again on clusters drawn anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from asn_impact.arguments import AtLeast, Steps
from asn_impact.arrays import Float, Int
from asn_impact.designs import Design
from asn_impact.errors import AsnImpactError, InferenceError
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Inference, Rule, conclude, refuse_single_cluster
from asn_impact.estimation.methods import Method, rule_entry
from asn_impact.words import Message


@dataclass(frozen=True)
class ClusterBootstrap(Rule):
    """Variance of the estimates on clusters drawn with replacement; whatever is chosen by the outcome is chosen anew.

    For estimators whose weights come from the outcome, such as `SyntheticDiD`, which other rules take as given. It
    needs several treated clusters: with few of them some draws hold none, are drawn again, and the spread of the rest
    is too small.

    Parameters
    ----------
    reps
        Number of draws on which the estimates exist.
    seed
        Where the random draws start.

    Notes
    -----
    Efron (1979); for synthetic difference-in-differences Arkhangelsky et al. (2021), American Economic Review 111,
    algorithm 2, by cluster: V = mean of the squared distances of the draws from their mean. They use the normal; here
    t(G - 1).

    Examples
    --------
    >>> ClusterBootstrap(reps=200, seed=1).name
    'bootstrap of clusters, 200 draws, t(G - 1)'
    """

    reps: Annotated[int, AtLeast(2)]
    seed: Steps

    @property
    def entry(self) -> Method:
        draws = Message("rules.draws", reps=self.reps)
        return rule_entry("cluster_bootstrap", draws, Message("rules.cluster_robust.degrees"))

    def attach(self, effects: Effects) -> Inference:
        """Attach the variance over draws.

        Raises
        ------
        InferenceError
            On more than half of the draws some of the estimates do not exist.
        """
        refuse_single_cluster(effects)
        known = np.isfinite(effects.estimate)
        drawn: list[Float] = []
        tries = 0
        for estimate in self._draws(effects):
            tries += 1
            if np.isfinite(estimate[known]).all():
                drawn.append(estimate)
            if len(drawn) == self.reps or tries == 2 * self.reps:
                break
        if len(drawn) < self.reps:
            raise InferenceError(Message("inference.few_bootstrap_draws", n=tries - len(drawn), tries=tries))
        away = np.stack(drawn) - np.mean(drawn, axis=0)
        df = np.full(len(known), len(effects.design.clusters) - 1.0)
        inference = conclude(effects, self, away.T @ away / len(drawn), df)
        again = Message("inference.drawn_again", n=tries - self.reps, reps=self.reps)
        return replace(inference, notes=(*inference.notes, again)) if tries > self.reps else inference

    def _draws(self, effects: Effects) -> Iterator[Float]:
        """Yield the (k,) estimates on one draw after the other; NaN where they do not exist."""
        rng, clusters = np.random.default_rng(self.seed), len(effects.design.clusters)
        keys = list(effects.terms.itertuples(index=False, name=None))
        while True:
            design = _redrawn(effects.design, rng.integers(0, clusters, clusters))
            try:
                anew = effects.anew(design)
            except AsnImpactError:
                yield np.full(len(keys), np.nan)
                continue
            found = dict(zip(anew.terms.itertuples(index=False, name=None), anew.estimate, strict=True))
            yield np.array([found.get(key, np.nan) for key in keys])


def _redrawn(design: Design, chosen: Int) -> Design:
    """Return the design of some clusters by position, as often as named; each copy is a cluster."""
    members = [np.flatnonzero(design.cluster == c) for c in range(len(design.clusters))]
    units = np.concatenate([members[c] for c in chosen])
    return replace(
        design,
        panel=replace(design.panel.select(units), units=tuple(range(len(units)))),
        adopted=design.adopted[units],
        cluster=np.repeat(np.arange(len(chosen)), [len(members[c]) for c in chosen]),
        clusters=tuple(range(len(chosen))),
    )
