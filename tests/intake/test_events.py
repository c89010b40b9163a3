"""Events: every row with its source, checked or not, and found by month."""

import pandas as pd
import pytest

from asn_impact.errors import InputError
from asn_impact.intake.readers.events import Events, read_events

CSV = (
    "tanggal;jenis;nama;izin_terdampak;sumber;terverifikasi\n"
    "02/06/2025;sistem;Aplikasi baru;PBG; SK Bupati;ya\n"
    "17/03/2024;aturan;Perda retribusi;semua;berita;tidak\n"
)


def frame(**more):
    row = {"tanggal": "2025-06-02", "jenis": "sistem", "izin_terdampak": "PBG", "sumber": "SK", "terverifikasi": "ya"}
    return pd.DataFrame([{**row, **more}])


def test_a_file_becomes_events_in_order_of_date(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(CSV, encoding="utf-8-sig")
    found = read_events(path).frame()
    assert found["name"].tolist() == ["Perda retribusi", "Aplikasi baru"]
    assert found["verified"].tolist() == [False, True]
    assert found["date"].tolist() == [pd.Timestamp("2024-03-17"), pd.Timestamp("2025-06-02")]
    assert {"date", "kind", "name", "services", "source", "verified"} <= set(found.columns)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tanggal": None}, "have no date, first: row 1"),
        ({"tanggal": "31 Februari 2025"}, "no date of the calendar"),
        ({"sumber": " "}, "have no source"),
        ({"terverifikasi": "mungkin"}, "expected ya or tidak"),
        ({"sampai": "2025-05-01"}, "ends before it begins"),
        ({"ketelitian": "kira-kira"}, "expected hari, bulan or tahun"),
    ],
)
def test_an_event_that_says_too_little_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        read_events(frame(**change))


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="no column 'sumber'"):
        read_events(frame().drop(columns="sumber"))


def test_events_near_a_month_are_those_that_began_or_were_going_on():
    events = read_events(frame(sampai="2025-08-31"))
    near = {
        month: len(events.near([month], within=1)) for month in ("2025-04", "2025-05", "2025-08", "2025-09", "2025-10")
    }
    assert near == {"2025-04": 0, "2025-05": 1, "2025-08": 1, "2025-09": 1, "2025-10": 0}
    assert len(events.near([pd.Period("2025-06", "M")], within=0)) == 1
    assert len(events.near([], within=3)) == 0
    with pytest.raises(InputError, match="0 or more"):
        events.near(["2025-06"], within=-1)


def test_events_of_a_service_are_its_own_and_those_of_all():
    both = read_events(frame(izin_terdampak="PBG; SLF")) + read_events(frame(izin_terdampak="semua"))
    assert len(both.concerning("slf")) == 2
    assert len(both.concerning("SIP")) == 1


def test_a_name_or_place_is_optional_and_no_service_means_all():
    found = read_events(frame(izin_terdampak=None)).frame()
    assert found["services"].tolist() == ["semua"]
    assert found["name"].tolist() == ["sistem"]


def test_the_shipped_table_says_of_every_row_where_it_is_from_and_whether_it_was_checked():
    rows = Events.indonesia().frame()
    assert len(rows) > 20
    assert rows["date"].is_monotonic_increasing
    assert (rows["source"].str.len() > 0).all()
    general = rows["source"] == "pengetahuan umum"
    assert general.any()
    assert not rows.loc[general, "verified"].any()  # general knowledge is never a verified source
    assert rows.loc[rows["name"].str.contains("PDNS 2"), "verified"].all()


def test_two_tables_are_one_in_order_of_date_and_none_of_them_changes():
    national, local = Events.indonesia(), read_events(frame())
    both = national + local
    assert len(both) == len(national) + 1
    assert both.frame()["date"].is_monotonic_increasing
    mine = local.frame()
    mine.loc[0, "kind"] = "changed"
    assert local.frame()["kind"].tolist() == ["sistem"]


def test_a_value_shows_itself():
    assert repr(read_events(frame())) == "Events(1 from 2025-06-02 to 2025-06-02, 1 verified)"
    assert "<table" in Events.indonesia()._repr_html_()
    assert repr(read_events(frame()).near(["2020-01"], within=0)) == "Events(none)"


def test_arguments_of_events_are_checked_and_refusals_are_there_in_indonesian():
    with pytest.raises(InputError, match=r"near\(within=1.5\). Expected a whole number, 0 or more"):
        Events.indonesia().near(["2025-06"], within=1.5)
    with pytest.raises(InputError) as error:
        read_events(frame(sumber=" "))
    assert error.value.text("id") == "tabel: 1 peristiwa tanpa sumber, misalnya baris 1."
