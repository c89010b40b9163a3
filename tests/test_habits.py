"""What people type works, or answers with the line that does."""

import copy
import dataclasses
import html
import inspect
import pickle
import re

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.arguments import hints_of
from asn_impact.errors import NotThereError
from asn_impact.verbs import Guided
from asn_impact.words import habits

DESIGN = ai.example_design()
EFFECTS = ai.GroupTime()(DESIGN)
ANSWER = ai.infer(EFFECTS.overall(), ai.BiasReduced())
CHART = ai.figures.forest(ANSWER)
TABLE = ai.tables.results(ANSWER)
PANEL = DESIGN.panel

ANSWERS = {
    "panel.plot()": (lambda: PANEL.plot(), "figures.raw_trends(assign(panel, rollout"),
    "panel.head()": (lambda: PANEL.head(), "panel.frame().head(...)"),
    "panel.groupby()": (lambda: PANEL.groupby("unit"), "panel.frame().groupby(...)"),
    "panel.shape": (lambda: PANEL.shape, "panel.frame().shape"),
    "len(panel)": (lambda: len(PANEL), "len(panel.frame())"),
    'panel["x"]': (lambda: PANEL["x"], "panel.frame()['x']"),
    "panel.to_pandas()": (lambda: PANEL.to_pandas(), "Write: panel.frame()"),
    "design.head()": (lambda: DESIGN.head(), "design.table().head(...)"),
    "effects.summary()": (lambda: EFFECTS.summary(), "infer(effects, BiasReduced()).table()"),
    "effects.table()": (lambda: EFFECTS.table(), "infer(effects, BiasReduced()).table()"),
    "effects.conf_int()": (lambda: EFFECTS.conf_int(), "infer(effects, BiasReduced()).table()"),
    "effects.aggte()": (lambda: EFFECTS.aggte(), "effects.overall()"),
    "answer.plot()": (lambda: ANSWER.plot(), "figures.event_study(answer)"),
    "answer.summary()": (lambda: ANSWER.summary(), "answer.table()"),
    "answer.to_frame('id')": (lambda: ANSWER.to_frame("id"), 'tables.results(answer).to_frame("en")'),
    "answer.to_latex()": (lambda: ANSWER.to_latex(), 'tables.results(answer).latex("en")'),
    "answer.to_markdown()": (lambda: ANSWER.to_markdown(), 'tables.results(answer).markdown("en")'),
    "answer.vcov()": (lambda: ANSWER.vcov(), "answer.variance"),
    "table.latex()": (lambda: TABLE.latex(), "latex() needs language=. Write: latex(language)."),
    "table.save(path)": (lambda: TABLE.save("x.docx"), "save() needs language=. Write: save(path, language)."),
    "chart.png(path)": (lambda: CHART.png("x.png"), "png() takes 'size' by name. Write: png()."),
    "chart.figure(figsize=)": (lambda: CHART.figure(figsize=(3, 3)), "figure() does not take figsize=. Did you mean"),
    "table.to_latex()": (lambda: TABLE.to_latex(), 'table.latex("en")'),
    "chart.show()": (lambda: CHART.show(), "chart.save("),
    "chart.savefig()": (lambda: CHART.savefig("x.png"), 'chart.save("chart.png")'),
    "GroupTime().fit(design)": (lambda: ai.GroupTime().fit(DESIGN), "GroupTime()(design)"),
    "GroupTime(design)": (lambda: ai.GroupTime(DESIGN), "Write: GroupTime()(design)"),
    "GroupTime(frame)": (lambda: ai.GroupTime(PANEL.frame()), "Write: GroupTime()(assign(read_panel(frame"),
    "BiasReduced(effects)": (lambda: ai.BiasReduced(EFFECTS), "Write: BiasReduced()(effects)"),
    "ai.topics.survey": (lambda: ai.topics.survey, "Did you mean 'surveys'?"),
    "GroupTime()(panel)": (lambda: ai.GroupTime()(PANEL), "Expected Design, from assign(panel, rollout, cluster=...)."),
    "GroupTime(control=...)": (lambda: ai.GroupTime(control="never"), "Did you mean 'controls'?"),
    "event_study(effects)": (lambda: ai.figures.event_study(EFFECTS), "infer(effects.event_study(), BiasReduced())"),
    'infer(effects, "cluster")': (lambda: ai.infer(EFFECTS, "cluster"), "Expected Rule, from BiasReduced()"),
    "infer(effects)": (lambda: ai.infer(EFFECTS), "infer() needs rule=. Write: infer(effects, rule)."),
    "assign(panel)": (lambda: ai.assign(PANEL), "assign(panel, rollout, cluster=...)."),
    "assign by place": (lambda: ai.assign(PANEL, ai.example_rollout(), "office"), "assign() takes 'cluster'"),
    "assign(wave=)": (lambda: ai.assign(PANEL, ai.example_rollout(), clusters="office"), "Did you mean 'cluster'?"),
    "results(effects)": (lambda: ai.tables.results(EFFECTS), "Expected Inference, from infer(effects, BiasReduced())."),
    "ai.event_study": (lambda: ai.event_study, "Did you mean 'figures.event_study'?"),
    "ai.SunAbraham": (lambda: ai.SunAbraham, "estimators.InteractionWeighted()"),
    "ai.estimators.CallawaySantAnna": (lambda: ai.estimators.CallawaySantAnna, "estimators.GroupTime()"),
    "ai.figures.eventstudy": (lambda: ai.figures.eventstudy, "Did you mean 'event_study'?"),
    "a name misspelt": (lambda: EFFECTS.overal(), "Did you mean 'overall'?"),
}


@pytest.mark.parametrize("typed", ANSWERS)
def test_a_habit_is_answered_with_the_line_that_does_it(typed):
    call, line = ANSWERS[typed]
    with pytest.raises(ai.AsnImpactError) as answered:
        call()
    assert line in str(answered.value)
    assert answered.value.text("id")


def run(line):
    names = {**vars(ai.figures), "figures": ai.figures, "tables": ai.tables, "panel": PANEL, "design": DESIGN}
    names |= {"effects": EFFECTS, "answer": ANSWER, "table": TABLE, "chart": CHART, "rollout": ai.example_rollout()}
    names |= {name: getattr(ai, name) for name in ("infer", "assign", "tabulate", "BiasReduced", "GLSImputation")}
    return eval(line, names)


KNOWN = ("Panel", "Design", "Effects", "Inference", "Table", "Chart")
PLAIN = [line for kind in KNOWN for line in habits.LINES[kind].values() if not set(line) & {"{", "…"}]


@pytest.mark.parametrize(
    "line", [line for line in PLAIN if "..." not in line and ", " not in line and "save" not in line]
)
def test_the_line_runs_as_it_is_written(line):
    if line.startswith("chart as") or line.startswith("table as"):
        return
    assert run(line) is not None


@pytest.mark.parametrize("kind", KNOWN)
def test_the_rows_of_a_value_are_a_frame(kind):
    rows = habits.ROWS.get(kind)
    assert rows is None or isinstance(run(rows), pd.DataFrame)


def test_a_single_answer_makes_a_table():
    assert ai.tables.results(ANSWER).csv() == ai.tables.results([ANSWER]).csv()


def test_asking_whether_a_value_has_a_name_is_answered_as_python_does():
    assert not hasattr(PANEL, "plot")
    assert getattr(ANSWER, "nothing", None) is None
    assert bool(PANEL)


def test_values_are_copied_pickled_and_put_into_frames_as_before():
    assert copy.copy(PANEL).units == PANEL.units
    assert copy.deepcopy(ANSWER).estimate.tolist() == ANSWER.estimate.tolist()
    assert pickle.loads(pickle.dumps(PANEL)).units == PANEL.units
    assert pd.Series([PANEL, PANEL], dtype=object).iloc[1] is PANEL
    assert np.array([PANEL, None], dtype=object)[0] is PANEL


def test_a_property_of_ours_that_fails_says_why():
    class Broken(Guided):
        @property
        def size(self):
            return self.panel.nothing

    with pytest.raises(NotThereError, match="'panel'"):
        _ = Broken().size


def test_every_answer_names_a_kind_of_value_that_there_is():
    names = {name for name in vars(ai) if not name.startswith("_")}
    public = set(ai._stub()[0]) | {"Dated", "Estimator", "Rule", "Kept", "Report"} | names
    assert set(habits.LINES) | set(habits.ROWS) | set(habits.CALLS) <= public


TIPS = {
    "assign": "weights: 'units' | 'records' = 'units'",
    "GroupTime": "controls: 'never' | 'not_yet' = 'not_yet'",
    "GLSImputation": "anticipation: int >= 0 = 0",
    "scrutinise": "level: 0 < float < 1 = 0.95",
}


@pytest.mark.parametrize("name", TIPS)
def test_a_tooltip_says_the_choices(name):
    assert TIPS[name] in str(inspect.signature(getattr(ai, name)))


@pytest.mark.parametrize("name", sorted(ai._stub()[0]))
def test_no_tooltip_names_an_alias(name):
    value = getattr(ai, name)
    if not callable(value) or (isinstance(value, type) and issubclass(value, Exception)):
        return
    aliases = {"Weighing", "Partly", "Selection", "Size", "Steps", "Times", "Level", "Names", "AdjustBy", "Convention"}
    shown = str(inspect.signature(value))
    assert not aliases & set(re.findall(r"\w+", shown)), shown


def test_another_package_can_print_an_answer_beside_its_own():
    event = ai.infer(EFFECTS.event_study(), ai.BiasReduced())
    table = event.__maketables_coef_table__
    assert list(table.columns) == ["b", "se", "t", "p", "ci95l", "ci95u"]
    assert table.index.name == "Coefficient"
    assert table.loc["event_time 0", "b"] == event.table().set_index("event_time").loc[0, "estimate"]
    assert list(ANSWER.__maketables_coef_table__.index) == ["overall"]
    assert (ANSWER.__maketables_stat__("N"), ANSWER.__maketables_stat__("r2")) == (144, None)
    assert "by office" in ANSWER.__maketables_stat__("se_type")
    assert ANSWER.__maketables_depvar__ == "Mean waiting time"


def test_several_outcomes_stand_in_one_table():
    share = dataclasses.replace(PANEL, outcome=ai.Within(5), mean=PANEL.mean / 20)
    other = ai.infer(ai.GroupTime()(dataclasses.replace(DESIGN, panel=share)).overall(), ai.BiasReduced())
    rows = ai.tables.results([ANSWER, other]).to_frame("en")
    assert rows.iloc[:, 1].tolist() == ["working days", "percentage points"]
    side_by_side = ai.tables.specifications({"(1)": ANSWER, "(2)": other}).to_frame("en")
    assert side_by_side.shape[1] == 3


def test_records_are_read_into_memory_by_the_line_that_is_answered():
    extract = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    with pytest.raises(NotThereError) as answered:
        extract.to_pandas()
    line = str(answered.value).partition("Write: ")[2]
    assert eval(line, {"extract": extract}).shape == (1728, 6)
    with pytest.raises(NotThereError, match=r"durations\.records\.collect\(\)\.to_pandas\(\)\.groupby"):
        ai.measure(extract, ai.WorkCalendar.indonesia()).groupby("office")


def test_an_argument_whose_kind_is_defined_further_below_is_still_checked():
    verbs = [value for value in map(ai.__getattr__, ai._stub()[0]) if inspect.isfunction(value)]
    verbs += [ai.WorkCalendar.hours, ai.Chart.shaped, ai.Effects.again, ai.GroupTime.__call__]
    for verb in verbs:
        plain = inspect.unwrap(verb)
        assert set(hints_of(plain)) == set(hints_of.__wrapped__(plain)), verb


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (lambda: ai.WorkCalendar.weekdays(), "WorkCalendar.weekdays(first, last)"),
        (lambda: ai.WorkCalendar.indonesia(2023, 2024), "WorkCalendar.indonesia()"),
    ],
)
def test_a_way_to_make_a_value_is_written_as_it_is_typed(typed, line):
    with pytest.raises(ai.NotThereError) as refused:
        typed()
    assert f"Write: {line}." in str(refused.value)
    assert "cls" not in str(refused.value)


def test_the_cards_of_a_notebook_say_each_note_once():
    cases = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    times = ai.measure(cases, ai.WorkCalendar.indonesia())
    panel = ai.tabulate(times, ai.RestrictedMean(30), by="office")
    rollout = ai.example_rollout()
    design = ai.assign(panel, rollout, cluster="office")
    effects = ai.GLSImputation()(design)
    shown = [cases, times.calendar, times, panel, rollout, design, effects, effects.overall()]
    shown += [effects.event_study(), ai.infer(effects.overall(), ai.BiasReduced())]
    cards = "".join(value._repr_html_() for value in shown)
    every = {html.escape(str(note)) for value in shown for note in value.notes}
    assert len(every) >= 3
    assert {note: cards.count(note) for note in every} == dict.fromkeys(every, 1)
    assert f"{len(panel.notes)} more, all in .notes" in panel._repr_html_()  # nothing is hidden


def test_a_value_made_of_what_nobody_could_show_says_all_its_notes():
    design = ai.example_design()
    assert design.notes
    assert "said before" not in design._repr_html_()
    assert all(html.escape(str(note)) in design._repr_html_() for note in design.notes)
