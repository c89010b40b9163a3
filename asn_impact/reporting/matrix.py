"""The first page of a report on several claims: a row a claim, from the means to what would raise the grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Final

import numpy as np
import pandas as pd
import scipy

from asn_impact.arguments import Level
from asn_impact.arrays import Float
from asn_impact.errors import InputError
from asn_impact.estimation import Inference
from asn_impact.reporting.family import Family, family_of
from asn_impact.reporting.findings import Finding
from asn_impact.reporting.left_out import withdrawn_lines
from asn_impact.reporting.recoding import all_alike, as_read
from asn_impact.reporting.tables.small import MINIMUM_CELL, counts_records
from asn_impact.reporting.tables.table import Table
from asn_impact.reporting.words import level_quantity, with_unit
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Quantity, paragraph, spoken_of
from asn_impact.words.writing import decimals_for

POWER: Final = 0.8
_NUMBERS: Final[tuple[str, ...]] = ("before", "with_training", "without_training", "change", "interval")
_HEADINGS: Final = ("claim", *_NUMBERS, "p_family")


@dataclass(frozen=True)
class Levels:
    """The means beside a change, in display units; NaN where they rest on too few or cannot be had."""

    before: float  #: of the trained before training, each unit with its weight in the effect
    with_training: float  #: of the trained afterwards, each cell with its weight in the effect
    without_training: float  #: the same less the change: what the estimator says would have been


def levels_of(inference: Inference) -> Levels:
    """Return the means that belong to an overall effect: with training minus without it is the effect, exactly."""
    design, words = inference.effects.design, inference.effects.outcome.words
    panel, treated = design.panel, design.treated()
    mean, seen = np.nan_to_num(panel.mean), panel.observed
    ever = np.isfinite(design.adopted)[:, None]
    after, before = treated & seen, ~treated & seen & ever
    share = np.where(after, np.nan_to_num(inference.effects.loadings()[0]), 0.0)
    if not np.isclose(share.sum(), 1.0, atol=1e-6):
        share = after / max(after.sum(), 1) if words.ratio else _of_those_reached(share)
    each = np.divide((before * mean).sum(axis=1), before.sum(axis=1), out=np.zeros(len(mean)), where=before.any(axis=1))
    weight = np.where(before.any(axis=1), share.sum(axis=1), 0.0)
    then = float(weight @ each / weight.sum()) if abs(weight.sum()) > 0 else np.nan
    now, effect = float((share * mean).sum()), float(inference.estimate[0])
    if counts_records(panel):
        then = then if panel.n[before].sum() >= MINIMUM_CELL and not all_alike(panel, before) else np.nan
        now = now if panel.n[after].sum() >= MINIMUM_CELL and not all_alike(panel, after) else np.nan
    if words.ratio:  # an effect is the log of a ratio
        return Levels(then, now, float(now / np.exp(effect)))
    return Levels(words.scale * then, words.scale * now, words.scale * (now - effect))


def levels_as_read(inference: Inference) -> Levels:
    """Return the means as they leave: of records with the decimals that a reader sees, and no more."""
    levels, words = levels_of(inference), inference.effects.outcome.words
    if not counts_records(inference.effects.design.panel):
        return levels
    return Levels(*(float(as_read(value, max(words.decimals, 1))) for value in astuple(levels)))


def _of_those_reached(loadings: Float) -> Float:
    """Return the weights of the treated cells that an effect is of, where others are subtracted; NaN where unknown.

    A triple difference is of the services that the course reached: those it did not are taken off with weight -1.
    """
    reached = np.maximum(loadings, 0.0)
    return reached if np.isclose(reached.sum(), 1.0, atol=1e-6) else np.full(loadings.shape, np.nan)


def could_see(inference: Inference, *, level: Level = 0.95) -> Message | None:
    """Return the smallest change that these data could show with a chance of 80 %; None where that cannot be had.

    ``(t(1 - a/2) + t(0.8)) * standard error``: Bloom (1995).
    """
    error, df = float(inference.std_error[0]), float(inference.df[0])
    if not (np.isfinite(error) and df > 0):
        return None
    size = (scipy.stats.t.ppf(0.5 + level / 2, df) + scipy.stats.t.ppf(POWER, df)) * error
    return amount_of(inference, abs(float(inference.effects.outcome.words.shown(size))), "detectable")


@public_verb
def matrix(findings: Sequence[Finding], *, level: Level = 0.95, family: Family | None = None) -> Table:
    """Return the first page of an evaluation as a table, a row a claim.

    Parameters
    ----------
    findings
        In the order in which they are to appear.
    level
        Of the intervals.
    family
        The p-values of the primary claims together; made from the findings without it.

    Returns
    -------
    Table
        claim, outcome (with its unit), before, with_training, without_training, change, interval, p_value, p_family,
        grade and what would raise it; beside "no evidence" the smallest change that could have been seen.

    Raises
    ------
    InputError
        There is no finding.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design())
    >>> answer = ai.infer(effects.overall(), ai.BiasReduced())
    >>> waits = ai.Finding(id="wait", label="Permits are faster", inference=answer, hoped="lower")
    >>> str(ai.tables.matrix([waits]).frame["interval"].item())
    '−2.4 to −1.6'
    """
    if not findings:
        raise InputError(Message("tables.results.none", verb="matrix"))
    together = family_of(findings) if family is None else family
    return _table(findings, together, level)


def first_page(findings: Sequence[Finding], family: Family, *, level: float) -> tuple[Table, list[Message]]:
    """Return the matrix as a page can hold it, and what would raise each grade as a list below it."""
    together: dict[Message, list[Finding]] = {}
    for finding in findings:
        for what in _raising(finding, level):
            together.setdefault(what, []).append(finding)
    said = [under_name(each, [what]) for what, each in together.items()]
    return _table(findings, family, level, aside=("raises",)), said


def beside_number(finding: Finding) -> tuple[Message, ...]:
    """Return what must be said beside the number of a finding."""
    return (*withdrawn_lines(finding.panel), *finding.said)


def under_name(findings: Sequence[Finding], said: Sequence[Message]) -> Message:
    """Return what is said of findings after their names."""
    labels = tuple(finding.label for finding in findings)
    asked = str(labels[-1]).rstrip().endswith("?")
    key = "claims.page.of_question" if asked else "claims.page.of"
    what = said[0] if len(said) == 1 else Message("common.paragraph", parts=tuple(said))
    if len({finding.nouns for finding in findings}) == 1:
        what = spoken_of(what, findings[0].nouns)
    return Message(key, label=Message("claims.page.labels", labels=labels), said=what)


def _table(findings: Sequence[Finding], family: Family, level: float, aside: tuple[str, ...] = ()) -> Table:
    rows = [_row(finding, family, level) for finding in findings]
    frame = pd.DataFrame(rows).astype({"p_value": float, "p_family": float})
    below = [under_name([f], said) for f in findings if f.inference is not None and (said := withdrawn_lines(f.panel))]
    return Table(
        frame,
        aside=aside,
        title=Message("claims.matrix.title"),
        note=paragraph(Message("claims.matrix.note", level=level_quantity(level)), *below),
        kinds={**dict.fromkeys(_NUMBERS, "printed"), "p_value": "p_value", "p_family": "p_value"},
        headings={name: Message(f"claims.matrix.{name}") for name in (*_HEADINGS, "grade", "raises")},
    )


def spoken(table: Table, language: Language) -> Table:
    """Return a table whose texts are those of one language, for a notebook.

    Examples
    --------
    >>> from asn_impact.words import verbatim
    >>> frame = pd.DataFrame({"claim": [verbatim({"id": "izin", "en": "permits"})]})
    >>> spoken(Table(frame, title={"id": "Klaim", "en": "Claims"}), "id").frame["claim"].tolist()
    ['izin']
    """
    texts = table.frame.map(lambda cell: cell.text(language).text if isinstance(cell, Message) else cell)
    headings = {str(column): table.heading(column).text(language).text for column in texts.columns}
    title, note = table.title.text(language).text, table.note_below.text(language).text
    return Table(texts, title=title, note=note, kinds=table.kinds, headings=headings, aside=table.aside)


def _row(finding: Finding, family: Family, level: float) -> dict[str, object]:
    grade = finding.grade
    described = {**dict.fromkeys(_NUMBERS), **_described(finding)}
    numbers = described if finding.inference is None else numbers_of(finding.inference, level)
    return {
        "claim": _label(finding),
        "outcome": measure_of(finding),
        **numbers,
        "p_value": np.nan if finding.inference is None else float(finding.inference.p_value[0]),
        "p_family": family.adjusted.get(finding.id, np.nan),
        "grade": grade.letter if grade is not None else Message("claims.matrix.not_graded"),
        "raises": _raises(finding, level),
    }


def _label(finding: Finding) -> Message:
    """Return the claim as it is called, with its part where that is not to be taken for a claim of the family."""
    label: Message = finding.label
    if finding.role == "placebo":
        return Message("claims.matrix.placebo", label=label)
    exploratory = finding.role == "exploratory" and label.key not in {"claims.again_label", "claims.by_label"}
    return Message("claims.matrix.exploratory", label=label) if exploratory else label


def measure_of(finding: Finding) -> Message | None:
    """Return the measure of a finding with the unit of its means."""
    if finding.panel is None or finding.measure is None:
        return finding.measure  # type: ignore[no-any-return]
    words = finding.panel.outcome.words
    unit = Message("claims.matrix.per_cent") if words.scale == 100 else words.unit  # levels; the change is in points
    if not str(unit):
        return finding.measure  # type: ignore[no-any-return]
    key = "claims.matrix.measure_in" if "(" in str(unit) else "claims.matrix.measure"
    return spoken_of(Message(key, measure=finding.measure, unit=unit), finding.nouns)


def _described(finding: Finding) -> dict[str, object]:
    """Return the means of a description and their difference: nothing that it would have been without training."""
    if finding.means is None or finding.panel is None:
        return {}
    words = finding.panel.outcome.words
    before, after = (words.scale * mean for mean in finding.means)
    cells = {"before": before, "with_training": after, "change": after - before}
    decimals = max(words.decimals, 1)
    return {name: _cell(float(as_read(value, decimals)), name, decimals) for name, value in cells.items()}


def numbers_of(inference: Inference, level: float) -> dict[str, object]:
    """Return the numbers of a row of the matrix, each as it is shown."""
    words, levels = inference.effects.outcome.words, levels_as_read(inference)
    low, high = (float(words.shown(end[0])) for end in inference.interval(level))
    change = float(words.shown(inference.estimate[0]))
    decimals = decimals_for([v for v in (change, low, high) if np.isfinite(v)], words.decimals)
    means = {name: getattr(levels, name) for name in ("before", "with_training", "without_training")}
    ends = {end: Quantity(v, f"matrix.{end}", decimals) for end, v in (("low", low), ("high", high))}
    return {
        **{name: _cell(value, name, max(words.decimals, 1)) for name, value in means.items()},
        "change": _cell(change, "change", decimals),
        "interval": Message("claims.matrix.ends", **ends) if np.isfinite([low, high]).all() else None,
    }


def _cell(value: float, name: str, decimals: int) -> Message | None:
    return (
        Message("claims.matrix.number", n=Quantity(value, f"matrix.{name}", decimals)) if np.isfinite(value) else None
    )


def _raises(finding: Finding, level: float) -> Message | None:
    said = _raising(finding, level)
    return spoken_of(Message("common.paragraph", parts=tuple(said)), finding.nouns) if said else None


def _raising(finding: Finding, level: float) -> list[Message]:
    """Return why there is no number, what the grade lacks, and what could have been seen where there is no evidence."""
    if finding.inference is None:
        return list(finding.said[:1]) if finding.refusal is None else [finding.refusal]
    low, high = (float(end[0]) for end in finding.inference.interval(level))
    size = could_see(finding.inference, level=level) if low <= 0 <= high else None
    lacking = finding.grade.missing[:1] if finding.grade is not None else ()
    return [*lacking, *([Message("claims.could_see", size=size)] if size is not None else [])]


def amount_of(inference: Inference, size: float, source: str) -> Message:
    """Return a size in the unit of a measure."""
    words = inference.effects.outcome.words
    return with_unit(Quantity(size, source, decimals_for([size], words.decimals)), words.unit)
