"""Tables of a whole evaluation: what a person who decides reads, the chain of results, who is in which file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from asn_impact.errors import AsnImpactError
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.reporting.findings import Finding
from asn_impact.reporting.matrix import amount_of, could_see, levels_of, measure_of
from asn_impact.reporting.tables.before import balance
from asn_impact.reporting.tables.table import Table
from asn_impact.timeline import Timeline
from asn_impact.words import Message, Quantity, paragraph, spoken_of

_STEPS: Final = (1, 2, 3, 4)
_HERE: Final = Message("claims.overview.here")


def in_short(findings: Sequence[Finding], *, level: float) -> Table:
    """Return the findings for a person who decides: with and without, in words, and the grade."""
    rows = []
    for finding in findings:
        means: dict[str, Any] = {"with_training": None, "without_training": None}
        if finding.inference is not None:
            levels, words = levels_of(finding.inference), finding.inference.effects.outcome.words
            means = {
                name: Message("claims.matrix.number", n=Quantity(value, f"brief.{name}", max(words.decimals, 1)))
                for name in means
                if np.isfinite(value := getattr(levels, name))
            }
        rows.append(
            {
                "claim": finding.label,
                "outcome": measure_of(finding),
                "without_training": means.get("without_training"),
                "with_training": means.get("with_training"),
                "change": _in_words(finding, level),
                "grade": _letter(finding),
            }
        )
    return Table(
        pd.DataFrame(rows),
        title=Message("claims.overview.short.title"),
        note=Message("claims.overview.short.note"),
        kinds={"with_training": "printed", "without_training": "printed"},
        headings={
            **{name: Message(f"claims.matrix.{name}") for name in ("claim", "grade")},
            **{
                name: Message(f"claims.overview.short.{name}")
                for name in ("with_training", "without_training", "change")
            },
        },
    )


def _in_words(finding: Finding, level: float) -> Message | None:
    """Return the change as it is said to a person without statistics; where none shows, what would have shown."""
    inference = finding.inference
    if inference is None:
        why = finding.refusal or next(iter(finding.said), None)
        return None if why is None else spoken_of(why, finding.nouns)
    low, high = (float(end[0]) for end in inference.interval(level))
    words, estimate = inference.effects.outcome.words, float(inference.estimate[0])
    if not (low > 0 or high < 0):
        size = could_see(inference, level=level)
        return Message("claims.overview.unclear") if size is None else Message("claims.overview.unseen", size=size)
    size = amount_of(inference, abs(float(words.shown(estimate))), "brief.change")
    way = "rose" if estimate > 0 else "fell"
    without = levels_of(inference).without_training
    share = abs(words.scale * estimate) / without if without > 0 else np.nan
    if isinstance(inference.effects.outcome, RestrictedMean) and share < 1:
        return Message(f"claims.overview.{way}_share", size=size, share=share)
    return Message(f"claims.overview.{way}", size=size)


def chain(findings: Sequence[Finding], *, level: float) -> Table | None:
    """Return what was found at each step of Kirkpatrick, and the steps that nobody measured; None without steps."""
    told = [f for f in findings if f.level is not None and f.role != "placebo"]
    if not told:
        return None
    unsaid = tuple(f.label for f in findings if f.level is None and f.role in {"primary", "secondary"})
    rows: list[dict[str, Any]] = []
    for step in _STEPS:
        own = [finding for finding in told if finding.level == step]
        name = Message(f"claims.overview.step.{step}")
        rows += [
            {
                "step": name,
                "claim": finding.label,
                "change": _in_words(finding, level),
                "grade": _letter(finding),
            }
            for finding in own
        ] or [{"step": name, "claim": _nothing_at(step, unsaid), "change": None, "grade": None}]
    return Table(
        pd.DataFrame(rows),
        title=Message("claims.overview.chain.title"),
        note=paragraph(
            Message("claims.overview.chain.note"),
            Message("claims.overview.chain.unsaid", labels=Message("claims.page.labels", labels=unsaid))
            if unsaid
            else None,
        ),
        headings={
            "step": Message("claims.overview.chain.step"),
            "claim": Message("claims.matrix.claim"),
            "change": Message("claims.overview.short.change"),
            "grade": Message("claims.matrix.grade"),
        },
    )


def _nothing_at(step: int, unsaid: Sequence[Message]) -> Message:
    """Return that a step was not measured; where claims do not say theirs, that none says this one."""
    return (
        Message("claims.overview.level_unsaid", step=str(step)) if unsaid else Message("claims.overview.not_measured")
    )


def _letter(finding: Finding) -> Any:  # noqa: ANN401 - a letter, or that there is none
    return Message("claims.matrix.not_graded") if finding.grade is None else finding.grade.letter


def _when(timeline: Timeline, end: Literal["first", "last"]) -> Message:
    """Return the first or last period of a comparison; two moments that have no date by their order."""
    if timeline.kind == "step" and len(timeline) == 2:
        return Message(f"claims.overview.moment.{end}")
    return Message("claims.overview.period", period=timeline.spoken(int(timeline.steps[0 if end == "first" else -1])))


def files(findings: Sequence[Finding]) -> Table | None:
    """Return a row a claim: rows read, kept and left out, offices trained and others, and the periods compared."""
    rows = []
    for finding in findings:
        design, ledger = finding.design, finding.ledger
        if design is None:
            continue
        timeline = design.panel.timeline
        counts = (np.nan,) * 3 if ledger is None else (ledger.read, ledger.kept, ledger.read - ledger.kept)
        trained = design.treated_clusters
        rows.append(
            {
                "claim": finding.label,
                **dict(zip(("rows_read", "rows_kept", "rows_lost"), map(float, counts), strict=True)),
                "trained": float(trained),
                "others": float(len(design.clusters) - trained),
                "first": _when(timeline, "first"),
                "last": _when(timeline, "last"),
            }
        )
    if not rows:
        return None
    columns = ("rows_read", "rows_kept", "rows_lost", "trained", "others", "first", "last")
    return Table(
        pd.DataFrame(rows),
        title=Message("claims.overview.files.title"),
        note=Message("claims.overview.files.note"),
        kinds=dict.fromkeys(columns[:5], "whole"),
        headings={
            "claim": Message("claims.matrix.claim"),
            **{name: Message(f"claims.overview.files.{name}") for name in columns},
        },
    )


def offices(findings: Sequence[Finding]) -> Table | None:
    """Return a row an office: which claims hold anything of it, and from when on it was trained in them."""
    marks: dict[str, dict[str, object]] = {}
    named = [f for f in findings if f.design is not None and f.role != "placebo"]
    for number, finding in enumerate(named, start=1):
        design = finding.design
        assert design is not None
        for code, cluster in enumerate(design.clusters):
            steps = design.adopted[design.cluster == code]
            first = steps[np.isfinite(steps)].min(initial=np.inf)
            told = (
                _HERE
                if not np.isfinite(first)
                else Message("claims.overview.period", period=design.cohort_label(float(first), spoken=True))
            )
            marks.setdefault(str(cluster), {})[str(number)] = told
    if len(marks) < 2:
        return None
    numbers = [str(n) for n in range(1, len(named) + 1)]
    rows = [{"office": name, **{n: marks[name].get(n) for n in numbers}} for name in sorted(marks)]
    listed = tuple(
        Message("claims.overview.numbered", n=int(n), label=f.label) for n, f in zip(numbers, named, strict=True)
    )
    return Table(
        pd.DataFrame(rows),
        title=Message("claims.overview.offices.title"),
        note=Message("claims.overview.offices.note", claims=listed),
        headings={n: Message("claims.overview.number", n=int(n)) for n in numbers},
    )


def before_training(findings: Sequence[Finding]) -> Table | None:
    """Return how alike trained and others were before anyone was trained, a row a claim; no test of it."""
    rows = []
    for finding in findings:
        if finding.design is None or finding.role == "placebo":
            continue
        try:
            first = balance(finding.design).frame.iloc[0]
        except AsnImpactError:  # nobody is never trained, or training ends again
            continue
        rows.append({**first.to_dict(), "outcome": measure_of(finding), "claim": finding.label})
    if not rows:
        return None
    sides = ("trained", "untrained", "difference", "standardised")
    return Table(
        pd.DataFrame(rows)[["claim", "outcome", *sides]],
        title=Message("claims.overview.balance.title"),
        note=Message("claims.overview.balance.note"),
        kinds=dict.fromkeys(sides, "two"),
        headings={"claim": Message("claims.matrix.claim")},
    )
