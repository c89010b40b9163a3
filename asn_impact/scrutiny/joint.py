"""Are all estimates before training zero: the Wald test over all leads, with the degrees of freedom that clusters bear.

Many leads and few clusters make a variance matrix that is mostly noise, and a chi squared test that rejects a true null
half of the time. Hotelling's T squared with the degrees of freedom of the whole matrix (Pustejovsky and Tipton 2018)
holds; where the clusters cannot bear so many leads there is no test, and it says so.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from asn_impact.arrays import Bool, Float, Int
from asn_impact.errors import InferenceError
from asn_impact.estimation import BiasReduced, ClusterRobust, Inference, Jackknife, Simultaneous
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.fit import spread, two_groups
from asn_impact.estimation.inference import Rule
from asn_impact.estimation.jackknife import WELCH_CAP, Degrees
from asn_impact.scrutiny.event_path import EventPath
from asn_impact.scrutiny.pretrends import JointTest, joint_test
from asn_impact.verbs import public_verb
from asn_impact.words import Message, paragraph

_LEAST: Final = 2.0  # degrees of freedom left over below which a test of several leads hardly ever rejects anything
_SINGULAR: Final = 1e-10  # smallest eigenvalue of the correlations of the leads below which some say the same
_MOST_NUMBERS: Final = 10_000_000  # weights on the cells without each cluster that are looked at


@public_verb
def joint_leads(events: Inference | EventPath) -> JointTest:
    """Return the Wald test that every effect before training is zero: all leads together.

    Leads are the event times before training, or the effects of each wave in each period before it (the test that the
    R package did prints). Periods of anticipation are not among them. The statistic is beta' V^-1 beta with the
    variance of the rule; it is held against Hotelling's T squared with the degrees of freedom of V as a matrix.

    Parameters
    ----------
    events
        ``infer(effects.event_study(), BiasReduced())``, ``infer(effects, rule)`` or an `EventPath`.

    Raises
    ------
    InferenceError
        There are no leads, more than the clusters can bear, some that say the same or that have no standard error; or
        the rule has no variance for several numbers at once.

    Notes
    -----
    Pustejovsky and Tipton (2018), Journal of Business & Economic Statistics 36: their approximate Hotelling test
    (``HTZ`` in the R package clubSandwich), with weights on the cells in place of a regression. Where these are too
    many to look at, the smallest degrees of freedom of a single lead are used. `JointTest.wald` over a chi squared with
    as many degrees of freedom as leads is what did prints: it rejects too often with few clusters.

    Examples
    --------
    >>> import asn_impact as ai
    >>> events = ai.infer(ai.GroupTime()(ai.example_design()).event_study(), ai.BiasReduced())
    >>> test = ai.joint_leads(ai.event_path(events, every=2))
    >>> test.df_num, round(test.df_denom, 1), round(float(test.p_value), 2)
    (2, 6.2, 0.23)
    """
    inference, rows = _leads_of(events)
    rule = _rule_of(inference)
    _refuse_unknown(inference, rows)
    variance, beta = inference.variance[np.ix_(rows, rows)], inference.estimate[rows]
    degrees: Degrees = rule.degrees if isinstance(rule, BiasReduced | Jackknife) else "satterthwaite"
    df = matrix_degrees(inference.effects, rows, degrees)
    if np.isinf(df) or isinstance(rule, ClusterRobust):
        df = min(df, float(inference.df[rows].min()))
    if df - len(rows) + 1 < (_LEAST if len(rows) > 1 else 0.0):
        raise InferenceError(_too_many(inference, len(rows), df))
    error = np.sqrt(np.diag(variance))
    if np.linalg.eigvalsh(variance / np.outer(error, error))[0] < _SINGULAR:
        raise InferenceError(Message("checks.joint.same", q=len(rows)))
    return joint_test(beta, variance, df)


def matrix_degrees(effects: Effects, rows: Int, degrees: Degrees = "satterthwaite") -> float:
    """Return the degrees of freedom of the variance matrix of some estimates, under independent errors.

    The matrix is a sum over clusters of the outer products of q deviations. In units in which its expectation is the
    identity its degrees of freedom are q (q + 1) over the sum of the variances of its entries: those of the Wishart
    matrix that varies as much. With ``"welch"`` treated and untreated clusters are as noisy as they are found to be, as
    in `BiasReduced`, with the same cap. Infinite where the weights are too many to look at.
    """
    panel, clusters = effects.design.panel, len(effects.design.clusters)
    if clusters * len(effects.terms) * panel.mean.size > _MOST_NUMBERS:
        return np.inf
    weights = spread(effects, effects.fit.differences(effects)[:, rows])
    own = np.zeros((len(rows), clusters))
    np.add.at(own.T, effects.design.cluster, (spread(effects, effects.loadings()[rows]) ** 2).sum(axis=2).T)
    expected = (weights**2).sum(axis=(2, 3))
    scale = np.sqrt(np.divide(own.T, expected, out=np.zeros_like(expected), where=(expected > 0) & (own.T > 0)))
    weights = weights * scale[:, :, None, None]
    equal = _wishart(weights)
    if degrees == "satterthwaite":
        return equal
    found = np.nan_to_num(effects.leave_one_out() - effects.estimate)[:, rows] * scale
    noise = _noise(found, weights, two_groups(effects.design))[effects.design.cluster]
    return min(_wishart(weights * np.sqrt(noise)[None, None, :, None]), WELCH_CAP * equal)


def _noise(found: Float, weights: Float, groups: Bool) -> Float:
    """(G,) noise in the group of each cluster: (G, q) squared deviations over what equal noise would make of them."""
    expected = (weights**2).sum(axis=(2, 3))
    total = np.where(expected.sum(axis=0) > 0, expected.sum(axis=0), 1.0)
    ratio = [(found[group] ** 2 / total).sum() / (expected[group] / total).sum() for group in groups]
    return np.asarray(np.where(groups[0], ratio[0], ratio[-1]))


def _wishart(weights: Float) -> float:
    """Return the degrees of freedom of a sum of outer products of sums of independent errors, (G, q, U, T) weights."""
    deviation = weights.reshape(*weights.shape[:2], -1)
    q = deviation.shape[1]
    values, vectors = np.linalg.eigh(np.einsum("gsn,gtn->st", deviation, deviation))
    if not values[0] > _SINGULAR * values[-1]:
        return 0.0
    whitened = np.einsum("st,gtn->gsn", (vectors / np.sqrt(values)).T, deviation)
    flat = whitened.reshape(-1, deviation.shape[2])
    moment = (flat @ flat.T).reshape(len(deviation), q, len(deviation), q)
    alike = (np.einsum("gshs->gh", moment) ** 2).sum()
    crossed = np.einsum("gsht,gths->", moment, moment)
    return float(q * (q + 1) / (alike + crossed))


def _leads_of(events: Inference | EventPath) -> tuple[Inference, Int]:
    """Return the inference that holds the leads, and their rows."""
    if isinstance(events, EventPath):
        return events.inference, np.arange(events.pre)
    terms = events.effects.terms
    ahead = events.effects.anticipation
    rows = np.flatnonzero(terms["event_time"] < -ahead) if "event_time" in terms else np.zeros(0, dtype=np.int64)
    if not rows.size:
        raise InferenceError(Message("checks.joint.none"))
    return events, rows


def _rule_of(inference: Inference) -> Rule:
    """Return the rule that the variance is from; refuse one that tests one number at a time."""
    rule = inference.rule.rule if isinstance(inference.rule, Simultaneous) else inference.rule
    if not isinstance(rule, BiasReduced | Jackknife | ClusterRobust):
        raise InferenceError(Message("checks.joint.rule", rule=rule.entry.name))
    return rule


def _refuse_unknown(inference: Inference, rows: Int) -> None:
    unknown = rows[~np.isfinite(np.diag(inference.variance)[rows])]
    if unknown.size:
        labels = [inference.effects.labels[i] for i in unknown]
        problem = Message("checks.joint.no_error", n=len(labels), terms=labels)
        raise InferenceError(paragraph(problem, *inference.notes))


def _too_many(inference: Inference, leads: int, df: float) -> Message:
    design, most = inference.effects.design, max(int(df - 1), 1)
    found = Message(
        "checks.joint.too_many",
        q=leads,
        clusters=len(design.clusters),
        treated=design.treated_clusters,
        df=df,
    )
    last = inference.effects.anticipation + most
    fewer = Message("checks.joint.fewer", most=most, first=-last)
    return paragraph(found, fewer, Message("checks.joint.grouped") if inference.effects.reference is not None else None)
