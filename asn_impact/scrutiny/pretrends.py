"""Were trends alike before training, and would this test have noticed if not.

A test that rejects nothing may simply be weak. So the joint test comes with its power against the straight line that
would explain the whole effect (Roth 2022), and with the smallest margin within which the differences before training
are shown to lie.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from asn_impact.arguments import Level
from asn_impact.arrays import Float
from asn_impact.errors import AsnImpactError, InferenceError
from asn_impact.estimation import Inference
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Rule
from asn_impact.estimation.simultaneous import holm
from asn_impact.scrutiny.before import LAST, look_before
from asn_impact.scrutiny.case import one_estimate, settled
from asn_impact.scrutiny.check import CONTRADICTS, Check, CheckEntry, Verdict
from asn_impact.scrutiny.event_path import EventPath, event_path
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Message, paragraph

INFORMATIVE = 0.8  # power a pre-trend test must have against the line that would explain the effect
_ALPHA = 0.05
_COLUMNS = ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")


@dataclass(frozen=True)
class JointTest(Guided):
    """A test that q estimates are all zero.

    Attributes
    ----------
    statistic
        F statistic; NaN where there are too few degrees of freedom.
    df_num, df_denom
        Its degrees of freedom.
    p_value
        Two-sided.

    Examples
    --------
    >>> import asn_impact as ai
    >>> events = ai.infer(ai.GroupTime()(ai.example_design()).event_study(), ai.BiasReduced())
    >>> path = ai.event_path(events, every=3)
    >>> test = ai.joint_leads(path)
    >>> test.df_num, round(test.p_value, 2)
    (1, np.float64(0.25))
    """

    statistic: float
    df_num: int
    df_denom: float
    p_value: float

    @property
    def wald(self) -> float:
        """The sum of squares beta' V^-1 beta, a chi squared with `df_num` degrees of freedom in large samples."""
        if np.isinf(self.df_denom):
            return self.statistic * self.df_num
        return self.statistic * self.df_num * (self.df_denom + self.df_num - 1) / self.df_denom


def joint_test(beta: Float, sigma: Float, df: float) -> JointTest:
    """Return the Wald test that all estimates are zero, with an F distribution (Hotelling's T squared).

    ``F = (df - q + 1) / (df q) * beta' sigma^-1 beta`` with q and df - q + 1 degrees of freedom; for infinite df a chi
    squared over q.

    Parameters
    ----------
    beta, sigma
        (q,) estimates and (q, q) variance.
    df
        Degrees of freedom of the variance: the smallest among the q, to be careful.

    Examples
    --------
    >>> import numpy as np
    >>> joint_test(np.array([2.0]), np.array([[1.0]]), 10.0).p_value.round(4).item()  # the t test
    0.0734
    """
    q = len(beta)
    wald = float(beta @ np.linalg.solve(sigma, beta))
    rest = df - q + 1
    if np.isinf(df):
        return JointTest(wald / q, q, np.inf, float(scipy.stats.chi2.sf(wald, q)))
    if not rest > 0:
        return JointTest(np.nan, q, np.nan, np.nan)
    statistic = wald * rest / (df * q)
    return JointTest(statistic, q, rest, scipy.stats.f.sf(statistic, q, rest))


def pretest_power(sigma: Float, departure: Float, *, critical: float = 1.959963984540054) -> float:
    """Return how often some estimate before training would be significant on its own, were the departure true.

    Parameters
    ----------
    sigma
        (q, q) variance of the estimates before training.
    departure
        (q,) true differences in trends at these periods.
    critical
        Absolute t statistic above which an estimate counts as significant; 1.96 as in Roth (2022).

    Notes
    -----
    Roth (2022), section II; R package pretrends. The normal rectangle is integrated to 1e-5.

    Examples
    --------
    >>> import numpy as np
    >>> round(pretest_power(np.eye(1), np.zeros(1)), 4)
    0.05
    """
    reach = critical * np.sqrt(np.diag(sigma))
    normal = scipy.stats.multivariate_normal(mean=departure, cov=sigma, allow_singular=True, seed=0)
    accepted = normal.cdf(reach, lower_limit=-reach)
    return float(min(max(1 - accepted, 0.0), 1.0))


def equivalence_margin(beta: Float, std_error: Float, df: Float, *, level: float = 0.95) -> float:
    """Return the smallest margin within which every estimate is shown to lie: two one-sided tests for each.

    All of q differences are smaller than a margin when each is shown to be (an intersection-union test). So the margin
    is the largest of ``|beta| + t std_error``. A margin given in advance passes when it is not below this one.
    """
    reach = scipy.stats.t.ppf(level, df) * std_error
    return float((np.abs(beta) + reach).max())


@public_verb
def pretrends(
    events: Inference | EventPath, *, effect: float | None = None, margin: float | None = None, level: Level = 0.95
) -> Check:
    """Return the check of trends before training: joint test, power against the explaining line, equivalence margin.

    Holds: not rejected, with a power of 0.8 or more against the line that explains the effect. It also holds where the
    differences are shown to lie within `margin`. Doubtful: not rejected, but the test is too weak to say so. Fails:
    rejected.

    Roth (2022); Borusyak, Jaravel and Spiess (2024, section 4.4).

    Parameters
    ----------
    events
        ``infer(effects.event_study(), rule)`` or an `EventPath` made from it.
    effect
        The effect to be explained away; by default the mean of the steps since training.
    margin
        Largest difference before training that would not matter, in the unit of the outcome.
    level
        One minus the level of the tests.

    Examples
    --------
    >>> import asn_impact as ai
    >>> events = ai.infer(ai.GroupTime()(ai.example_design()).event_study(), ai.BiasReduced())
    >>> check = ai.checks.pretrends(events, effect=-2.0)
    >>> check.verdict
    'cannot_say'
    """
    try:
        path = events if isinstance(events, EventPath) else event_path(events)
    except InferenceError as problem:
        return PRETRENDS.cannot_say(problem)
    return _check(path, effect, margin, level)


def _check(path: EventPath, effect: float | None, margin: float | None, level: float) -> Check:
    under, pre = path.inference, path.pre
    since_training = path.first >= 0
    size = float(under.estimate[since_training].mean()) if effect is None else float(effect)
    line: Float = size / path.step[since_training].mean() * path.step[:pre]
    beta, sigma, df = under.estimate[:pre], under.variance[:pre, :pre], under.df[:pre]
    test = joint_test(beta, sigma, float(df.min()))
    power = pretest_power(sigma, line, critical=float(scipy.stats.t.ppf((1 + level) / 2, df.min())))
    least = equivalence_margin(beta, np.sqrt(np.diag(sigma)), df, level=level)
    table = under.table(level).iloc[:pre].reset_index(drop=True)
    table = table.assign(
        explaining_line=line,
        joint_p_value=test.p_value,
        joint_df=f"F({test.df_num}, {test.df_denom:.1f})",
        power=power,
        margin=least,
    )
    ahead = path.source.effects.anticipation
    note = Message("checks.anticipation", n=ahead) if ahead else None
    answer = paragraph(_answer(test, power, least, margin), note)
    return PRETRENDS.check(_verdict(test.p_value, power, least, margin, 1 - level), answer, table)


def _verdict(p_value: float, power: float, least: float, margin: float | None, alpha: float) -> Verdict:
    if margin is not None and least <= margin:
        return "holds"
    if np.isnan(p_value):
        return "cannot_say"
    if p_value < alpha:
        return "fails"
    return "holds" if power >= INFORMATIVE and margin is None else "doubtful"


def _answer(test: JointTest, power: float, least: float, margin: float | None) -> Message:
    if np.isnan(test.p_value):
        joint = Message("checks.pretrends.too_few", q=test.df_num)
    else:
        joint = Message("checks.pretrends.joint", q=test.df_num, p=float(test.p_value), share=power)
    request = None if margin is None else Message("checks.pretrends.margin_asked", x=float(margin))
    return paragraph(joint, Message("checks.pretrends.margin", x=least), request)


# -------------------------------------------------------------------------------------------- the two numbers


@public_verb
def trends_before(effects: Effects, *, rule: Rule, margin: float | None = None, level: Level = 0.95) -> Check:
    """Return the check of trends before training for any estimator: mean of the last three periods, and the slope.

    Fails: one of the two differs from zero, both judged together at 0.025 (Holm), so that with what came in (the other
    check that contradicts by a test) honest findings are contradicted in at most 5 of 100. Holds: a difference as large
    as the effect in the last periods, whichever way, and a straight trend that would explain the effect, are both
    excluded (one-sided at 0.05). Cannot say: one of them is not; with few offices that is the rule.

    Judging both together is that of Holm (1979).

    Parameters
    ----------
    effects
        One number: ``effects.overall()``.
    rule
        The rule of inference of the finding.
    margin
        Of a finding whose interval holds zero: the difference that has to be seen, in the unit of the outcome. Where
        the interval leaves out zero, and without a margin, it is the size of the effect.
    level
        Of that interval.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design()).overall()
    >>> ai.checks.trends_before(effects, rule=ai.BiasReduced()).verdict
    'holds'
    """
    margin = None if margin is None or _excludes_zero(effects, rule, level) else margin
    before = look_before(one_estimate(effects), rule)
    numbers = {name: n for name, n in (("leads", before.leads), ("slope", before.slope)) if n is not None}
    had = {name: n for name, n in numbers.items() if isinstance(n, Inference)}
    size = abs(float(effects.estimate[0]) if margin is None else margin)
    line = abs(before.explaining) * (1.0 if margin is None else size / abs(float(effects.estimate[0])))
    sizes = {"leads": size, "slope": line}
    sign = 0.0 if margin is not None else float(np.sign(effects.estimate[0]))
    bounds = {name: _bound(n, sign if name == "slope" else 0.0) for name, n in had.items()}
    ahead = Message("checks.anticipation", n=effects.anticipation) if effects.anticipation else None
    said = [_say_number(name, n) for name, n in numbers.items()]
    table = pd.DataFrame([_row(name, n, bounds[name], sizes[name]) for name, n in had.items()])
    p_values = np.array([float(n.p_value[-1]) for n in had.values()])
    judged = Message("checks.pretrends.judged", share=CONTRADICTS) if (p_values < _ALPHA).any() else None
    said = [*said, *([] if judged is None else [judged])]
    if (holm(p_values) < CONTRADICTS).any():
        return PRETRENDS.check("fails", paragraph(*said, ahead), table)
    if len(had) < len(numbers):
        return PRETRENDS.check("cannot_say", paragraph(*said, ahead), table)
    excluded = {name: bound < sizes[name] for name, bound in bounds.items()}
    for name, bound in bounds.items():
        how = "excluded" if excluded[name] else "possible"
        said.append(Message(f"checks.pretrends.{name}_{how}", x=sizes[name], bound=bound))
    verdict: Verdict = "holds" if all(excluded.values()) else "cannot_say"
    return PRETRENDS.check(verdict, paragraph(*said, ahead), table)


def _bound(number: Inference, sign: float) -> float:
    """Return the largest difference in a direction (0: in either) that is not excluded at 0.05, one-sided."""
    estimate, error, df = (float(values[-1]) for values in (number.estimate, number.std_error, number.df))
    toward = abs(estimate) if sign == 0 else sign * estimate
    return max(toward + float(scipy.stats.t.ppf(1 - _ALPHA, df)) * error, 0.0)


def _excludes_zero(effects: Effects, rule: Rule, level: float) -> bool:
    try:
        return settled(rule(effects), level=level)
    except AsnImpactError:
        return False


def _say_number(name: str, number: Inference | Message) -> Message:
    if isinstance(number, Message):
        return paragraph(Message(f"checks.pretrends.no_{name}"), number)
    return Message(f"checks.pretrends.{name}", k=LAST, x=float(number.estimate[-1]), p=float(number.p_value[-1]))


def _row(name: str, number: Inference, bound: float, size: float) -> dict[str, object]:
    last = number.table().iloc[-1]
    return {"term": name, **{column: last[column] for column in _COLUMNS}, "bound": bound, "explaining": size}


PRETRENDS = CheckEntry(
    "pretrends",
    Message("checks.pretrends.question"),
    lambda case: trends_before(case.overall, rule=case.rule, margin=case.margin, level=case.level),
    "Roth (2022), AER: Insights 4; Borusyak, Jaravel and Spiess (2024), section 4.4; docs/decisions/008-grade.md",
)
