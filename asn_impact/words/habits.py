"""What people type by habit, and the line that does it: for names that are not there and values of another kind.

A value that is `Guided` (verbs.py) answers for a name it does not have; `CALLS` says how to get what an argument wants.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, Final, NoReturn

from asn_impact.errors import NotThereError
from asn_impact.words.message import Message, paragraph

#: Kind of value -> the call that gives one.
CALLS: Final[Mapping[str, str]] = {
    "Breakdown": "breakdown(infer(effects.event_study(), BiasReduced()))",
    "CurvePanel": 'tabulate(durations, CompletionCurve(30), by="office")',
    "Design": "assign(panel, rollout, cluster=...)",
    "Durations": "measure(extract, WorkCalendar.indonesia())",
    "Effects": "GLSImputation()(design)",
    "Estimator": "GLSImputation(), GroupTime(), TwoWay() or another of estimators",
    "Events": "read_events(...)",
    "Extract": "read_exports(folder, as_of=...)",
    "Inference": "infer(effects, BiasReduced())",
    "Panel": "tabulate(durations, outcome, by=...)",
    "Report": "Report.of(answer, by_time, scrutiny, ...)",
    "RobustInterval": "robust_interval(events, RelativeMagnitude(1.0))",
    "Rollout": "read_training(...)",
    "Rule": "BiasReduced(), Jackknife() or another of rules",
    "Scrutiny": "scrutinise(effects, BiasReduced())",
    "SpecificationCurve": "specification_curve(designs, estimators, rules)",
}

_FRAMES: Final = "to_pandas to_frame to_df df data dataframe rows table summary to_polars collect"
#: Kind of value -> the expression that is a DataFrame, where it has one: what pandas can do is done on it.
ROWS: Final[Mapping[str, str]] = {
    "Chart": "chart.data",
    "CurvePanel": "panel.frame()",
    "Dated": "durations.records.collect().to_pandas()",
    "Design": "design.table()",
    "Durations": "durations.records.collect().to_pandas()",
    "Extract": "extract.records.collect().to_pandas()",
    "Inference": "answer.table()",
    "Kept": "kept.records.collect().to_pandas()",
    "Observations": "observations.records.collect().to_pandas()",
    "Panel": "panel.frame()",
    "Recovery": "recovery.frame()",
    "Rollout": "rollout.adopted.to_frame()",
    "Scrutiny": "scrutiny.table()",
    "SpecificationCurve": "curve.table",
    "Survey": "survey.records.collect().to_pandas()",
    "Table": "table.frame",
}

_NUMBERS: Final = (
    "se bse std_err std_error std_errors stderr pvalue pvalues p_value p_values tstat tvalues conf_int confint ci"
    " vcov cov cov_params"
)
#: Kind of value -> names that are typed -> the line that does it.
LINES: Final[Mapping[str, Mapping[str, str]]] = {
    "Chart": {
        "show display": 'chart as the last line of a cell, or chart.save("chart.png")',
        "savefig write write_image to_png to_pdf to_svg to_file export": 'chart.save("chart.png")',
        "fig get_figure gcf draw": "chart.figure()",
        "ax axes gca subplots": "figures.forest(answer, ax=ax), or any other chart with ax=",
        "set_title set_ylim set_size set_size_inches update_layout set resize": "chart.shaped(title=..., size=(16, 9))",
        "to_csv": "chart.csv()",
    },
    "Design": {
        "plot": "figures.who_is_compared(design), or figures.raw_trends(design)",
        "fit estimate run att": "GLSImputation()(design)",
    },
    "Durations": {
        "plot hist": 'figures.waits_by_office(tabulate(durations, CompletionCurve(30), by="office"))',
        "outcome mean": "tabulate(durations, RestrictedMean(30), by=...)",
    },
    "Effects": {
        f"summary table tidy print interval {_NUMBERS}": "infer(effects, BiasReduced()).table()",
        "coef coefs coefficients params att": "effects.estimate, in the order of effects.terms",
        "plot iplot coefplot": "figures.event_study(infer(effects.event_study(), BiasReduced()))",
        "aggregate aggte agg": "effects.overall(), effects.event_study(), effects.cohorts() or effects.calendar()",
        "to_latex to_html to_markdown to_frame to_word etable": "tables.results(infer(effects, BiasReduced()))",
    },
    "Estimator": {"fit fit_transform run predict summary": "{kind}()(design)"},
    "Inference": {
        "summary tidy print": "answer.table()",
        "coef coefs coefficients params att": "answer.estimate",
        "se bse std_err std_errors stderr": "answer.std_error",
        "pvalue pvalues p_values": "answer.p_value",
        "tstat tvalues statistic": 'answer.table()["statistic"]',
        "conf_int confint ci conf_low conf_high": "answer.interval(0.95)",
        "vcov cov cov_params": "answer.variance",
        "plot iplot coefplot": "figures.event_study(answer), or figures.forest(answer) for one number",
        "to_latex": 'tables.results(answer).latex("en")',
        "to_html": 'tables.results(answer).html("en")',
        "to_markdown": 'tables.results(answer).markdown("en")',
        "to_frame": 'answer.table(), or tables.results(answer).to_frame("en") as it is printed',
        "to_word to_docx to_excel etable": 'tables.results(answer).save("results.docx", "en")',
        "overall event_study cohorts calendar": "infer(effects.{name}(), BiasReduced())",
    },
    "Panel": {
        "plot": "figures.raw_trends(assign(panel, rollout, cluster=...)), or figures.waits_calendar(panel)",
        "fit estimate att": "GLSImputation()(assign(panel, rollout, cluster=...))",
    },
    "Report": {"save write publish show to_html to_pdf to_word export": 'publish("folder", report, language="en")'},
    "Rule": {"fit apply run": "infer(effects, {kind}())"},
    "Scrutiny": {"plot show": 'tables.checks(scrutiny)', "passed failed verdicts": "scrutiny.table()"},
    "Table": {
        "show display print": "table as the last line of a cell",
        "to_latex": 'table.latex("en")',
        "to_html": 'table.html("en")',
        "to_markdown": 'table.markdown("en")',
        "to_typst": 'table.typst("en")',
        "to_csv": "table.csv()",
        "to_excel to_word to_docx export write": 'table.save("table.docx", "en")',
        "to_pandas df data": 'table.frame, or table.to_frame("en") as it is printed',
    },
}  # fmt: skip


#: What other programs call it -> the line here; read without capitals and underscores.
ELSEWHERE: Final[Mapping[str, str]] = {
    "callawaysantanna attgt csdid did": "estimators.GroupTime()",
    "sunabraham sunab eventstudyinteract": "estimators.InteractionWeighted()",
    "twfe twowayfixedeffects feols reghdfe xtreg ols": "estimators.TwoWay()",
    "didimputation borusyak bjs imputationdid": "estimators.Imputation()",
    "did2s gardner twostagedid": "estimators.TwoStage()",
    "stackeddid stackedevent": "estimators.Stacked()",
    "sdid synthdid": "estimators.SyntheticDiD()",
    "didmultiplegt didmultiplegtdyn chaisemartin": "estimators.Switchers()",
    "ddd tripledifferences": "estimators.TripleDifference(...)",
    "ppmlhdfe fepois poissonreg": "estimators.Poisson()",
    "honestdid": "checks.robust_interval(events, RelativeMagnitude(1.0))",
    "bacondecomp goodmanbacon": "checks.bacon(design)",
    "boottest wildboottest wildclusterbootstrap": "rules.WildBootstrap(seed=1)",
    "ritest randomizationinference": "rules.Permutation(seed=1)",
    "clusterse robustse vcovcl crv1": "rules.ClusterRobust()",
    "crv3": "rules.Jackknife()",
    "aggte": "effects.overall(), effects.event_study(), effects.cohorts() or effects.calendar()",
    "etable modelsummary esttab stargazer summarycol": "tables.results({name: answer})",
    "iplot coefplot ggdid eventplot plot": "figures.event_study(infer(effects.event_study(), BiasReduced()))",
    "balancetable iebaltab": "tables.balance(design)",
    "readcsv readexcel readstata loaddata": "read_exports(folder, as_of=...), or read_panel(frame, unit=...)",
    "getdata generatedata generatediddata loaddataset": "example_design()",
}


def no_name(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """Return the error for a name that a module does not have: what it is called here, or the nearest name.

    Examples
    --------
    >>> print(no_name("asn_impact", "sun_abraham", ["assign"]))
    module 'asn_impact' has no attribute 'sun_abraham'. Write: estimators.InteractionWeighted()
    """
    plain = name.replace("_", "").casefold()
    hint = next(
        (Message("habits.line", line=line) for names, line in ELSEWHERE.items() if plain in names.split()), None
    )
    shorter = {one.rpartition(".")[2].casefold(): one for one in known}
    close = difflib.get_close_matches(name.casefold(), shorter, n=1, cutoff=0.7)
    if hint is None and close:
        hint = Message("common.did_you_mean", word=shorter[close[0]])
    return NotThereError(paragraph(Message("habits.module", module=module, name=name), hint))


def group(module: Mapping[str, Any]) -> tuple[list[str], Callable[[], list[str]], Callable[[str], NoReturn]]:
    """Return the names that a module has imported for its users, what Tab shows of it, and who refuses other names.

    Examples
    --------
    >>> names, shown, refuse = group({"__name__": "asn_impact.rules", "Jackknife": type, "_group": group})
    >>> names, shown() == names
    (['Jackknife'], True)
    """
    names = sorted(name for name, value in module.items() if name[0] != "_" and not isinstance(value, ModuleType))

    def refuse(name: str) -> NoReturn:
        raise no_name(module["__name__"], name, names)

    return names, lambda: list(names), refuse


@functools.cache  # a default for what a value may lack asks for it again and again
def not_there(owner: type, name: str) -> Message:
    """Say that a kind of value has no such name: the line that does it, the nearest name, or the names there are."""
    kinds = [one.__name__ for one in owner.__mro__]
    for kind in kinds:
        for names, line in LINES.get(kind, {}).items():
            if name in names.split():
                written = line.format(kind=owner.__name__, name=name)
                return Message("habits.write", kind=owner.__name__, name=name, line=written)
    if rows := _rows(owner):
        if name in _FRAMES.split():
            return Message("habits.write", kind=owner.__name__, name=name, line=rows)
        if (call := _of_pandas(name)) is not None:
            return Message("habits.write", kind=owner.__name__, name=name, line=f"{rows}.{name}{call}")
    fields = getattr(owner, "__dataclass_fields__", ())
    known = sorted({n for n in (*dir(owner), *fields) if not n.startswith("_")})
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    hint = Message("common.did_you_mean", word=close[0]) if close else Message("habits.has", names=known)
    return paragraph(Message("habits.unknown", kind=owner.__name__, name=name), hint)


def no_rows(owner: type, name: str, call: str) -> Message:
    """Say how the rows of a kind of value are asked for, or that it has none."""
    rows = _rows(owner)
    if not rows:
        return Message("habits.no_rows", kind=owner.__name__, name=name)
    line = f"{rows}{call}" if call else f"len({rows})"
    return Message("habits.write", kind=owner.__name__, name=name, line=line)


def _rows(owner: type) -> str:
    kinds: Iterable[type] = owner.__mro__
    return next((ROWS[kind.__name__] for kind in kinds if kind.__name__ in ROWS), "")


def _of_pandas(name: str) -> str | None:
    """Return how a name of DataFrame is written: with brackets or without; None where it is none."""
    import pandas as pd

    found = getattr(pd.DataFrame, name, None)
    return None if found is None else "(...)" if callable(found) else ""
