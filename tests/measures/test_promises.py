"""Promises: read in whole, and kept only by cases that can answer."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from asn_impact.errors import DataWarning, InputError
from asn_impact.intake.readers.exports import read_exports
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import measure
from asn_impact.measures.outcomes import Share, Within
from asn_impact.measures.tabulate import tabulate
from asn_impact.topics.promises.promises import kept, read_promises

CALENDAR = WorkCalendar.indonesia()
AS_OF = dt.date(2024, 12, 31)


def promises(**limits):
    return read_promises(pd.DataFrame({"Jenis Izin": list(limits), "SLA": list(limits.values())}))


def cases(services=("SIP", "PBG"), count=3_000, seed=3):
    rng = np.random.default_rng(seed)
    received = np.datetime64("2024-01-01") + rng.integers(0, 366, count)
    decided = received + rng.geometric(0.08, count)
    frame = pd.DataFrame({"received": received, "decided": decided}).astype("datetime64[us]")
    frame["decided"] = frame["decided"].where(frame["decided"] <= pd.Timestamp(AS_OF))
    return frame.assign(
        case=[f"c{i}" for i in range(count)],
        office=rng.choice(["O1", "O2"], count),
        service=rng.choice(services, count),
    )


def extract(frame):
    return read_exports(frame, as_of=AS_OF)


def test_one_limit_for_all_is_within_with_its_months():
    times = measure(extract(cases()), CALENDAR)
    answer = kept(times, promises(SIP="7 hari kerja", PBG="7 hari kerja"))
    expected, found = tabulate(times, Within(7)), tabulate(answer, Share("kept"))
    assert found.timeline.labels == expected.timeline.labels
    assert answer.immature == expected.immature
    np.testing.assert_array_equal(found.mean, expected.mean)
    np.testing.assert_array_equal(found.n, expected.n)


def test_each_case_has_its_own_limit_and_months_wait_for_the_longest():
    frame = cases()
    times = measure(extract(frame), CALENDAR)
    answer = kept(times, promises(SIP="3 hari kerja", PBG="28 hari kerja"))
    assert answer.immature == tabulate(times, Within(28)).immature
    panel = tabulate(answer, Share("kept"), by="service")
    for service, days in (("SIP", 3), ("PBG", 28)):
        mine = tabulate(measure(extract(frame[frame["service"] == service]), CALENDAR), Within(days), by="service")
        shared = [list(mine.timeline.labels).index(label) for label in panel.timeline.labels]
        row = panel.units.index(service)
        np.testing.assert_array_equal(panel.mean[row], mine.mean[0, shared])


def test_a_case_whose_limit_has_not_passed_is_never_late():
    frame = pd.DataFrame(
        {
            "case": ["a", "b", "c"],
            "office": "O1",
            "service": ["SIP", "SIP", "PBG"],
            "status": ["granted", "open", "open"],
        }
    ).assign(
        received=pd.to_datetime(["2024-11-04", "2024-11-05", "2024-12-02"]),
        decided=pd.to_datetime(["2024-11-06", None, None]),
    )
    answer = kept(measure(extract(frame), CALENDAR), promises(SIP="5 hari kerja", PBG="28 hari kerja"))
    assert answer.immature == ("2024-12",)
    assert sorted(answer.records.collect()["kept"].to_list()) == [0, 1]


def test_limits_in_two_units_are_each_answered_on_their_own_clock():
    frame = cases()
    table = promises(SIP="5 hari kerja", PBG="14 hari")
    working, calendar = measure(extract(frame), CALENDAR), measure(extract(frame), CALENDAR, clock="calendar_days")
    with pytest.raises(InputError, match=r"durations in calendar days answer: 'PBG'.*clock='calendar_days'"):
        kept(working, table)
    panel = tabulate(kept([working, calendar], table), Share("kept"), by="service")
    alone = tabulate(
        measure(extract(frame[frame["service"] == "PBG"]), CALENDAR, clock="calendar_days"), Within(14), by="service"
    )
    shared = [list(alone.timeline.labels).index(label) for label in panel.timeline.labels]
    np.testing.assert_array_equal(panel.mean[panel.units.index("PBG")], alone.mean[0, shared])


def test_services_without_a_promise_are_listed_and_left_out():
    times = measure(extract(cases(("SIP", "Lain"))), CALENDAR)
    with pytest.warns(DataWarning, match="1 services without a promise left out: 'Lain'"):
        answer = kept(times, promises(SIP="5 hari kerja"))
    assert set(answer.records.collect()["service"].to_list()) == {"SIP"}
    with pytest.raises(InputError, match="No service of the records has a promise"):
        kept(times, promises(Reklame="5 hari kerja"))


def test_a_table_says_its_units_in_a_column_in_the_limit_or_in_the_call():
    column = pd.DataFrame(
        {"layanan": ["A", "B", "C"], "v_hari": [5, 14, 2], "satuan": ["hari kerja", "hari", "jam kerja"]}
    )
    assert read_promises(column).limits["unit"].tolist() == ["working days", "calendar days", "working hours"]
    bare = column.drop(columns="satuan")
    assert set(read_promises(bare, unit="working days").limits["unit"]) == {"working days"}
    with pytest.raises(InputError, match="has no unit"):
        read_promises(bare)
    with pytest.raises(InputError, match="two units"):
        read_promises(column, unit="working days")


def test_a_file_is_read_as_a_frame_is(tmp_path):
    path = tmp_path / "sla.csv"
    path.write_text("Jenis Izin;Standar Waktu;Satuan\nSIP;5;hari kerja\nPBG;28;hari kerja\nX;-;\n", encoding="utf-8")
    table = read_promises(path)
    assert table.limits["limit"].tolist() == [5, 28]
    assert "1 services without a limit: 'X'." in map(str, table.notes)


@pytest.mark.parametrize(
    ("limit", "what"), [("lima", "Expected a number"), ("2,5 hari kerja", "whole number"), ("5 bulan", "not known")]
)
def test_a_limit_that_is_none_is_refused(limit, what):
    with pytest.raises(InputError, match=what):
        promises(SIP=limit)


def test_one_service_with_two_limits_is_refused():
    with pytest.raises(InputError, match="two limits"):
        read_promises(pd.DataFrame({"layanan": ["SIP", "SIP"], "SLA": ["5 hari kerja", "7 hari kerja"]}))


def test_limits_in_working_hours_are_answered_in_minutes():
    at = pd.to_datetime(["2024-08-19 15:00", "2024-08-19 15:00"])
    frame = pd.DataFrame({"case": ["a", "b"], "office": "O1", "service": "SIP", "received": at, "in": at})
    frame["decided"] = frame["out"] = pd.to_datetime(["2024-08-20 08:30", "2024-08-20 08:31"])
    read = read_exports(frame, as_of=AS_OF, keep=["in", "out"])
    times = measure(read, CALENDAR.hours(), times={"received": "in", "decided": "out"})
    assert sorted(kept(times, promises(SIP="2 jam kerja")).records.collect()["kept"].to_list()) == [0, 1]


WRITTEN = {
    "paling lama 5 (lima) hari kerja": (5, "working days"),
    "Paling lambat 14 (empat belas) hari kerja sejak berkas diterima lengkap": (14, "working days"),
    "maks. 3 hari kerja.": (3, "working days"),
    "≤ 5 hari": (5, "calendar days"),
    "10 Menit": (10, "minutes"),
    "15 menit kerja": (15, "working minutes"),
    "1x24 jam": (24, "hours"),
    "2 (dua) x 24 (dua puluh empat) jam": (48, "hours"),
    "30 menit setelah berkas lengkap dan benar": (30, "minutes"),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_a_limit_as_a_standard_of_service_writes_it(text):
    table = pd.DataFrame({"Jenis Pelayanan": ["SIP"], "Jangka Waktu Penyelesaian": [text]})
    limits = read_promises(table).limits
    assert tuple(limits.loc[0, ["limit", "unit"]]) == WRITTEN[text]


@pytest.mark.parametrize(
    "text", ["3 hari atau 5 hari kerja", "5 hari kerja untuk perorangan dan 7 hari kerja untuk badan", "segera"]
)
def test_two_limits_or_none_in_one_text_are_refused_and_shown(text):
    with pytest.raises(InputError, match=r"hari kerja|segera"):
        read_promises(pd.DataFrame({"layanan": ["SIP"], "standar waktu": [text]}))


def test_a_limit_in_minutes_is_answered_by_minutes():
    times = measure(extract(cases()), CALENDAR)
    with pytest.raises(InputError, match="minute"):
        kept(times, promises(SIP="10 menit", PBG="10 menit"))


@pytest.mark.parametrize(
    ("said", "limit", "unit"),
    [
        ("1-3 hari kerja", 3, "working days"),
        ("1 \u2013 3 hari kerja", 3, "working days"),
        ("3 (tiga) s.d. 5 (lima) hari kerja", 5, "working days"),
        ("1 hari s/d 3 hari", 3, "calendar days"),
        ("1 sampai dengan 7 hr kerja", 7, "working days"),
        ("30 - 60 menit", 60, "minutes"),
    ],
)
def test_of_a_span_the_longest_is_promised(said, limit, unit):
    promises = read_promises(pd.DataFrame({"layanan": ["SIP"], "SLA": [said]}))
    assert promises.limits[["limit", "unit"]].to_numpy().tolist() == [[limit, unit]]
    assert any("the longest counts" in str(note) for note in promises.notes)


def test_weeks_hours_and_about_are_read_beside_working_days():
    texts = {"A": "1 (satu) minggu", "B": "2 (dua) jam", "C": "3x24 jam", "D": "± 10 hari", "E": "1 - 2 minggu"}
    frame = pd.DataFrame({"layanan": [*texts, "F"], "SLA": [*texts.values(), "2"], "satuan": [None] * 5 + ["minggu"]})
    found = read_promises(frame)
    assert found.limits.set_index("service")["limit"].tolist() == [7, 2, 72, 10, 14, 14]
    days = "calendar days"
    assert found.limits.set_index("service")["unit"].tolist() == [days, "hours", "hours", days, days, days]
    assert "promises.about" in [note.key for note in found.notes]


def test_every_limit_that_cannot_be_read_is_said_at_once():
    with pytest.raises(InputError, match=r"(?s)'A'.*'C'"):
        promises(A="1 bulan", B="5 hari kerja", C="segera")


def test_limits_in_hours_leave_the_other_services_to_be_answered():
    frame = pd.DataFrame(
        {
            "case": list("abcd"),
            "office": "O1",
            "service": list("ABCD"),
            "received": pd.to_datetime(["2024-01-08"] * 4),
            "decided": pd.to_datetime(["2024-01-10", "2024-01-10", "2024-01-11", "2024-01-15"]),
        }
    )
    extract = read_exports(frame, as_of="2024-06-28", selection="received")
    week = WorkCalendar.indonesia()
    clocks = [measure(extract, week), measure(extract, week, clock="calendar_days")]
    limits = promises(A="5 hari kerja", B="2 jam", C="3x24 jam", D="3 hari")
    with pytest.warns(DataWarning, match=r"1 services promise hours or minutes \('B'; 1 cases\)"):
        answer = kept(clocks, limits)
    rows = answer.records.collect().to_pandas() if hasattr(answer.records, "collect") else answer.records
    assert dict(zip(rows["service"], rows["kept"], strict=True)) == {"A": 1, "C": 1, "D": 0}


def test_days_without_kerja_and_weeks_are_said_to_be_calendar_days():
    table = {"layanan": ["A", "B", "C", "D"], "SLA": ["10 hari kerja", "2 minggu", "3 (tiga) hari", "5 hari kalender"]}
    promises = read_promises(pd.DataFrame(table))
    (note,) = [note for note in promises.notes if note.key == "promises.every_day"]
    assert '"B" and "C"' in str(note).replace("'", '"') or '"B", "C"' in str(note).replace("'", '"')
