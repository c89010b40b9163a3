"""From a claim to its finding: on its own file, on another panel, or why there is none."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from asn_impact.arguments import check_choice
from asn_impact.errors import AsnImpactError, InputError
from asn_impact.measures.tabulate import LENGTHS
from asn_impact.study.claims import Claim
from asn_impact.study.derived import by_groups, named
from asn_impact.study.evidence import Evidence, estimated, say_steps, tables_of_steps
from asn_impact.study.gains import FEWEST, OF_PERSONS, Tests
from asn_impact.study.measured import nouns_of
from asn_impact.study.prepared import prepared, with_panel
from asn_impact.words import Alert, Message, each_once

if TYPE_CHECKING:
    from asn_impact.measures.panel import Panel
    from asn_impact.reporting.findings import Finding
    from asn_impact.study.ready import Prepared
    from asn_impact.study.settings import Study


def found_of(claim: Claim, panel: Panel | None = None) -> tuple[Finding, Evidence]:
    """Return the finding of a claim, on its own data or on another panel, and the evidence it rests on."""
    from asn_impact.reporting.findings import Finding

    study = claim.study
    ready = prepared(study) if panel is None else with_panel(study, panel)
    if study.cells and panel is None and ready.design is not None:
        from asn_impact.study.public import with_public_cells

        ready = with_public_cells(study, ready)
    evidence = estimated(study, ready, beside="events")
    headline = evidence.headline
    alone = headline if headline is not None and len(headline.estimate) == 1 else None

    def remake(**choices: object) -> Finding:
        if set(choices) == {"by"}:
            return by_groups(study, evidence, finding, str(choices["by"]))
        if set(choices) != {"period"} or panel is not None:
            raise InputError(Message("programme.one_choice", names=tuple(choices)))
        check_choice("period", choices["period"], LENGTHS)
        outcome = replace(study.outcome, parameters={**study.outcome.parameters, "per": choices["period"]})
        return found_of(replace(claim, study=replace(study, outcome=outcome)))[0]

    finding = Finding(
        id=claim.id,
        label=claim.label,
        inference=alone,
        course=claim.course_label,
        events=evidence.events if alone is not None else None,
        scrutiny=evidence.scrutiny if alone is not None else None,
        role=claim.role,
        **_of_steps(evidence, study.level),
        hoped=claim.hoped,
        level=claim.level,
        panel=ready.panel if alone is None else None,
        refusal=evidence.ready.refusal or (Message("programme.several_terms") if alone is None else None),
        means=_described(ready, study) if study.data.name in OF_PERSONS and alone is None else None,
        ledger=ready.ledger,
        nouns=nouns_of(study),
        remarks=each_once(evidence.warnings if alone is not None else (), evidence.ready.notes),
        remake=remake,
    )
    return finding, evidence


def refused_of(claim: Claim, problem: AsnImpactError) -> Finding:
    """Return the finding of a claim whose file could not be read: the others stand without it."""
    from asn_impact.reporting.findings import Finding

    why = problem.message
    if why.key == "study.at":
        why = Message("study.at", **{**dict(why.values), "file": Path(why["file"]).name})
    facts: dict[str, Any] = {**named(claim), "course": claim.course_label, "hoped": claim.hoped}
    said = Alert("programme.file_refused", id=claim.id, why=why)
    return Finding(**facts, refusal=why, nouns=nouns_of(claim.study), remarks=(said,))


def _of_steps(evidence: Evidence, level: float) -> dict[str, Any]:
    """Return where the days went as fields of a finding; nothing where its file is no log of steps."""
    if (changes := evidence.steps) is None:
        return {}
    from asn_impact.topics.clocks.shown import days_by_step

    tables = tables_of_steps(evidence, level)
    return {
        "said": say_steps(evidence, level),
        "value": changes,
        "tables": tables,
        "drawn": (partial(days_by_step, changes),),
    }


def _described(ready: Prepared, study: Study) -> tuple[float, float] | None:
    """Return the means before and after of the trained; None where they are fewer than ten, or hidden."""
    panel, persons = ready.panel, ready.observed
    if ready.design is not None:
        panel, trained = ready.design.panel, np.isfinite(ready.design.adopted)
    elif isinstance(persons, Tests) and (study.blind is None or persons.trained.all()):
        trained = persons.trained[np.array(panel.units, dtype=np.int64)]
    else:
        return None
    if trained.sum() < FEWEST:
        return None
    before, after = (float(mean) for mean in panel.mean[trained].mean(axis=0))
    return before, after
