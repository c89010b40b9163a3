"""Effects of groups of the trained, such as those of each provider, and whether they can be told apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any, Final

import numpy as np
import pandas as pd
import scipy

from asn_impact.arguments import Level, did_you_mean
from asn_impact.arrays import Bool, Float
from asn_impact.designs import Design
from asn_impact.display import card
from asn_impact.errors import AsnImpactError, EstimationError
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.fit import Fit
from asn_impact.estimation.inference import Inference, Rule, infer
from asn_impact.estimation.simultaneous import holm
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Language, Message, Quantity, Sentence, each_once, paragraph, verbatim
from asn_impact.words.writing import decimals_for

WAVE: Final = "wave"
FEWEST: Final = 2  # trained clusters of a group: the luck of one cannot be told from what was done to it
MOST: Final = 20  # groups: more than a table can show
_NOUNS: Final = ("provider", "dose", WAVE, "service")


@dataclass(frozen=True, eq=False)
class GroupFit(Fit):
    """One effect a group, each estimated on a design of its own; clusters and units find each other by their labels."""

    design: Design
    parts: tuple[Effects, ...]

    @property
    def estimate(self) -> Float:
        return np.array([part.estimate[0] for part in self.parts])

    def influence(self) -> Float:
        return self._by_cluster(np.zeros(len(self.parts)), lambda part: np.nan_to_num(part.influence))

    def shared(self) -> Float:
        """(G, k) what each cluster adds to each effect, scaled as `BiasReduced` does: by it the effects hang together.

        Not the influence: residuals of few treated clusters are too small, so that the controls, which all effects
        share, would seem to be most of each.
        """
        nothing = np.zeros(len(self.parts))
        return self._by_cluster(nothing, lambda part: np.nan_to_num(part.fit.bias_reduced(part).value))

    def leave_one_out(self) -> Float:
        return self._by_cluster(self.estimate, lambda part: part.leave_one_out())

    def loadings(self) -> Float:
        whole = np.zeros((len(self.parts), *self.design.panel.mean.shape))
        place = {unit: i for i, unit in enumerate(self.design.panel.units)}
        for j, part in enumerate(self.parts):
            whole[j, [place[unit] for unit in part.design.panel.units]] = part.loadings()[0]
        return whole

    def _by_cluster(self, elsewhere: Float, values: Callable[[Effects], Float]) -> Float:
        """(G, k) the (c, 1) values of the clusters of each effect; (k,) what the other clusters have."""
        place = {label: i for i, label in enumerate(self.design.clusters)}
        whole = np.tile(elsewhere, (len(self.design.clusters), 1))
        for j, part in enumerate(self.parts):
            whole[[place[label] for label in part.design.clusters], j] = values(part)[:, 0]
        return whole


@dataclass(frozen=True, eq=False)
class Groups(Guided):
    """The effect of each group of the trained, and whether they can be told apart.

    Attributes
    ----------
    by
        What makes the groups, as it was asked for: ``"provider"``.
    inference
        One effect a group; its variance is that of all of them together.
    sizes
        (k,) trained clusters of each group.
    records
        (k,) records behind the trained cells of each group.
    notes
        What was left out: groups with a single trained cluster, or without a comparison.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GLSImputation()(ai.example_design())
    >>> compare_groups(effects, "wave", ai.BiasReduced())
    Groups('wave': 2024-06, 2024-08; p of all equal 0.1)
    """

    by: str
    inference: Inference
    sizes: tuple[int, ...]
    records: tuple[int, ...]
    notes: tuple[Message, ...] = ()

    @property
    def labels(self) -> tuple[Any, ...]:
        """(k,) names of the groups, as they were given."""
        return tuple(self.inference.effects.terms["group"])

    @cached_property
    def equal_p_value(self) -> float:
        """How surprising the largest difference of two groups is if all are equal; NaN where it cannot be had.

        The smallest p-value of `pairs`, which are corrected for how many there are (Holm 1979).
        """
        found = self.pairs()["p_value"].to_numpy()
        return float(np.nanmin(found)) if np.isfinite(found).any() else np.nan

    @public_verb
    def pairs(self, level: Level = 0.95) -> pd.DataFrame:
        """Return a row for each two groups: one, other, difference, std_error, df, p_value, conf_low, conf_high.

        The intervals hold for all pairs together (Bonferroni), the p-values are corrected by Holm. Degrees of freedom
        by Satterthwaite (1946).
        """
        pairs = list(combinations(range(len(self.labels)), 2))
        one, other = (np.array([pair[i] for pair in pairs], dtype=int) for i in (0, 1))
        own, df, estimate = np.diag(self.inference.variance), self.inference.df, self.inference.estimate
        variance = own[one] + own[other] - 2 * self.inference.variance[one, other]
        error = np.sqrt(np.where(variance > 0, variance, np.nan))
        freedom = (own[one] + own[other]) ** 2 / (own[one] ** 2 / df[one] + own[other] ** 2 / df[other])
        difference = estimate[one] - estimate[other]
        reach = scipy.special.stdtrit(freedom, 1 - (1 - level) / 2 / len(pairs)) * error
        return pd.DataFrame(
            {
                "one": [self.labels[i] for i in one],
                "other": [self.labels[i] for i in other],
                **{"difference": difference, "std_error": error, "df": freedom},
                "p_value": holm(2 * scipy.special.stdtr(freedom, -np.abs(difference / error))),
                **{"conf_low": difference - reach, "conf_high": difference + reach},
            }
        )

    @public_verb
    def table(self, level: Level = 0.95) -> pd.DataFrame:
        """Return a row a group: group, clusters, estimate, std_error, df, p_value, conf_low, conf_high.

        The intervals hold for all groups together (Bonferroni), the p-values are corrected by Holm.
        """
        low, high = self.inference.interval(1 - (1 - level) / len(self.labels))
        columns = ["estimate", "std_error", "df"]
        table = self.inference.table()[["group", *columns]]
        table.insert(1, "clusters", self.sizes)
        return table.assign(p_value=holm(self.inference.p_value), conf_low=low, conf_high=high)

    @public_verb
    def statements(self, level: Level = 0.95) -> tuple[Message, ...]:
        """Return what can be said: how many groups there are, and whether they can be told apart, then the notes."""
        p = self.equal_p_value
        sizes = {"low": min(self.sizes), "high": max(self.sizes)}
        same = "alike" if sizes["low"] == sizes["high"] else "differing"
        facts = {"n": len(self.labels), "noun": noun_of(self.by), "sizes": Message(f"grouped.sizes.{same}", **sizes)}
        if not np.isfinite(p):
            return (Message("grouped.no_test", **facts), *self.notes)
        if p >= 1 - level:
            return (Message("grouped.not_apart", p=p, **facts), *self.notes)
        words, pairs = self.inference.effects.outcome.words, self.pairs(level)
        widest = pairs.iloc[int(np.nanargmin(pairs["p_value"].to_numpy()))]
        numbers = [float(words.shown(widest[name])) for name in ("difference", "conf_low", "conf_high")]
        shown = [Quantity(n, "groups.pairs", decimals_for(numbers, words.decimals)) for n in numbers]
        ends = {"difference": shown[0], "low": shown[1], "high": shown[2], "unit": words.unit}
        most = Message("grouped.widest", one=widest["one"], other=widest["other"], **ends)
        return (paragraph(Message("grouped.apart", p=p, **facts), most), *self.notes)

    def sentences(self, language: Language, level: float = 0.95) -> tuple[Sentence, ...]:
        """Return what can be said in a language."""
        return tuple(statement.text(language) for statement in self.statements(level))

    def __repr__(self) -> str:
        names = ", ".join(map(str, self.labels))
        return f"Groups({self.by!r}: {names}; p of all equal {self.equal_p_value:.2g})"

    def _repr_html_(self) -> str:
        return card(repr(self), [("en", said) for said in self.statements()], table=self.table().round(4))


def noun_of(by: str) -> Message:
    """Return what the groups are called: providers, waves, or groups by a column."""
    return Message(f"grouped.noun.{by}") if by in _NOUNS else Message("grouped.noun.other", by=by)


@public_verb
def compare_groups(effects: Effects, by: str, rule: Rule, *, groups: Mapping[Any, Any] | None = None) -> Groups:
    """Return the effect of each group of the trained, against common controls, and a test that all are equal.

    Groups of offices (providers, doses, waves) share their controls: whoever is not trained, or not yet. Groups that
    trained and untrained units both have (the services of an office) are each compared within themselves. Groups are
    not drawn by lot: what their offices had in common besides is in the difference.

    Parameters
    ----------
    effects
        Of any estimator that has an overall effect: it is called again for each group.
    by
        ``"wave"``, or an attribute of the units; with `groups` the name of what these are.
    rule
        Of inference.
    groups
        Unit, or cluster -> its group; those that are not in it are in none, and left out where they are trained.

    Raises
    ------
    EstimationError
        There is no such attribute, or there are fewer than two groups with two trained clusters, or too many.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GLSImputation()(ai.example_design())
    >>> found = ai.compare_groups(effects, "wave", ai.BiasReduced())
    >>> found.table()[["group", "clusters", "estimate"]].round(1).values.tolist()
    [['2024-06', 3, -1.9], ['2024-08', 3, -2.2]]
    >>> print(found.statements()[0])
    2 waves, 3 offices each: their effects cannot be told apart (p = 0.102).
    """
    design, estimator = effects.design, effects.estimator
    design.require_staying("compare_groups()")
    own = _labels_of(design, by, groups)
    trained = np.isfinite(design.adopted)
    names = _in_order([label for label in own[trained] if label is not None])
    if len(names) > MOST:
        raise EstimationError(Message("grouped.many", n=len(names), by=by, most=MOST))
    shared = all(label is None for label in own[~trained])
    each, kept, notes = list[Inference](), list[Any](), list[Message]()
    for name in names:
        members = np.array([label == name for label in own], dtype=bool)
        n = len(np.unique(design.cluster[members & trained]))
        if n < FEWEST:
            notes.append(Message("grouped.one_office", group=_said(name)))
            continue
        apart = _alone(effects, members) if shared else design.where(members)
        try:
            found = infer(estimator.estimate(apart).overall(), rule)
        except AsnImpactError as problem:
            notes.append(Message("grouped.not_estimable", group=_said(name), why=problem.message))
            continue
        each.append(found)
        kept.append((name, n, int(design.panel.n[members & trained][design.treated()[members & trained]].sum())))
    if without := int(sum(label is None for label in own[trained])):
        notes.append(Message("grouped.of_none", n=without))
    if len(each) < 2:
        raise EstimationError(paragraph(Message("grouped.too_few", by=noun_of(by), n=len(each)), *notes))
    inference = _together(effects, rule, [name for name, _, _ in kept], each)
    return Groups(by, inference, tuple(n for _, n, _ in kept), tuple(r for _, _, r in kept), tuple(notes))


def _labels_of(design: Design, by: str, groups: Mapping[Any, Any] | None) -> Any:  # noqa: ANN401 - an array
    """(U,) group of each unit, None for none."""
    if groups is not None:
        clusters = [design.clusters[c] for c in design.cluster]
        found = [groups.get(u, groups.get(c)) for u, c in zip(design.panel.units, clusters, strict=True)]
    elif by in design.panel.attributes.columns:
        found = design.panel.attributes[by].tolist()
    elif by == WAVE:
        found = [design.cohort_label(s) if np.isfinite(s) else None for s in design.adopted]
    else:
        known = (WAVE, *map(str, design.panel.attributes.columns))
        unknown = Message("grouped.unknown", by=by)
        raise EstimationError(paragraph(unknown, did_you_mean(by, known), Message("grouped.known", known=known)))
    labels = np.empty(len(found), dtype=object)
    for i, label in enumerate(found):
        labels[i] = None if label is None or (isinstance(label, float) and np.isnan(label)) else label
    return labels


def _in_order(labels: Sequence[Any]) -> list[Any]:
    """Return the distinct labels, numbers by size and texts by letter; messages as they come."""
    distinct = list(dict.fromkeys(labels))
    return distinct if any(isinstance(one, Message) for one in distinct) else sorted(distinct, key=_rank)


def _rank(label: object) -> tuple[bool, float, str]:
    number = isinstance(label, int | float)
    return not number, float(label) if isinstance(label, int | float) else 0.0, str(label)


def _said(label: object) -> Message:
    return label if isinstance(label, Message) else verbatim(str(label))


def _alone(effects: Effects, members: Bool) -> Design:
    """Return the design in which a group alone is trained: of the others what came before their training is kept.

    Where the estimator compares with the never trained, or needs every cell, the others are left out.
    """
    design = effects.design
    others = np.isfinite(design.adopted) & ~members
    if effects.estimator.compares_whole_units:
        return design.where(~others)
    reached = design.shifted(-effects.anticipation).treated() & others[:, None]
    panel = design.panel.without_cells(reached)
    alone = replace(design, panel=panel, adopted=np.where(others, np.inf, design.adopted))
    return alone.where(panel.observed.any(axis=1) | ~others)


def _together(effects: Effects, rule: Rule, names: list[Any], each: Sequence[Inference]) -> Inference:
    """Return the effects of all groups as one inference.

    Each has the variance and degrees of freedom that the rule gives it alone; for how they hang together see `shared`.
    """
    fit = GroupFit(effects.design, tuple(one.effects for one in each))
    error, df = np.array([one.std_error[0] for one in each]), np.array([one.df[0] for one in each])
    shared = fit.shared()
    length = np.sqrt((shared**2).sum(axis=0))
    unit = np.divide(shared, length, out=np.zeros_like(shared), where=length > 0)
    variance = (unit.T @ unit) * error[:, None] * error
    np.fill_diagonal(variance, error**2)
    terms = pd.DataFrame({"group": pd.Series(names, dtype=object)})
    whose: dict[Message, list[Message]] = {}
    for name, one in zip(names, each, strict=True):
        for note in each_once(one.notes):
            whose.setdefault(note, []).append(_said(name))
    notes = tuple(type(note)("grouped.note", groups=tuple(groups), note=note) for note, groups in whose.items())
    whole = Effects(effects.estimator, effects.design, terms, fit, notes=notes)
    return Inference(whole, rule, fit.estimate, variance, df, notes)
