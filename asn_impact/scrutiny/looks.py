"""Looking every month: how sure each look must be so that all of them together err no more often than one would.

Who looks at a running study twelve times at 95 % sees an effect of nothing in 16 to 17 % of studies. So the first looks
are held to a higher level than the last.
"""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
import scipy

from asn_impact.arguments import Level, Times
from asn_impact.arrays import Float, readonly
from asn_impact.errors import InputError
from asn_impact.verbs import public_verb
from asn_impact.words import Message

SHOWN: Final = 1e-4  # no look asks for more than 99.99 %: beyond it the tails of a t distribution are not to be trusted
_POINTS: Final = 801
_FAR: Final = 40.0  # standard deviations


@public_verb
def levels_of_looks(looks: Times, *, level: Level = 0.95) -> Float:
    """Return the (looks,) levels of the intervals of looks at even distances, which keep the level asked for together.

    In a study of nothing the chance that the interval of any look leaves out zero is at most ``1 - level``.

    Parameters
    ----------
    looks
        How often will be looked at most, fixed before the first look; looking less often does no harm.
    level
        Of all looks together.

    Raises
    ------
    InputError
        There are so many looks that the least error each is given, 0.0001, takes more than half of what is allowed.

    Notes
    -----
    The spending function of Lan and DeMets (1983, Biometrika 70, eq. 4) that has the shape of O'Brien and Fleming
    (1979), ``2 - 2 Phi(z / sqrt(t))`` on either side at the share t of the looks, and no less than 0.0001 a look.
    Limits follow by the recursion of Armitage, McPherson and Rowe (1969, Journal of the Royal Statistical Society A
    132) for estimates that gather information evenly. Where later looks hang together with earlier ones more closely
    than that, as where offices differ, they err less often. Each limit is carried over to the t distribution of a rule
    by its tail probability.

    Examples
    --------
    >>> levels_of_looks(4).round(4).tolist()
    [0.9999, 0.997, 0.9817, 0.956]
    >>> levels_of_looks(1).round(4).tolist()
    [0.95]
    """
    most = int((1 - level) / (2 * SHOWN) + 1e-9)  # half of the error for the floor of each look, half for the shape
    if looks > max(most, 1):
        raise InputError(Message("checks.looks.too_many", looks=looks, level=repr(level), most=max(most, 1)))
    return readonly(1 - 2 * scipy.special.ndtr(-limits(looks, 1 - level, least=SHOWN)))


def limits(looks: int, alpha: float, *, least: float = 0.0) -> Float:
    """Return the (looks,) absolute z statistics from which on a look speaks."""
    shares = np.arange(1, looks + 1) / looks
    spent = 4 * scipy.special.ndtr(scipy.special.ndtri(alpha / 4) / np.sqrt(shares))
    spent = np.minimum(np.maximum(spent, least * np.arange(1, looks + 1)), alpha)
    step, ends = np.sqrt(1 / looks), np.empty(looks)
    points, density = np.zeros(1), np.ones(1)  # of the sum so far, where no look has spoken yet
    for j, more in enumerate(np.diff(spent, prepend=0.0)):
        end = _limit(points, density, step, float(more))
        ends[j] = end / np.sqrt(shares[j])
        points, density = _go_on(points, density, step, end)
    return ends


def _limit(points: Float, density: Float, step: float, more: float) -> float:
    """Return the end of the sum beyond which so much probability lies, of what has not spoken yet."""

    def beyond(end: float) -> float:
        tails = scipy.special.ndtr((-end - points) / step) + scipy.special.ndtr((points - end) / step)
        return float((density * tails).sum()) - more

    return float(scipy.optimize.brentq(beyond, 0.0, _FAR, xtol=1e-12))


def _go_on(points: Float, density: Float, step: float, end: float) -> tuple[Float, Float]:
    """Return the points within the ends and the probability at each, after one more step."""
    nodes, weights = _nodes()
    new = end * nodes
    kernel = np.exp(-0.5 * ((new[:, None] - points[None, :]) / step) ** 2) / (step * np.sqrt(2 * np.pi))
    return new, end * weights * (kernel @ density)


@functools.cache  # the same for every look
def _nodes() -> tuple[Float, Float]:
    nodes, weights = np.polynomial.legendre.leggauss(_POINTS)
    return readonly(nodes), readonly(weights)
