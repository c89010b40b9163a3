"""Every public argument is checked where it enters: a wrong word, a wrong range, a wrong type."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.topics.surveys.answers import ELEMENTS
from asn_impact.topics.surveys.satisfaction import band
from asn_impact.words import Message

CALENDAR = ai.WorkCalendar.indonesia()
FRAME = pd.DataFrame(
    {
        "case": ["a", "b"],
        "office": ["O1", "O2"],
        "service": "SIP",
        "status": "granted",
        "received": pd.to_datetime(["2024-02-01", "2024-02-05"]),
        "decided": pd.to_datetime(["2024-02-05", "2024-02-07"]),
    }
)
EXTRACT = ai.read_exports(FRAME, as_of="2024-03-28")
TIMES = ai.measure(EXTRACT, CALENDAR)
MONTHS = pd.DataFrame({"o": "A", "m": [f"2024-{m:02d}" for m in range(1, 9)], "v": [10, 11, 10, 11, 20, 16, 11, 10.0]})
PANEL = ai.read_panel(MONTHS, unit="o", period="m", outcome="v")
SURVEY = ai.read_survey_aggregates(
    pd.DataFrame({"office": ["O1"], "tahun": [2024], "n": [200], **{e: [3.5] for e in ELEMENTS}}),
    period="tahun",
    respondents="n",
)
PROMISES = ai.read_promises(pd.DataFrame({"layanan": ["SIP"], "SLA": ["5 hari kerja"]}))
BACK = ai.recovery(PANEL, at="2024-05", band=ai.ShareBand(0.1, months=4), worse="higher", within=4)
ROLLOUT = ai.read_rollout(pd.DataFrame({"unit": ["A"], "adopted": ["2024-02"]}), unit="unit", adopted="adopted")
SCORES = ai.Learning(
    {"d": ("i",)}, ("i",), np.array([[1.0], [2.0]]), np.array([[3.0], [2.0]]), ("O1", "O2"), np.array([True, False])
)
SHOCK = {"at": "2024-05", "band": ai.ShareBand(0.1, months=4), "worse": "higher", "within": 4}
WRONG = {
    "measure a word": lambda: ai.measure(EXTRACT, CALENDAR, clock="working_day"),
    "measure a type": lambda: ai.measure(FRAME, CALENDAR),
    "measure a calendar's class": lambda: ai.measure(EXTRACT, ai.WorkCalendar),
    "tabulate a type": lambda: ai.tabulate(FRAME, ai.Within(5)),
    "tabulate an extract": lambda: ai.tabulate(EXTRACT, ai.Score("service")),
    "tabulate an outcome's class": lambda: ai.tabulate(TIMES, ai.Within),
    "tabulate a word as outcome": lambda: ai.tabulate(TIMES, "within_5"),
    "tabulate by a number": lambda: ai.tabulate(TIMES, ai.Within(5), by=3),
    "maturity a type": lambda: ai.maturity(FRAME, ai.Within(5)),
    "maturity a word": lambda: ai.maturity(TIMES, "within_5"),
    "read_panel names in one text": lambda: ai.read_panel(MONTHS, unit="o", period="m", outcome="v", covariates="v"),
    "read_panel a number": lambda: ai.read_panel(MONTHS, unit=0, period="m", outcome="v"),
    "clocks a type": lambda: ai.clocks(EXTRACT, CALENDAR, applicant=[], elsewhere=[], office="the rest"),
    "kept a type": lambda: ai.kept(TIMES, FRAME),
    "kept no durations": lambda: ai.kept([EXTRACT], PROMISES),
    "read_promises a word": lambda: ai.read_promises(FRAME, unit="working day"),
    "recovery a word": lambda: ai.recovery(PANEL, **SHOCK | {"worse": "upper"}),
    "recovery a range": lambda: ai.recovery(PANEL, **SHOCK | {"within": 0}),
    "recovery half a month": lambda: ai.recovery(PANEL, **SHOCK, stays=1.5),
    "recovery a band's class": lambda: ai.recovery(PANEL, **SHOCK | {"band": ai.ShareBand}),
    "ShareBand a range": lambda: ai.ShareBand(-0.1, months=4),
    "ShareBand a word": lambda: ai.ShareBand("wide", months=4),
    "SpreadBand a range": lambda: ai.SpreadBand(2, months=1),
    "compare_recovery a range": lambda: ai.compare_recovery(BACK, ROLLOUT, cluster="o", reps=0, seed=1),
    "compare_recovery a seed": lambda: ai.compare_recovery(BACK, ROLLOUT, cluster="o", reps=9, seed=-1),
    "compare_recovery a type": lambda: ai.compare_recovery(PANEL, ROLLOUT, cluster="o", reps=9, seed=1),
    "skm_index a word": lambda: ai.skm_index(SURVEY, per="month s"),
    "skm_index a regulation": lambda: ai.skm_index(SURVEY, regime=2017),
    "skm_index a weight": lambda: ai.skm_index(SURVEY, weight="exactly"),
    "skm_index a type": lambda: ai.skm_index(FRAME),
    "which_weight a range": lambda: ai.which_weight(86.6, SURVEY, tolerance=-1),
    "which_weight a type": lambda: ai.which_weight("86,6", SURVEY),
    "satisfaction_panel a word": lambda: ai.satisfaction_panel(SURVEY, "wktu"),
    "satisfaction_panel by a number": lambda: ai.satisfaction_panel(SURVEY, by=1),
    "respondents_needed a range": lambda: ai.respondents_needed(0),
    "band a word": lambda: band(82.0, regime="2020"),
    "reliability names in one text": lambda: ai.reliability(np.ones((4, 2)), items="ab"),
    "reliability a level": lambda: SCORES.reliability("d").interval(95),
    "a dimension": lambda: SCORES.panel("e"),
    "when": lambda: SCORES.reliability("d", when="later"),
    "items in one text": lambda: ai.paired_tests(
        ai.read_observations(
            pd.DataFrame(
                {"k": ["a"], "office": "O1", "t": "Awal", "g": "x", "i": 1.0, "at": pd.Timestamp("2024-03-01")}
            ),
            as_of="2024-12-31",
            date="at",
            numbers=["i"],
            keep=["t", "g"],
            person="k",
            key=b"0123456789abcdef0123456789abcdef",
        ),
        test="t",
        before="awal",
        after="akhir",
        group="g",
        trained="x",
        dimensions={"d": "i"},
    ),
    "a weekday": lambda: ai.Opening(("Sabtu",), "07.30", "12.30"),
    "weekdays in one text": lambda: ai.Opening("Saturday", "07.30", "12.30"),
    "a time of day": lambda: ai.Opening(("Saturday",), "7", "12.30"),
    "a day": lambda: ai.WorkCalendar.weekdays("2024-01-01", "soon"),
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_argument_is_refused_in_both_languages(name):
    with pytest.raises(ai.InputError) as error:
        WRONG[name]()
    assert isinstance(error.value.message, Message)
    assert error.value.text("en")
    assert error.value.text("id") != error.value.text("en")


def test_a_refusal_names_the_argument_what_is_allowed_and_what_is_nearest():
    with pytest.raises(ai.InputError) as error:
        ai.measure(EXTRACT, CALENDAR, clock="working_day")
    said = "measure(clock='working_day'). Expected 'working_days' or 'calendar_days'. Did you mean 'working_days'?"
    assert str(error.value) == said
    with pytest.raises(ai.InputError, match=r"Write it with brackets: Within\(\)"):
        ai.tabulate(TIMES, ai.Within)


def test_a_warning_names_the_line_of_the_user_however_deep_it_arose():
    """A notebook named the folder of the library, on a line nobody could change."""
    frame = MONTHS.assign(v=[10, 11, 10, 11, 20, 16, 11, None])
    place: dict[str, object] = {}
    inner = "def deep(read, frame):\n    return read(frame, unit='o', period='m', outcome='v')"
    exec(compile(inner, f"{Path(ai.__file__).parent / 'deep.py'}", "exec"), place)
    with pytest.warns(ai.DataWarning) as caught:
        place["deep"](ai.read_panel, frame)
    assert [one.filename for one in caught] == [__file__]


def test_notes_are_said_in_both_languages_and_warned_of_once():
    frame = MONTHS.assign(v=[10, 11, 10, 11, 20, 16, 11, None])
    with pytest.warns(ai.DataWarning) as caught:
        panel = ai.read_panel(frame, unit="o", period="m", outcome="v")
    assert [str(one.message) for one in caught] == ["1 of 8 rows left out: 'v' is missing."]
    assert [note.text("id") for note in panel.notes] == ["1 dari 8 baris dikeluarkan: 'v' kosong."]
    back = ai.recovery(panel, **SHOCK | {"within": 3})  # nothing new: no second warning
    assert back.notes == panel.notes
