"""Columns of free text bring no persons into the records, and lists for the office are private."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from asn_impact.errors import DataWarning, PrivacyError
from asn_impact.intake.readers.exports import read_exports

NIK = "9902" + "1445" + "0190" + "0003"
PERSONS = (f"NIK {NIK}", "hub. 0899000012345", "a.n. Contoh Nama", "dr. Contoh Nama, Sp.A.", "nama@contoh.example")


def cases(n: int = 40, **columns: Any) -> pd.DataFrame:
    days = pd.date_range("2024-01-02", periods=n, freq="D")
    usual = {"no": range(n), "office": "A", "received": days, "decided": days + pd.Timedelta(days=5)}
    return pd.DataFrame(usual | columns)


@pytest.mark.parametrize("person", [*PERSONS, int(NIK), float(NIK)])
def test_a_kept_column_with_a_person_in_it_is_refused(person: Any) -> None:
    frame = cases(Keterangan=[person, *["lengkap" if isinstance(person, str) else 1] * 39])
    with pytest.raises(PrivacyError, match="Keterangan") as refused:
        read_exports(frame, as_of="2024-12-31", columns={"case": "no"}, keep=["Keterangan"])
    assert str(person) not in str(refused.value)


@pytest.mark.parametrize("person", PERSONS)
def test_a_person_among_the_services_is_masked_and_said(person: str, tmp_path: Path) -> None:
    frame = cases(service=[f"Izin Praktik {person}", *["Izin Praktik"] * 39])
    frame.to_csv(tmp_path / "a.csv", index=False)
    for source in (frame, tmp_path / "a.csv"):
        with pytest.warns(DataWarning, match="replaced by"):
            extract = read_exports(source, as_of="2024-12-31", columns={"case": "no"})
        services = set(extract.records.collect()["service"].to_list())
        assert person not in " ".join(services)
        assert "Izin Praktik" in services


def test_a_service_column_that_is_free_text_is_refused() -> None:
    frame = cases(service=[f"Izin a.n. Contoh Nama{i}" for i in range(40)])
    with pytest.raises(PrivacyError, match="no list of kinds"):
        read_exports(frame, as_of="2024-12-31", columns={"case": "no"})


def test_ordinary_columns_stay_as_they_are() -> None:
    frame = cases(district=["Muara Bulian", "Batin XXIV"] * 20, service="SIP RSUD dr. Contoh")
    extract = read_exports(frame, as_of="2024-12-31", columns={"case": "no"}, keep=["district"])
    assert set(extract.records.collect()["service"].to_list()) == {"SIP RSUD dr. Contoh"}


def test_an_office_that_is_a_person_is_refused() -> None:
    frame = cases(office="dr. Contoh Nama, Sp.A.")
    with pytest.raises(PrivacyError, match="office"):
        read_exports(frame, as_of="2024-12-31", columns={"case": "no"})


@pytest.mark.skipif(os.name != "posix", reason="needs modes of files")
def test_the_list_of_dropped_rows_is_for_its_owner_alone(tmp_path: Path) -> None:
    frame = cases()
    frame.loc[0, "decided"] = pd.Timestamp("2023-01-01")
    with pytest.warns(DataWarning, match="left out"):
        extract = read_exports(frame, as_of="2024-12-31", columns={"case": "no"})
    path = extract.write_dropped(tmp_path / "left_out.csv")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("heading", ["staff", "Staff"])
@pytest.mark.parametrize("how", ["file", "frame"])
def test_a_column_of_staff_is_kept_where_it_counts_and_refused_where_it_names(how: str, heading: str, tmp_path) -> None:
    days = [f"2024-01-{i % 28 + 1:02d}" for i in range(60)]
    rows = pd.DataFrame({"office": "Dinas A", "received": days, "decided": "2024-03-01", heading: range(3, 63)})
    names = rows.assign(**{heading: ["Budi", *map(str, range(4, 63))]})

    def read(frame):
        frame.to_csv(tmp_path / "a.csv", index=False)
        typed = frame.assign(received=pd.to_datetime(frame["received"]), decided=pd.to_datetime(frame["decided"]))
        source = tmp_path / "a.csv" if how == "file" else typed
        return read_exports(source, as_of="2024-12-31", selection="received", keep=(heading,))

    assert heading in read(rows).records.collect().columns
    with pytest.raises(PrivacyError, match=heading) as refused:
        read(names)
    assert "Budi" not in str(refused.value)
