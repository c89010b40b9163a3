"""Can the tables of one report be subtracted from each other until a hidden count comes out? Prints one line.

    python benchmarks/attacker.py                     # 200 random studies: two minutes on one processor
    python benchmarks/attacker.py --studies 2000 --first 5000
    python benchmarks/attacker.py --studies 0 --programmes 200 --control 0

Every study is drawn anew: 5 to 40 offices of which some have a handful of cases, 8 to 36 months of which some are
thin, one to four waves, cases outside the design, cases still open. Its report is put together as `publish` does, and
the linear program of `asn_impact.reporting.attack` is asked what its tables, figures and sentences give away.

Then programmes of two to five claims on the same records: other courses, outcomes that lack a few answers or the last
months, quarters, services of an office, an office less. What their pages show is one system of equations.

Beside it the same attacker reads what reports said when every table hid its own small cells: it does find them there.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest import mock

import numpy as np
import pandas as pd

from asn_impact.designs import Design, assign
from asn_impact.errors import AsnImpactError, DataWarning
from asn_impact.estimation import GroupTime, Jackknife, infer
from asn_impact.intake.ledger import Ledger, reason
from asn_impact.intake.readers.training import Rollout
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.measures.panel import Panel
from asn_impact.reporting import recoding, several
from asn_impact.reporting.chapters import Exhibits, brief, chapters
from asn_impact.reporting.charts import raw_trends, who_is_compared
from asn_impact.reporting.claims import brief_of_claims, claim_chapters
from asn_impact.reporting.contents import Report
from asn_impact.reporting.findings import Finding
from asn_impact.reporting.proof import given_away
from asn_impact.reporting.recoding import Release
from asn_impact.reporting.several import Compared
from asn_impact.reporting.tables import clusters
from asn_impact.timeline import Timeline


def draw(seed: int) -> tuple[Design, pd.DataFrame, Ledger] | None:
    """Return a random study, None where nothing can be compared in it."""
    generator = np.random.default_rng(seed)
    offices, periods, late = (
        int(generator.integers(5, 41)),
        int(generator.integers(8, 37)),
        int(generator.integers(0, 3)),
    )
    size = generator.choice([0.05, 0.4, 2.0, 6.0, 15.0, 40.0], size=(offices, 1), p=[0.1, 0.1, 0.15, 0.25, 0.25, 0.15])
    busy = np.where(generator.random((1, periods + late)) < 0.1, 0.05, 1.0)
    n = generator.poisson(size * busy).astype(float)
    beside = generator.poisson(generator.choice([0.0, 0.1, 5.0]), periods + late)
    inside, months = n[:, :periods], Timeline.months(24276 + np.arange(periods + late))
    names = tuple(f"Dinas {i:02d}" for i in range(offices))
    with np.errstate(invalid="ignore"):
        mean = np.where(inside > 0, 8 + generator.normal(0, 1, inside.shape), np.nan)
    panel = Panel(
        outcome=RestrictedMean(20),
        units=names,
        timeline=Timeline.months(months.ordinals[:periods]),
        n=inside,
        mean=mean,
        weight=(inside > 0).astype(float),
        attributes=pd.DataFrame({"office": names}),
        immature=months.labels[periods:],
    )
    waves = generator.choice(
        np.arange(2, periods - 1), size=min(int(generator.integers(1, 5)), periods - 3), replace=False
    )
    trained = generator.permutation(offices)[: int(generator.integers(1, offices - 1))]
    starts = {names[i]: pd.Period(months.labels[int(generator.choice(waves))], "M") for i in trained}
    cases = n.sum(axis=0) + beside
    still = np.minimum(generator.poisson(np.linspace(0, 6, periods + late)), cases)
    frame = pd.DataFrame({"month": months.labels, "cases": cases.astype(int), "open": still.astype(int)})
    frame = frame.assign(mature=np.arange(periods + late) < periods)
    bad = int(generator.integers(0, 15))
    kept = int(cases.sum())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            design = assign(panel, Rollout(pd.Series(starts, dtype=object)), cluster="office")
    except AsnImpactError:
        return None
    return design, frame, Ledger(read=kept + bad, kept=kept, dropped={reason("test_row"): bad})


def draw_programme(seed: int) -> list[Finding] | None:
    """Return findings of several claims on the same records; None where fewer than two can be estimated.

    Courses reach other offices at other times; an outcome lacks a few answers, or the last months, or has quarters, or
    is of each service of an office; an office may be left out.
    """
    drawn = draw(seed)
    if drawn is None:
        return None
    generator, (first, _, ledger) = np.random.default_rng([seed, 2]), drawn
    findings: list[Finding] = []
    for k in range(int(generator.integers(2, 6))):
        panel = _another(first.panel, generator) if k else first.panel
        units, last = panel.units, len(panel.timeline) - 1
        trained = generator.permutation(len(units))[: int(generator.integers(1, len(units) - 1))]
        waves = generator.choice(np.arange(1, last), size=min(int(generator.integers(1, 4)), last - 1), replace=False)
        starts = {units[i]: panel.timeline.period(int(generator.choice(waves))) for i in trained}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DataWarning)
                cluster = str(panel.attributes.columns[0])
                design = first if not k else assign(panel, Rollout(pd.Series(starts, dtype=object)), cluster=cluster)
                answer = infer(GroupTime()(design).overall(), Jackknife())
        except AsnImpactError:
            continue
        kept = ledger.kept if generator.random() < 0.8 else int(panel.n.sum())
        record = Ledger(read=ledger.read, kept=kept, dropped={reason("test_row"): ledger.read - kept})
        findings.append(Finding(id=f"c{k}", label=f"Claim {k}", course=f"Course {k}", inference=answer, ledger=record))
    return findings if len(findings) > 1 else None


def _another(panel: Panel, generator: np.random.Generator) -> Panel:
    """Return what another claim makes of the same records: one of six ways."""
    way, n, changed = int(generator.integers(0, 6)), panel.n, {}
    if way == 1:  # a few lack an answer
        n = n - generator.binomial(n.astype(np.int64), generator.choice([0.002, 0.02, 0.3]))
    elif way == 2:  # a longer horizon
        keep = np.arange(len(panel.timeline) - int(generator.integers(1, 4)))
        changed = {name: getattr(panel, name)[:, keep] for name in ("n", "mean", "weight", "within")}
        return replace(panel, timeline=panel.timeline.select(keep), **changed)
    elif way == 3:  # quarters
        months = panel.timeline.ordinals // 3
        quarters = np.unique(months)
        n = np.stack([n[:, months == q].sum(axis=1) for q in quarters], axis=1)
        changed = {"timeline": Timeline("quarter", quarters)}
    elif way == 4:  # an office and what it does
        part = generator.binomial(n.astype(np.int64), generator.choice([0.1, 0.5]))
        names = [f"{unit} / {what}" for what in ("izin", "lain") for unit in panel.units]
        offices = pd.DataFrame({"office": [*panel.units, *panel.units], "unit": names})
        n, changed = np.concatenate([part, n - part]), {"units": tuple(names), "attributes": offices}
    elif way == 5:  # an office less
        return panel.select(np.delete(np.arange(len(n)), int(generator.integers(0, len(n)))))
    with np.errstate(invalid="ignore"):
        mean = np.where(n > 0, 8 + generator.normal(0, 1, n.shape), np.nan)
    changed |= {"n": n.astype(float), "mean": mean, "weight": (n > 0).astype(float)}
    return replace(panel, **changed, within=np.zeros((*n.shape, 1, 1)))


def programme_of(findings: list[Finding]) -> tuple[Report, Exhibits]:
    """Return a report on several claims and what it shows."""
    report, pages = Report(title="x", source="y", findings=tuple(findings)), Seen("en")
    claim_chapters(pages, report)
    brief_of_claims(pages, report)
    return report, pages


def put_together(design: Design, frame: pd.DataFrame, ledger: Ledger) -> tuple[Report, Exhibits] | None:
    """Return a report and what it shows; None where no effect can be estimated."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            answer = infer(GroupTime()(design).overall(), Jackknife())
    except AsnImpactError:
        return None
    design = answer.effects.design  # without the units that the estimator cannot use
    exhibits = (raw_trends(design), who_is_compared(design), clusters(design))
    report = Report(
        title="x", source="y", answer=(answer,), ledger=ledger, months=(frame[frame["cases"] > 0],), exhibits=exhibits
    )
    pages = Seen("en")
    chapters(pages, report)
    brief(pages, report)
    return report, pages


class Seen(Exhibits):
    """Exhibits that are not drawn: what is shown counts, not how."""

    def figure(self, chart):  # noqa: D102
        self.shown.append((f"Figure {len(self.shown)}", chart))


def attacked(report: Report, pages: Exhibits) -> int:
    """Return how many hidden counts what is shown gives away."""
    return len(given_away(report, pages.shown, [n for s in pages.sentences for n in s.numbers]))


@contextmanager
def every_table_for_itself() -> Iterator[None]:
    """Hide small cells in each table and recode nothing, as it was: shows that the attacker finds what is there."""
    with (
        mock.patch.object(recoding, "_pooled", lambda sums, filled: np.zeros(len(sums), dtype=bool)),
        mock.patch.object(recoding, "_joined", lambda frame, run: np.arange(len(frame))),
        mock.patch.object(recoding, "_runs", lambda frame, period: np.arange(len(frame))),
    ):
        yield


def attack_programmes(programmes: int, seed: int, control: int) -> None:
    """Print how many hidden counts the pages of several claims give back, and without looking at other pages."""
    began, recovered, before, claims = time.process_time(), [], [], 0
    while len(recovered) < programmes:
        findings = draw_programme(seed)
        seed += 1
        if findings is None:
            continue
        claims += len(findings)
        recovered.append(attacked(*programme_of(findings)))
        if recovered[-1]:
            print(f"programme {seed - 1}: {recovered[-1]} recovered")
        if len(before) < control:
            with mock.patch.object(several, "_safe", lambda hidden, finding, table, shown, said: Compared(table)):
                before.append(attacked(*programme_of(findings)))
    print(
        f"{len(recovered)} random programmes of {claims} claims: {sum(recovered)} hidden counts recovered in "
        f"{np.count_nonzero(recovered)} programmes; each page for itself, first {len(before)}: {sum(before)} in "
        f"{np.count_nonzero(before)}; {time.process_time() - began:.0f} s of one processor"
    )


def main() -> None:
    """Print how many hidden counts were recovered, with one release and with every table for itself."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--studies", type=int, default=200)
    words.add_argument("--first", type=int, default=1)
    words.add_argument("--programmes", type=int, default=40)
    words.add_argument("--control", type=int, default=20, help="studies that are also attacked as it was before")
    given = words.parse_args()
    began, seed, recovered, before, small, merged = time.process_time(), given.first, [], [], 0, 0
    while len(recovered) < given.studies:
        drawn = draw(seed)
        seed += 1
        made = put_together(*drawn) if drawn is not None else None
        if drawn is None or made is None:
            continue
        report, pages = made
        recovered.append(attacked(report, pages))
        n = drawn[0].panel.n
        small += int(((n > 0) & (n < 10)).sum())
        merged += not (Release.of(drawn[0]).clusters.all() and Release.of(drawn[0]).waves.all())
        if recovered[-1]:
            print(f"study {seed - 1}: {recovered[-1]} recovered")
        if len(before) < given.control:
            with every_table_for_itself():
                before.append(attacked(*(put_together(*drawn) or made)))
    print(
        f"{len(recovered)} random studies, {small:,} cells of one to nine cases, {merged} studies with a merged line: "
        f"{sum(recovered)} hidden counts recovered in {np.count_nonzero(recovered)} studies"
    )
    print(
        f"every table for itself, first {len(before)} studies: {sum(before)} hidden counts recovered in "
        f"{np.count_nonzero(before)} studies; {time.process_time() - began:.0f} s of one processor"
    )
    attack_programmes(given.programmes, given.first, given.control // 2)


if __name__ == "__main__":
    main()
