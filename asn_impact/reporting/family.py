"""The family of primary claims: p-values for all of them together, and why by which rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from asn_impact.errors import AsnImpactError
from asn_impact.estimation import Inference
from asn_impact.estimation.simultaneous import holm, romano_wolf
from asn_impact.reporting.findings import Finding
from asn_impact.words import Message

DRAWS: Final = 9_999
SEED: Final = 2026  # one for all programmes, so that nobody chooses it
Correction = Literal["romano_wolf", "holm"]


@dataclass(frozen=True, eq=False)
class Family:
    """The p-values of the primary claims, judged together."""

    #: Identifier of a claim -> its family-wise p-value; only primary claims with a number are in it.
    adjusted: Mapping[str, float] = field(default_factory=dict)
    #: ``"romano_wolf"`` where course and offices are the same, else ``"holm"``; None for fewer than two claims.
    correction: Correction | None = None
    said: tuple[Message, ...] = ()  #: which, and why


def family_of(findings: Sequence[Finding], *, correction: Correction = "romano_wolf") -> Family:
    """Return the p-values of the primary claims together; placebo and exploratory ones do not enter.

    Romano and Wolf (2016) draw all claims with the same signs, which needs the same offices and the same times of
    training. Elsewhere Holm (1979) holds whatever hangs together with what.
    """
    claims = {f.id: f.inference for f in findings if f.role == "primary" and _has_number(f.inference)}
    every = {name: inference for name, inference in claims.items() if inference is not None}
    outside = tuple(f.label for f in findings if f.id not in every)
    beside = (Message("claims.family.others", labels=outside),) if outside else ()
    if len(every) < 2:
        own = {name: float(inference.p_value[0]) for name, inference in every.items()}
        return Family(own, None, (Message("claims.family.none", n=len(every)), *beside))
    why = Message("claims.family.differ")
    if correction == "romano_wolf" and _same(list(every.values())):
        try:
            table = romano_wolf(list(every.values()), reps=DRAWS, seed=SEED)
            adjusted = dict(zip(every, map(float, table["p_adjusted"]), strict=True))
            return Family(adjusted, "romano_wolf", (Message("claims.family.romano_wolf", n=len(every)), *beside))
        except AsnImpactError:
            why = Message("claims.family.no_influence")
    elif correction == "holm":
        why = Message("claims.family.asked")
    raw = np.array([inference.p_value[0] for inference in every.values()])
    adjusted = dict(zip(every, map(float, holm(raw)), strict=True))
    return Family(adjusted, "holm", (Message("claims.family.holm", n=len(every), why=why), *beside))


def weak_in_family(finding: Finding, family: Family, level: float) -> Message | None:
    """Return that a finding which alone leaves out zero does not do so among all claims; None where it is not so."""
    adjusted = family.adjusted.get(finding.id)
    if adjusted is None or finding.inference is None:
        return None
    alpha = 1 - level
    alone = float(finding.inference.p_value[0]) < alpha
    return Message("claims.family.weak", p=adjusted) if alone and adjusted >= alpha else None


def _has_number(inference: Inference | None) -> bool:
    return inference is not None and bool(np.isfinite(inference.p_value).all())


def _same(inferences: Sequence[Inference]) -> bool:
    """Say whether all compare the same offices, trained at the same times."""
    designs = [inference.effects.design for inference in inferences]
    starts = [
        {u: d.panel.timeline.label(s) if np.isfinite(s) else "" for u, s in zip(d.panel.units, d.adopted, strict=True)}
        for d in designs
    ]
    clusters = [sorted(map(str, d.clusters)) for d in designs]
    return all(s == starts[0] for s in starts) and all(c == clusters[0] for c in clusters)
