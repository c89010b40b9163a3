"""The paragraphs of the report: what was found, who was compared, what was left out, how it was done and its limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from asn_impact.designs import Design
from asn_impact.estimation import Inference
from asn_impact.estimation.effects import Effects
from asn_impact.intake.ledger import Ledger
from asn_impact.measures.panel import Panel
from asn_impact.reporting.headline import headline_message, within_margin
from asn_impact.reporting.recoding import nouns_of
from asn_impact.reporting.tables.small import counts_records
from asn_impact.reporting.words import unit_noun
from asn_impact.scrutiny.grade import Grade
from asn_impact.words import Language, Message, Quantity, Sentence, languages, spoken_of, verbatim
from asn_impact.words.catalogue import keys_of
from asn_impact.words.writing import decimals_for

HEADINGS: Final[Mapping[str, Message]] = {
    key.partition(".")[2]: Message(f"report.{key}") for key in keys_of("report") if key.startswith("heading.")
}
SEE_APPENDIX: Final = Message("report.see_appendix")
_LIMITS: Final = ("parallel_trends", "alone", "trained", "size")


def caption(kind: str) -> Message | None:
    """Return what stands below a chart of some kind; None for one whose title says it all."""
    return Message(f"report.caption.{kind}") if f"caption.{kind}" in keys_of("report") else None


# ---------------------------------------------------------------------------------------------- summary


def found(inference: Inference, *, language: Language, level: float, grade: Grade | None = None) -> Sentence:
    """Return the finding and what its interval means, in a language and in the words that its grade allows."""
    return Sentence.then(*(part.text(language) for part in say_finding(inference, level=level, grade=grade)))


def say_finding(inference: Inference, *, level: float, grade: Grade | None = None) -> list[Message]:
    """Return the finding and, for one number that its data do not contradict, what its interval means."""
    opening = Message("report.finding.full_stop", finding=headline_message(inference, level=level, grade=grade))
    if len(inference.estimate) != 1 or not np.isfinite(inference.variance).all():
        return [opening]
    if grade is not None and grade.contradicted:
        return [opening]
    outcome = inference.effects.outcome
    words = outcome.words
    low, high = (float(words.shown(end[0])) for end in inference.interval(level))
    small = within_margin(inference, grade, level=level)
    if low > 0 or high < 0:
        shown = grade is None or grade.shown
        clear = Message("report.finding.clear" if shown else "report.finding.clear_difference")
        return [opening, clear, *([small] if small is not None else [])]
    if grade is not None and grade.shown:
        return [opening, small or Message("report.finding.within_margin")]
    decimals = decimals_for([low, high], words.decimals)
    low_end = Quantity(low, f"{outcome.name}.overall.conf_low", decimals)
    high_end = Quantity(high, f"{outcome.name}.overall.conf_high", decimals)
    with_unit = Message("report.amount", n=high_end, unit=words.unit) if str(words.unit) else high_end
    return [opening, Message("report.finding.not_none", low=low_end, high=with_unit)]


# --------------------------------------------------------------------------------------------- compared


def say_compared(design: Design, *, course: Message | None = None, counted: bool = True) -> list[Message]:
    """Return who was trained, in which waves, and who serves as comparison; `course` in the place of its own name.

    How many cases there are is not said unless `counted`: beside other claims it can give a small office back.
    """
    one, many = unit_noun(design.panel)
    timeline = design.panel.timeline
    counts = [int((design.adopted == step).sum()) for step in design.cohorts]
    waves = [
        Message("report.compared.wave", when=timeline.spoken(step), n=Quantity(n, f"units of wave {i + 1}"))
        for i, (step, n) in enumerate(zip(design.cohorts, counts, strict=True))
    ]
    treated, never = sum(counts), len(design.adopted) - sum(counts)
    has_name = design.treatment not in {"", "treatment"} and counts_records(design.panel)
    told, event = _way_of_comparing(design)
    who = Message(
        f"report.compared.{told}",
        treated=Quantity(treated, "units with an adoption time"),
        treated_noun=one if treated == 1 else many,
        course=_in_brackets(course) if course is not None else f" ({design.treatment})" if has_name else "",
        waves=Quantity(len(waves), "len(design.cohorts)"),
        list=waves,
        never=Quantity(never, "units without an adoption time"),
        never_noun=one if never == 1 else many,
        first=timeline.spoken(0),
        last=timeline.spoken(int(timeline.steps[-1])),
        **event,
    )
    return [who, _say_cells(design.panel, one, counted=counted) + _say_clusters(design)]


def say_within(effects: Effects) -> list[Message]:
    """Return whether groups such as regencies are each compared within themselves, and which of them tell nothing."""
    name = getattr(effects.estimator, "periods", None)
    if name is None:
        return []
    groups = effects.design.panel.attributes[name].astype(str)
    trained = set(groups[np.isfinite(effects.design.adopted)])
    silent = tuple(group for group in dict.fromkeys(groups) if group not in trained)
    said = Message("report.compared.within", name=name)
    without = Message("report.compared.without_trained", n=len(silent), all=groups.nunique(), name=name, groups=silent)
    return [said, without] if silent else [said]


def _way_of_comparing(design: Design) -> tuple[str, dict[str, object]]:
    """Return the key of the sentence on who is compared, and what it needs besides."""
    events = [note for note in design.notes if note.key == "designs.after_event"]
    if events:
        return "who_event", {"event": events[0]["event"], "when": design.panel.timeline.spoken(design.cohorts[0])}
    if design.status is not None:
        return "who_ends", {}
    timeline = design.panel.timeline
    return "who_twice" if timeline.kind == "step" and len(timeline) == 2 else "who", {}


def say_other_cells(answers: Iterable[Inference]) -> list[Message]:
    """Return for each further measure what it rests on, where that is not what the first one rests on."""
    said = {i.effects.design.panel.outcome.words.name: say_compared(i.effects.design) for i in answers}
    first = next(iter(said.values()), [])
    return [
        Message("report.compared.of_measure", measure=name, said=Message("common.paragraph", parts=tuple(own)))
        for name, own in said.items()
        if own != first
    ]


def _in_brackets(name: Message) -> Message:
    return verbatim({language: f" ({name.text(language)})" for language in languages()})


def _say_cells(panel: Panel, one: Message, *, counted: bool) -> Message:
    cells = Quantity(int(panel.observed.sum()), "panel.observed.sum()")
    if not (counts_records(panel) and counted):
        return Message("report.compared.cells", cells=cells, one=one)
    said = Message(
        "report.compared.records", records=Quantity(int(panel.n.sum()), "panel.n.sum()"), cells=cells, one=one
    )
    return spoken_of(said, nouns_of(panel))


def _say_clusters(design: Design) -> Message:
    return Message(
        "report.compared.clusters",
        clusters=Quantity(len(design.clusters), "len(design.clusters)"),
        treated=Quantity(design.treated_clusters, "design.treated_clusters"),
    )


# --------------------------------------------------------------------------------------------- left out


def say_left_out(panel: Panel, record: Ledger | None) -> list[Message]:
    """Return what did not enter: rows, and months that cannot answer yet."""
    messages = []
    if record is not None:
        rows = Message(
            "report.left_out.rows",
            read=Quantity(record.read, "ledger.read"),
            kept=Quantity(record.kept, "ledger.kept"),
            share=Quantity(record.kept / max(record.read, 1), "ledger.kept / ledger.read", 1, "percent"),
        )
        messages += [rows, *_say_without_value(panel, record.kept)]
    if panel.immature:
        count = Quantity(len(panel.immature), "len(panel.immature)")
        one, many = (Message(f"report.period.{panel.timeline.frequency}.{number}") for number in ("one", "many"))
        said = tuple(map(panel.timeline.said, panel.immature))
        noun = one if len(said) == 1 else many
        messages.append(Message("report.left_out.months", n=count, list=said, noun=noun))
    return messages or [Message("report.left_out.nothing")]


def _say_without_value(panel: Panel, kept: int) -> list[Message]:
    """Return how many of the rows kept a measure cannot use: they have no value of its column."""
    lacking = [(note["n"], note["columns"]) for note in panel.notes if note.key == "measures.tabulate.without_value"]
    return [
        Message(
            "report.left_out.no_value",
            n=Quantity(n, "rows without a value"),
            columns=columns,
            share=Quantity(n / max(kept, 1), "rows without a value / ledger.kept", 1, "percent"),
        )
        for n, columns in lacking
    ]


# ------------------------------------------------------------------------------------- method and limits


def say_method(inference: Inference) -> list[Message | None]:
    """Return how the outcome, the effect and its uncertainty were computed; None where nothing needs saying."""
    outcome = inference.effects.design.panel.outcome
    return [outcome.words.explained, inference.effects.estimator.entry.sentence, inference.rule.entry.sentence]


def limits() -> list[Message]:
    """Return what the result rests on and what it does not say."""
    return [Message(f"report.limit.{name}") for name in _LIMITS]


_TERMS: Final = ("impact", "comparison_group", "parallel_trends", "confidence_interval", "cluster")
_DURATION_TERMS: Final = ("processing_time", "censored")


def glossary_terms(inferences: Iterable[Inference]) -> list[str]:
    """Return the terms a newcomer needs for a report on some inferences."""
    terms = list(_TERMS)
    for inference in inferences:
        if inference.effects.design.panel.outcome.words.explained is not None:
            terms += _DURATION_TERMS
        if "event_time" in inference.effects.terms.columns:
            terms.append("event_study")
        else:
            terms += ["standard_error", "p_value"]
    return list(dict.fromkeys(terms))
