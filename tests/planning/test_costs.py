"""Costs: every amount has its source, nothing has a default, and what is an example says so."""

import openpyxl
import pandas as pd
import polars as pl
import pytest

from asn_impact.errors import DataWarning, InputError
from asn_impact.topics.planning.costs import cost_template, read_costs, rupiah

ROWS = [
    ("Narasumber", "24", "jam", "900.000,00", "DPA 2025, hlm. 4", "2025"),
    ("Bahan ajar", "30", "orang", "Rp150.000", "Kontrak 12/2025", "2025"),
]
NAMES = ["komponen", "jumlah", "satuan", "harga_satuan", "sumber", "tahun_harga"]


def frame(**changes):
    table = pd.DataFrame(ROWS, columns=NAMES)
    return table.assign(**changes)


def written(folder, text):
    path = folder / "costs.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_quantities_times_prices_add_up(tmp_path):
    text = ";".join(NAMES) + "\n" + "\n".join(";".join(row) for row in ROWS) + "\n"
    costs = read_costs(written(tmp_path, text))
    assert costs.total == 24 * 900_000 + 30 * 150_000
    assert costs.by_year() == {0: costs.total}
    assert repr(costs) == "Costs(2 components, Rp26.100.000, prices of 2025)"


@pytest.mark.parametrize("make", [frame, lambda: pl.DataFrame(frame())], ids=["pandas", "polars"])
def test_any_frame_will_do(make):
    assert read_costs(make()).total == 26_100_000


def test_numbers_need_no_words():
    assert (
        read_costs(frame(jumlah=[24, 30], harga_satuan=[900_000.0, 150_000.0], tahun_harga=[2025, 2025])).total
        == 26_100_000
    )


def test_what_is_paid_later_counts_less():
    costs = read_costs(frame(tahun_ke=[0, 2]))
    assert costs.by_year() == {0: 21_600_000, 2: 4_500_000}
    assert costs.present_value(0.1) == pytest.approx(21_600_000 + 4_500_000 / 1.21)
    assert costs.present_value(0.0) == costs.total


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sumber": ["DPA 2025", ""]}, "1 of 2 components have no 'sumber', first: 'Bahan ajar'"),
        ({"sumber": ["DPA 2025", None]}, "have no 'sumber'"),
        ({"sumber": ["DPA 2025", "-"]}, "have no 'sumber'"),
        ({"satuan": ["jam", " "]}, "have no 'satuan'"),
        ({"harga_satuan": ["900.000,00", None]}, "there is no default price"),
        ({"harga_satuan": ["900.000,00", "-150.000,00"]}, "missing or negative"),
        ({"harga_satuan": ["900.000,00", "murah"]}, "no numbers"),
        ({"jumlah": [24, None]}, "'jumlah' is missing or negative"),
        ({"tahun_harga": ["2025", None]}, "no whole number.*Expected a year such as 2025"),
        ({"tahun_harga": ["2025", "25"]}, "'tahun_harga' is 25 for 'Bahan ajar'"),
        ({"tahun_ke": [0, -1]}, "'tahun_ke' is -1"),
        ({"jumlah": [0, 0]}, "add up to 0 rupiah"),
    ],
)
def test_an_amount_that_is_not_whole_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        read_costs(frame(**changes))


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_column_is_named(name):
    with pytest.raises(InputError, match=name):
        read_costs(frame().drop(columns=name))


def test_no_rows_are_no_costs():
    with pytest.raises(InputError, match="no rows"):
        read_costs(frame().iloc[:0].astype(str))


def test_prices_of_several_years_are_announced():
    with pytest.warns(DataWarning, match="2024, 2025 are added up as they are"):
        read_costs(frame(tahun_harga=[2024, 2025]))


def test_the_template_can_be_read_and_says_that_it_is_an_example(tmp_path):
    path = cost_template(tmp_path / "biaya.csv")
    with pytest.warns(DataWarning, match="worked example of the template"):
        costs = read_costs(path)
    assert costs.example == len(costs.components) == 9
    assert "worked example" in repr(costs)
    assert set(costs.by_year()) == {0, 1}


def test_the_template_is_never_written_over_a_file(tmp_path):
    path = written(tmp_path, "mine")
    with pytest.raises(InputError, match="nothing was overwritten"):
        cost_template(path)
    assert path.read_text(encoding="utf-8-sig") == "mine"


def test_the_callers_frame_stays_as_it_was():
    given = frame()
    read_costs(given)
    pd.testing.assert_frame_equal(given, frame())


def test_money_is_written_as_people_write_it():
    assert rupiah(1_234_567, "id", decimals=2) == "Rp1.234.567,00"
    assert rupiah(-1_500.4, "id") == "−Rp1.500"
    assert rupiah(float("nan"), "id") == "–"
    assert rupiah(-0.2, "id") == "Rp0"
    assert rupiah(float("-inf"), "en") == "−Rp∞"


def test_the_display_has_every_component():
    shown = read_costs(frame())._repr_html_()
    assert "Narasumber" in shown
    assert "Rp900.000" in shown


def test_what_is_said_of_prices_is_there_in_indonesian():
    with pytest.warns(DataWarning, match="added up as they are"):
        costs = read_costs(frame(tahun_harga=[2024, 2025]))
    assert costs.notes[0].text("id") == "Harga tahun 2024, 2025 dijumlahkan apa adanya, tanpa penyesuaian inflasi."
    with pytest.raises(InputError) as error:
        read_costs(frame(tahun_harga=["2025", None]))
    assert error.value.text("id").endswith("misalnya: 'Bahan ajar'. Yang diharapkan: tahun seperti 2025.")


def budget(**changes):
    """A sheet of a budget (DPA): groups with their sums, components below, nothing of source and year."""
    rows = [
        ("Belanja Jasa Narasumber", None, None, None, "21.600.000,00"),
        ("Narasumber", "24", "OJ", "900.000,00", "21.600.000,00"),
        ("Belanja Perjalanan Dinas", None, None, None, "3.600.000,00"),
        ("Uang harian", "2 Orang x 3 Hari", "OH", "600.000,00", "3.600.000,00"),
        ("Jumlah", None, None, None, "25.200.000,00"),
    ]
    return pd.DataFrame(rows, columns=["Uraian", "Volume", "Satuan", "Harga Satuan", "Jumlah"]).assign(**changes)


def test_a_sheet_of_a_budget_is_read_as_it_is():
    with pytest.warns(DataWarning, match="3 rows without volume and unit price are read as groups"):
        costs = read_costs(budget(), origin="DPA BKPSDM 2024", price_year=2024)
    assert costs.total == 25_200_000
    assert costs.components["jumlah"].tolist() == [24, 6]
    assert costs.components["sumber"].unique().tolist() == ["DPA BKPSDM 2024"]


def test_a_budget_says_neither_source_nor_year_and_is_asked():
    with pytest.raises(InputError, match="sumber"):
        read_costs(budget(), price_year=2024)
    with pytest.raises(InputError, match="tahun_harga"):
        read_costs(budget(), origin="DPA")


def test_an_amount_that_is_no_product_is_refused():
    with pytest.raises(InputError, match=r"not volume times unit price, first: 'Narasumber' with Rp21\.600\.000"):
        read_costs(budget(Volume=[None, "42", None, "6", None]), origin="DPA", price_year=2024)


def test_a_lump_sum_without_a_volume_is_not_lost():
    amounts = ["21.600.000,00", "21.600.000,00", "3.600.000,00", "3.600.000,00", "30.200.000,00"]
    with pytest.raises(InputError, match=r"Rp30\.200\.000, more than all components"):
        read_costs(budget(Jumlah=amounts), origin="DPA", price_year=2024)


def test_prices_that_can_be_read_in_two_ways_are_settled_as_the_refusal_says():
    rows = frame(harga_satuan=["900.000", "150.000"])
    with pytest.raises(InputError, match=r"style='1\.234,56'"):
        read_costs(rows)
    assert read_costs(rows, style="1.234,56").total == 26_100_000


def test_a_price_that_can_be_read_in_two_ways_is_settled_by_the_amounts_beside_it():
    rows = {"Uraian": ["Narasumber", "Konsumsi"], "Volume": ["20", "60"], "Satuan": ["OJ", "OK"]}
    budget = pd.DataFrame({**rows, "Harga Satuan": ["900.000", "100.000"], "Jumlah": ["18.000.000", "6.000.000"]})
    given = {"origin": "DPA 2024", "price_year": 2024}
    assert read_costs(budget, **given).total == 24_000_000
    with pytest.raises(InputError, match="can be read in two ways"):
        read_costs(budget.drop(columns="Jumlah"), **given)


COURSES = pd.DataFrame(
    [
        ("Pelatihan E-Government", None, None, None, "3.600.000"),
        ("Belanja Jasa", None, None, None, "3.600.000"),
        ("Narasumber", "2", "OJ", "900.000", "1.800.000"),
        ("Moderator", "2", "OJ", "900.000", "1.800.000"),
        ("Manajemen Proyek", None, None, None, "900.000"),
        ("Narasumber", "1", "OJ", "900.000", "900.000"),
    ],
    columns=["Uraian", "Volume", "Satuan", "Harga Satuan", "Jumlah"],
)


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_the_rows_of_one_course_are_those_below_its_heading():
    given = {"origin": "DPA 2024", "price_year": 2024, "match": ["e-government"], "others": ["manajemen proyek"]}
    costs = read_costs(COURSES, **given)
    assert costs.total == 3_600_000
    assert len(costs.components) == 2
    assert read_costs(COURSES, **{**given, "match": [], "others": []}).total == 4_500_000  # nothing was asked
    with pytest.raises(InputError, match="No row of costs is of 'Komunikasi'"):
        read_costs(COURSES, **{**given, "match": ["Komunikasi"]})
    loose = pd.concat([COURSES.iloc[[2]], COURSES], ignore_index=True)
    with pytest.raises(InputError, match="not clear whose the row 'Narasumber' is"):
        read_costs(loose, **given)
    said = COURSES.iloc[[2, 3, 5]].assign(Kegiatan=["Bimtek E-Government", "Bimtek E-Government", "Proyek"])
    assert read_costs(said, **given, course="Kegiatan").total == 3_600_000
    with pytest.raises(InputError, match="Kegiatn"):
        read_costs(said, **given, course="Kegiatn")


def test_a_budget_without_sources_is_told_the_line_to_write():
    frame = pd.DataFrame({"komponen": ["Narasumber"], "jumlah": [24], "satuan": ["jam"], "harga_satuan": [900_000]})
    with pytest.raises(InputError, match=r'origin = "DPA BKPSDM 2024" and price_year = 2024') as found:
        read_costs(frame)
    assert "sumber" in found.value.message.text("id")


HEADINGS = ["Kode Rekening", "Uraian", "Volume", "Satuan", "Harga Satuan", "Jumlah"]
FEE = ("5.1", "Honorarium Narasumber", 24, "OJ", 900_000, 21_600_000)
FOOD = ("5.1", "Konsumsi", 90, "OH", 55_000, 4_950_000)
OF_DPA = {"origin": "DPA 2024", "price_year": 2024}


def workbook(folder, *rows, headings=HEADINGS, titles=(), sheet="DPA"):
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in ([title] for title in titles):
        book.active.append(row)
    for row in (headings, *rows):
        book.active.append([None if cell == "" else cell for cell in row])
    book.save(folder / "dpa.xlsx")
    return folder / "dpa.xlsx"


@pytest.mark.parametrize(
    "total",
    [
        ("", "Jumlah", 1, "Paket", 26_550_000, 26_550_000),
        ("", "JUMLAH TOTAL", 1, "Keg", 26_550_000, 26_550_000),
        ("", "Total Anggaran", 1, "Kegiatan", 26_550_000, 26_550_000),
        ("", "Sub Total 1 Ls", 1, "Ls", 26_550_000, 26_550_000),
        ("", "II. Sub-Jumlah", 1, "Ls", 26_550_000, 26_550_000),
        ("", "J U M L A H :", 114, "", "", 26_550_000),
        ("JUMLAH", "", "", "", "", 26_550_000),
        ("", "Grand Total (Rp)", 1, "Paket", 26_550_000, ""),
    ],
)
def test_a_row_called_a_total_is_no_component_whatever_stands_in_it(tmp_path, total):
    with pytest.warns(DataWarning, match="not added up: |not counted as a cost again: "):
        costs = read_costs(workbook(tmp_path, FEE, FOOD, total), **OF_DPA)
    assert costs.total == 26_550_000
    assert len(costs.notes) == 1


def test_sub_totals_with_a_volume_are_left_out_each():
    rows = [FEE, ("", "Sub Total", 1, "Ls", 21_600_000, 21_600_000), FOOD, ("", "Sub Total", 1, "Ls", 4.95e6, 4.95e6)]
    with pytest.warns(DataWarning, match="2 rows add up others and are not counted as costs again"):
        assert read_costs(pd.DataFrame(rows, columns=HEADINGS), **OF_DPA).total == 26_550_000


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize(
    "rows",
    [
        # the account code holds the one below
        [("5.1.02", "Belanja Jasa", 24, "OJ", 9e5, 21.6e6), ("5.1.02.01", "Honor", 24, "OJ", 9e5, 21.6e6)],
        [("5.1.02", "Jasa", 1, "Ls", 26.55e6, 26.55e6), ("5.1.02.01", *FEE[1:]), ("5.1.02.02", *FOOD[1:])],
        # the total of the sheet is right only without it
        [
            ("", "Honor", 24, "OJ", 9e5, 21.6e6),
            ("", "Narasumber", 24, "OJ", 9e5, 21.6e6),
            ("", "Jumlah", *[""] * 3, 21.6e6),
        ],
        [("", "Kegiatan", 1, "Ls", 26.55e6, 26.55e6), FEE, FOOD, ("", "Jumlah", "", "", "", 26.55e6)],
    ],
)
def test_a_row_that_repeats_the_rows_below_is_a_total_where_that_is_clear(rows):
    costs = read_costs(frame_of(rows), **OF_DPA)
    assert costs.total in {21_600_000, 26_550_000}
    assert any(note.key == "planning.costs.totals" for note in costs.notes)


def frame_of(rows, headings=HEADINGS):
    return pd.DataFrame(rows, columns=headings).replace("", None)


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize(
    "rows",
    [
        [("", "Bimtek E-Gov", 1, "Paket", 26.55e6, 26.55e6), FEE, FOOD],
        [FEE, FOOD, ("", "Biaya seluruhnya", 1, "Paket", 26.55e6, 26.55e6)],
        [("", "Belanja Jasa", 24, "OJ", 9e5, 21.6e6), ("", "Honor", 24, "OJ", 9e5, 21.6e6)],
    ],
)
def test_a_row_that_can_be_a_total_or_a_cost_is_asked_about(rows):
    with pytest.raises(InputError, match=r'totals = \["') as problem:
        read_costs(frame_of(rows), **OF_DPA)
    name = str(dict(problem.value.message.values)["first"])
    every = sum(row[-1] for row in rows)
    own = next(row[-1] for row in rows if row[1] == name)
    assert read_costs(frame_of(rows), **OF_DPA, totals=[]).total == every
    assert read_costs(frame_of(rows), **OF_DPA, totals=[name]).total == every - own
    assert "tidak jelas" in problem.value.text("id")


def test_two_rows_alike_are_both_counted_and_it_is_said():
    with pytest.warns(DataWarning, match="1 row has the volume and unit price of the row below: 'Honorarium"):
        assert read_costs(frame_of([FEE, ("5.1", "Moderator", *FEE[2:])]), **OF_DPA).total == 43_200_000


def test_a_total_that_is_less_than_its_rows_is_said():
    rows = [FEE, FOOD, ("", "JUMLAH", "", "", "", 20_000_000)]
    with pytest.warns(DataWarning, match="'JUMLAH' says Rp20,000,000, but its components add up to Rp26,550,000"):
        costs = read_costs(frame_of(rows), **OF_DPA)
    assert costs.total == 26_550_000
    assert any("menyebut Rp20.000.000" in note.text("id").text for note in costs.notes)
    more = [FEE, FOOD, ("", "JUMLAH", "", "", "", 30_000_000)]
    with pytest.raises(InputError, match=r"Rp30\.000\.000, more than all components"):
        read_costs(frame_of(more), **OF_DPA)
    with pytest.warns(DataWarning, match="says Rp30,000,000, but its components add up to Rp26,550,000"):
        assert read_costs(frame_of(more), **OF_DPA, totals=["JUMLAH"]).total == 26_550_000


def test_a_lump_sum_among_components_is_not_taken_for_a_group():
    with pytest.raises(InputError, match=r"Row 'Sewa gedung' has Rp15,000,000 without volume and unit price"):
        read_costs(frame_of([FEE, ("", "Sewa gedung", "", "", "", 15_000_000), FOOD]), **OF_DPA)


SMALL = [("5.1", "Narasumber", 24, "OJ", 900, 21_600), ("5.1", "Konsumsi", 90, "OH", 55, 4_950)]


@pytest.mark.parametrize(
    "where",
    [
        {"titles": ["DPA BKPSDM 2024 (dalam ribuan rupiah)"]},
        {"titles": ["DPA BKPSDM 2024", "(Rp 000)"]},
        {"titles": ["DPA BKPSDM 2024", "(Rp1.000)"]},
        {"titles": ["DPA BKPSDM 2024", "Rp x1000"]},
        {"titles": ["DPA BKPSDM 2024", "Nilai x Rp 1.000,00"]},
        {"titles": ["DPA BKPSDM 2024", "dlm ribuan"]},
        {"titles": ["DPA BKPSDM 2024", "Satuan : Rp.1.000,-"]},
        {"titles": ["DPA BKPSDM 2024 (000 Rp)"]},
        {"titles": ["DPA BKPSDM 2024", "dalam ribu rupiah"]},
        {"sheet": "DPA (ribuan rupiah)"},
        {"headings": [*HEADINGS[:4], "Harga Satuan (Rp ribu)", "Jumlah (Rp ribu)"]},
        {"headings": [*HEADINGS[:4], "Harga Satuan (Rp 000)", "Jumlah (Rp. 000,-)"]},
        {"headings": [*HEADINGS[:4], "Harga Satuan (x 1.000)", "Jumlah (ribuan rupiah)"]},
        {"headings": [*HEADINGS[:4], "Harga (dalam ribuan rupiah)", "Jumlah"], "titles": ["Dalam ribuan rupiah"]},
    ],
)
def test_amounts_in_thousands_are_multiplied_and_it_is_said(tmp_path, where):
    path = workbook(tmp_path, *SMALL, **where)
    with pytest.warns(DataWarning, match=r"1 in the file of costs stands for Rp1,000: .* add up to Rp26,550,000"):
        costs = read_costs(path, **OF_DPA)
    assert costs.total == 26_550_000
    assert read_costs(path, **OF_DPA, unit=1).total == 26_550


@pytest.mark.parametrize(
    ("unit", "rupiah_of_one"),
    [
        *(
            (unit, 1e3)
            for unit in ("x Rp1.000", "x 1.000", "dlm ribuan Rp", "000", "Rp.000,-", "Rp1.000,00", "rb", "Rp '000")
        ),
        *((unit, 1e6) for unit in ("Rp jt", "jutaan", "x Rp1.000.000", "Rp 1 juta", "IDR million")),
        *((unit, 1e9) for unit in ("Rp M", "miliar", "Rp Milyar")),
        *((unit, 1) for unit in ("Rp", "2024", "s.d. 31.12.2000", "TW 1")),
    ],
)
@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_each_way_to_write_the_unit_in_a_heading_is_understood(unit, rupiah_of_one):
    heading = f"Realisasi ({unit})"
    costs = read_costs(pd.DataFrame({"Uraian": ["A", "B"], heading: [10_500, 4_000]}), amount=heading, **OF_DPA)
    assert costs.total == 14_500 * rupiah_of_one
    assert any(note.key == "planning.costs.unit" for note in costs.notes) == (rupiah_of_one > 1)


@pytest.mark.parametrize("unit", ["x 10.000", "ratusan ribu", "x100", "M"])
def test_a_unit_in_a_heading_that_is_not_understood_is_asked(unit):
    heading = f"Realisasi ({unit})"
    rows = pd.DataFrame({"Uraian": ["A", "B"], heading: [10_500, 4_000]})
    with pytest.raises(InputError, match=r"unit of money in the heading .*unit = 1000"):
        read_costs(rows, amount=heading, **OF_DPA)
    assert read_costs(rows, amount=heading, unit=1, **OF_DPA).total == 14_500


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_amounts_that_do_not_count_have_their_own_unit():
    rows = pd.DataFrame(
        {"Uraian": ["A", "B"], "Pagu (Rp)": [11_000_000, 4_000_000], "Realisasi (ribu)": [10_500, 4_000]}
    )
    costs = read_costs(rows, amount="Realisasi (ribu)", **OF_DPA)
    assert costs.total == 14_500_000
    assert costs.components["nilai_lain"].sum() == 15_000_000


def test_amounts_in_millions_are_multiplied_and_a_total_with_them(tmp_path):
    path = tmp_path / "dpa.csv"
    rows = "Narasumber;24;OJ;0,9;21,6\nKonsumsi;90;OH;0,055;4,95\nJumlah;;;;26,55\n"
    path.write_text(f"DPA 2024 (dalam juta rupiah);;;;\nUraian;Volume;Satuan;Harga Satuan;Jumlah\n{rows}")
    with pytest.warns(DataWarning, match="stands for Rp1,000,000"):
        costs = read_costs(path, **OF_DPA)
    assert costs.total == pytest.approx(26_550_000)


def test_a_unit_said_in_two_ways_is_asked_and_an_amount_in_words_is_none(tmp_path):
    headings = [*HEADINGS[:4], "Harga Satuan (Rp ribu)", "Jumlah (Rp ribu)"]
    with pytest.raises(InputError, match="unit = 1000"):
        read_costs(workbook(tmp_path, *SMALL, headings=headings, titles=["(dalam juta rupiah)"]), **OF_DPA)
    words = ("", "Terbilang: dua puluh enam juta lima ratus lima puluh ribu rupiah", "", "", "", "")
    titles = ["DPA 2024: pagu Rp 30.000.000 untuk 2 x 1000 peserta", "Anggaran 30 juta rupiah"]
    with pytest.warns(DataWarning, match="read as groups"):
        assert read_costs(workbook(tmp_path, FEE, FOOD, words, titles=titles), **OF_DPA).total == 26_550_000


def test_a_row_without_a_name_is_a_total_and_is_called_by_its_number():
    rows = [FEE, FOOD, ("", "", "", "", "", 20_000_000)]
    with pytest.warns(DataWarning, match="In the file of costs, row 3 says Rp20,000,000"):
        costs = read_costs(frame_of(rows), **OF_DPA)
    assert costs.total == 26_550_000
    assert any("baris 3" in note.text("id").text for note in costs.notes)


def test_each_sheet_has_its_own_unit(tmp_path):
    book = openpyxl.load_workbook(workbook(tmp_path, *SMALL, titles=["(dalam ribuan rupiah)"]))
    other = book.create_sheet("Lain")
    for row in (HEADINGS, ("5.2", "Sewa ruang", 3, "hari", 1_000_000, 3_000_000)):
        other.append(row)
    book.save(tmp_path / "dpa.xlsx")
    with pytest.warns(DataWarning, match=r"add up to Rp29,550,000"):
        assert read_costs(tmp_path / "dpa.xlsx", **OF_DPA).total == 29_550_000


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_nested_groups_and_their_totals_agree():
    rows = [
        ("5", "Pelatihan", "", "", "", 29_550_000),
        ("5.1", "Belanja Jasa", "", "", "", 21_600_000),
        ("", "Honorarium", 24, "OJ", 900_000, 21_600_000),
        ("", "Jumlah 1", "", "", "", 21_600_000),
        ("5.2", "Belanja Barang", "", "", "", 7_950_000),
        ("", "Konsumsi", 90, "OH", 55_000, 4_950_000),
        ("", "Sewa ruang", 3, "hari", 1_000_000, 3_000_000),
        ("", "Jumlah 2", "", "", "", 7_950_000),
        ("", "JUMLAH (1 + 2)", "", "", "", 29_550_000),
    ]
    costs = read_costs(frame_of(rows), **OF_DPA)
    assert costs.total == 29_550_000
    assert [note.key for note in costs.notes] == ["planning.costs.groups"]


SPENT = pd.DataFrame(
    {
        "Uraian": ["Narasumber", "Konsumsi", "Cetak", "Jumlah"],
        "Volume": ["10", "20", "1", ""],
        "Satuan": ["OJ", "dos", "paket", ""],
        "Harga Satuan": ["100.000,00", "50.000,00", "75.000,00", ""],
        "Jumlah": ["1.000.000,00", "1.000.000,00", "75.000,00", "2.075.000,00"],
        "Realisasi": ["900.000,00", "1.250.000,00", "-", "2.150.000,00"],
    }
)
OF_2024 = {"origin": "DPA 2024", "price_year": 2024}


def test_what_was_spent_beside_what_was_planned_is_said_and_counts_where_it_is_named():
    with pytest.warns(DataWarning, match=r"Rp2,075,000 in all.*'Realisasi'.*amount = 'Realisasi'"):
        assert read_costs(SPENT, **OF_2024).total == 2_075_000
    with pytest.warns(DataWarning) as said:
        assert read_costs(SPENT, amount="Realisasi", **OF_2024).total == 2_150_000
    assert not any("Other amounts" in str(one.message) for one in said)


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize(("heading", "total"), [("Pagu Anggaran", 2_075_000), ("Realisasi", 2_150_000)])
def test_a_budget_without_prices_is_read_by_the_column_of_amounts_that_is_named(heading: str, total: float):
    bare = SPENT[["Uraian", "Jumlah", "Realisasi"]].rename(columns={"Jumlah": "Pagu Anggaran"})
    with pytest.raises(InputError, match=r"no unit prices.*'Pagu Anggaran', 'Realisasi'.*amount = 'Realisasi'"):
        read_costs(bare, **OF_2024)
    assert read_costs(bare, amount=heading, **OF_2024).total == total


def test_codes_and_the_same_amounts_again_are_no_other_amounts():
    again = SPENT.drop(columns="Realisasi").assign(
        Total=SPENT["Jumlah"], **{"No Bukti": ["10012", "10013", "10014", ""]}
    )
    with pytest.warns(DataWarning) as said:
        read_costs(again, **OF_2024)
    assert not any("Other amounts" in str(one.message) for one in said)


@pytest.mark.parametrize("unit_of_parent", [None, "paket"])
@pytest.mark.parametrize("heading", ["Anggaran", "Pagu", "Nilai DPA"])
def test_a_row_of_a_budget_above_its_components_is_their_sum_under_any_heading(heading, unit_of_parent):
    rows = [
        ("5.1.02", "Belanja Barang dan Jasa", None, unit_of_parent, None, 61_700_000),
        ("5.1.02.01.01", "Belanja Bahan dan ATK", 1, "paket", 18_500_000, 18_500_000),
        ("5.1.02.02.01", "Honorarium Narasumber", 48, "OJ", 900_000, 43_200_000),
        ("", "JUMLAH", None, None, None, 61_700_000),
    ]
    names = ["Kode Rekening", "Uraian", "Volume", "Satuan", "Harga Satuan", heading]
    with pytest.warns(DataWarning, match="Belanja Barang dan Jasa"):
        costs = read_costs(pd.DataFrame(rows, columns=names), **OF_2024)
    assert costs.total == 61_700_000
    assert len(costs.components) == 2
    with pytest.raises(InputError, match=r"totals = \['Belanja Barang dan Jasa'\]"):
        read_costs(pd.DataFrame(rows, columns=names).drop(columns=heading).iloc[:3].assign(Satuan=None), **OF_2024)


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_by_how_much_what_was_spent_differs_from_the_plan_is_a_sentence_and_a_column():
    planned, spent = read_costs(SPENT, **OF_2024), read_costs(SPENT, amount="Realisasi", **OF_2024)
    assert planned.components["nilai_lain"].tolist() == [900_000, 1_250_000, 0]
    assert spent.components["nilai_lain"].tolist() == [1_000_000, 1_000_000, 75_000]
    (more,) = (note for note in planned.notes if note.key == "planning.costs.difference")
    assert "Rp75,000 (3.6%) more than what counts, Rp2,075,000" in str(more)
    (less,) = (note for note in spent.notes if note.key == "planning.costs.difference")
    assert "Rp75.000 (3,5%) lebih sedikit daripada yang dihitung, Rp2.150.000" in less.text("id")
    assert "nilai_lain" not in read_costs(SPENT.drop(columns="Realisasi"), **OF_2024).components


def rows_in(folder, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(folder / "dpa.xlsx")
    return folder / "dpa.xlsx"


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_a_row_that_looks_like_another_course_is_not_charged_in_silence():
    names = ["Diklat Pelayanan Prima", "Diklat Publik Digital", "Bimtek Arsip", "JUMLAH"]
    rows = pd.DataFrame({"Uraian": names, "Realisasi": [412_000, 288_000, 59_000, 759_000]})
    given = {"amount": "Realisasi", "match": ["Prima"], **OF_DPA}
    with pytest.raises(InputError, match=r"'Diklat Publik Digital' looks like another course.*course = 'Uraian'"):
        read_costs(rows, **given)
    assert read_costs(rows, course="Uraian", **given).total == 412_000
    assert read_costs(rows, **{**given, "match": ["Prima", "Publik", "Arsip"]}).total == 759_000
    parts = rows.assign(Uraian=["Narasumber Prima", "Konsumsi", "ATK", "JUMLAH"])
    with pytest.warns(DataWarning, match="2 other rows do not, first: 'Konsumsi', and count too"):
        assert read_costs(parts, **given).total == 759_000


def test_rows_below_the_heading_of_an_unknown_course_are_not_those_of_this_one():
    other = COURSES.assign(
        Uraian=["Bimtek Arsip" if name == "Manajemen Proyek" else name for name in COURSES["Uraian"]]
    )
    with pytest.warns(DataWarning, match="Rows of costs below 'Bimtek Arsip' are taken for those of other courses"):
        assert read_costs(other, match=["e-government"], **OF_DPA).total == 3_600_000


def test_a_budget_and_its_revision_are_not_added_up(tmp_path):
    first, then = [("Narasumber", 10e6), ("Konsumsi", 5e6)], [("Narasumber", 12e6), ("Konsumsi", 4e6)]
    head = ("Uraian", "Jumlah")
    given = {"amount": "Jumlah", **OF_DPA}
    path = rows_in(tmp_path, DPA=[head, *first], DPPA=[head, *then])
    with pytest.raises(InputError, match=r"hold 2 of the same rows.*sheets = \['DPPA'\]"):
        read_costs(path, **given)
    assert read_costs(path, sheets=["DPPA"], **given).total == 16e6
    assert read_costs(path, sheets=["DPA", "DPPA"], **given).total == 31e6
    with pytest.warns(DataWarning, match="The same names stand 2 times"):
        assert read_costs(rows_in(tmp_path, Prima=[head, *first], Digital=[head, *then]), **given).total == 31e6
    for name, rows in (("murni", first), ("perubahan", then)):
        pd.DataFrame(rows, columns=head).to_csv(tmp_path / f"DPA {name}.csv", index=False)
    with pytest.raises(InputError, match="Name one file alone"):
        read_costs([tmp_path / "DPA murni.csv", tmp_path / "DPA perubahan.csv"], **given)


@pytest.mark.parametrize("heading", ["Realisasi s.d. bulan ini", "Realisasi s/d Maret", "Realisasi kumulatif"])
@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_sums_up_to_a_month_are_not_added_up_again(heading):
    rows = pd.DataFrame(
        {"Uraian": ["A", "B"] * 3, "Bulan": [1, 1, 2, 2, 3, 3], heading: [1e6, 2e6, 3.5e6, 2.2e6, 6e6, 4e6]}
    )
    with pytest.raises(InputError, match=r"6 rows that share a name only rise.*totals = \['Realisasi"):
        read_costs(rows, amount=heading, **OF_DPA)
    assert read_costs(rows, amount=heading, totals=[heading], **OF_DPA).total == 10e6
    assert read_costs(rows, amount=heading, totals=[], **OF_DPA).total == pytest.approx(18.7e6)
    assert read_costs(rows.iloc[4:], amount=heading, **OF_DPA).total == 10e6
    plain = rows.rename(columns={heading: "Realisasi"})
    assert "planning.costs.rising" in [note.key for note in read_costs(plain, amount="Realisasi", **OF_DPA).notes]
    below = [("Kegiatan A", None), ("Narasumber", 1e6), ("Kegiatan B", None), ("Narasumber", 3e6)]
    assert read_costs(pd.DataFrame(below, columns=["Uraian", heading]), amount=heading, **OF_DPA).total == 4e6


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_each_row_that_may_be_a_sum_is_named():
    names = ["Persiapan", "ATK", "Rapat", "Pelaksanaan", "Narasumber"]
    rows = pd.DataFrame({"Uraian": names, "Realisasi": [6e6, 1e6, 5e6, 9e6, 9e6]})
    with pytest.raises(InputError, match=r'totals = \["Persiapan", "Pelaksanaan"\]'):
        read_costs(rows, amount="Realisasi", **OF_DPA)
    assert read_costs(rows, amount="Realisasi", totals=["Persiapan", "Pelaksanaan"], **OF_DPA).total == 15e6


def test_a_budget_with_amounts_alone_is_told_the_line_for_them():
    rows = pd.DataFrame({"Uraian": ["Narasumber", "Konsumsi"], "Jumlah": [10_000_000, 5_000_000]})
    with pytest.raises(InputError, match="amount = 'Jumlah'"):
        read_costs(rows, **OF_DPA)


@pytest.mark.parametrize("paid_back", ["-1.000.000", "(1.000.000)"])
def test_what_was_paid_back_lowers_the_costs_and_it_is_said(paid_back):
    rows = pd.DataFrame({"Uraian": ["Narasumber", "Pengembalian"], "Realisasi": ["10.000.000", paid_back]})
    with pytest.warns(
        DataWarning, match="1 row of costs is negative, first: 'Pengembalian', and lowers the costs by Rp1"
    ):
        assert read_costs(rows, amount="Realisasi", **OF_DPA).total == 9_000_000


def test_each_row_that_repeats_the_one_below_is_named():
    names = ["Persiapan", "ATK", "Pelaksanaan", "Narasumber"]
    rows = pd.DataFrame({"Uraian": names, "Realisasi": [6e6, 6e6, 9e6, 9e6]})
    with pytest.warns(DataWarning, match=r'write totals = \["Persiapan", "Pelaksanaan"\]'):
        assert read_costs(rows, amount="Realisasi", **OF_DPA).total == 30e6


def test_the_same_rows_again_are_counted_and_it_is_said(tmp_path):
    names = ["Narasumber", "Konsumsi"] * 2
    rows = pd.DataFrame({"Uraian": names, "Jumlah": [10e6, 5e6, 12e6, 4e6], "Tahap": ["Murni"] * 2 + ["Perubahan"] * 2})
    with pytest.warns(DataWarning, match=r"The same names stand 2 times in the same order .* \(Rp31,000,000\)"):
        assert read_costs(rows, amount="Jumlah", **OF_DPA).total == 31e6


LEVELS = [
    ("I", "Pelatihan Prima", 30_000_000),
    ("1", "Belanja Jasa", 18_000_000),
    ("1.1", "Honorarium", 18_000_000),
    ("a", "Narasumber pusat", 10_000_000),
    ("b", "Narasumber daerah", 8_000_000),
    ("2", "Belanja Barang", 12_000_000),
    ("a", "Konsumsi", 12_000_000),
]


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize("total", [False, True])
@pytest.mark.parametrize("shape", ["priced", "amounts", "numbers in the names"])
def test_sums_at_each_level_of_a_numbered_budget_count_once(shape, total):
    """A row with one row below it, of the same amount, is its sum: with a total 'JUMLAH' all was counted twice."""
    rows = [*LEVELS, *([("", "JUMLAH", 30_000_000)] if total else [])]
    table = pd.DataFrame(rows, columns=["No", "Uraian", "Jumlah"]).assign(Satuan="Keg", Volume=1)
    how = {"origin": "DPA", "price_year": 2024}
    if shape == "amounts":
        table = table[["No", "Uraian", "Jumlah"]].rename(columns={"Jumlah": "Anggaran"})
        how["amount"] = "Anggaran"
    else:
        table["Harga Satuan"] = table["Jumlah"]
    if shape == "numbers in the names":
        table["Uraian"] = [
            f"{no}. {name}" if no else name for no, name in zip(table["No"], table["Uraian"], strict=True)
        ]
        table = table.drop(columns="No")
    costs = read_costs(table, **how)
    assert costs.total == 30_000_000
    assert [name.split(". ")[-1] for name in costs.components["komponen"]] == [
        "Narasumber pusat",
        "Narasumber daerah",
        "Konsumsi",
    ]


def test_a_level_that_is_not_the_sum_of_its_rows_is_asked_about():
    rows = [(no, name, 40_000_000 if no == "I" else amount) for no, name, amount in LEVELS]
    table = pd.DataFrame(rows, columns=["No", "Uraian", "Anggaran"])
    with pytest.raises(InputError, match="'Pelatihan Prima'"):
        read_costs(table, origin="DPA", price_year=2024, amount="Anggaran")


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_rows_that_are_only_counted_hold_none():
    table = pd.DataFrame(ROWS, columns=NAMES).assign(No=["1", "2"])
    assert read_costs(table).total == 24 * 900_000 + 30 * 150_000
