"""Nothing leaves with a person's number in it, and what cannot be read does not leave."""

from __future__ import annotations

import base64
import io
import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.optimize import linprog

from asn_impact.errors import InputError, PrivacyError
from asn_impact.measures.outcomes import Within
from asn_impact.reporting.gate import (
    COUNTS,
    differing,
    differing_tables,
    dominated,
    points_at_few,
    release,
    withheld,
)
from asn_impact.reporting.recoding import all_alike

NIP = "19850101" + "201001" + "1" + "001"
NIK = "15040" + "51708" + "850002"
PHONE = "08" + "123456" + "7890"
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg"><title>{title}</title><!-- {comment} --><path d="{path}"/>'
    "<text>{text}</text></svg>"
)


def svg(title="", comment="", path="M 1 2", text=""):
    return SVG.format(title=title, comment=comment, path=path, text=text)


@pytest.mark.parametrize("number", [NIP, NIK, PHONE, f"{NIP[:8]} {NIP[8:14]} {NIP[14]} {NIP[15:]}"])
@pytest.mark.parametrize(
    ("name", "wrap"),
    [
        ("a.csv", lambda n: f"office,days\n{n},7.5\n"),
        ("a.json", lambda n: json.dumps({"label": [f"x {n}"]})),
        ("a.json", lambda n: json.dumps({n: 1})),
        ("a.svg", lambda n: svg(title=n)),
        ("a.svg", lambda n: svg(comment=f"label {n}")),
        ("a.svg", lambda n: svg(text=n)),
        ("a.html", lambda n: f"<p>{n}</p>"),
        ("a.html", lambda n: f'<img alt="{n}">'),
        ("a.html", lambda n: f"<!-- {n} -->"),
        (
            "a.html",
            lambda n: f'<img src="data:image/svg+xml;base64,{base64.b64encode(svg(text=n).encode()).decode()}">',
        ),
        ("a.txt", lambda n: f"hubungi {n}"),
        ("a", lambda n: n),
    ],
)
def test_an_identifier_is_refused_wherever_it_hides(number, name, wrap):
    with pytest.raises(PrivacyError) as refused:
        release(wrap(number), name)
    assert number not in str(refused.value)
    assert name in str(refused.value)


def test_an_identifier_in_the_file_name_is_refused():
    with pytest.raises(PrivacyError) as refused:
        release("fine", f"report_{NIP}.txt")
    assert "shaped like" in str(refused.value)


@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_an_identifier_in_the_metadata_of_a_picture_is_refused(ending):
    figure = Figure(figsize=(1, 1))
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=ending, metadata={"Title": f"label {NIK}"})
    with pytest.raises(PrivacyError):
        release(buffer.getvalue(), f"a.{ending}")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "office,days\nDinas A,-0.0812345678901\nDinas B,0.1234567890123456\n"),
        ("a.json", json.dumps({"value": 0.0812345678, "sha256": "ab12" * 16, "rows": 17_900})),
        ("a.svg", svg(path="M 12.345678 98.765432 L 11.111111 22.222222 1234567890123456")),
        ("a.html", "<td>1.234</td><td>5.678</td><td>9.012</td><td>3.456</td>"),
        ("a.txt", "Rp2.785.700,00 on 17 August 2023"),
    ],
)
def test_measurements_pass_unchanged(name, content):
    assert release(content, name) is content


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.svg", "<svg><unclosed></svg>"),
        ("a.json", "{"),
        ("a.png", b"not a picture"),
        ("a.pdf", b"not a document"),
        ("a.csv", b"\xff\xfe\x00"),
        ("a.bin", b"\xff\xfe\x00\x80"),
        ("a.html", '<img src="data:image/svg+xml;base64,***">'),
    ],
)
def test_what_cannot_be_read_does_not_pass(name, content):
    with pytest.raises(PrivacyError, match="cannot be read"):
        release(content, name)


@pytest.mark.parametrize("cell", ["=cmd|'/c calc'!A1", "+1+1", "-1+1", "@SUM(1)", "\t=1"])
def test_f13_a_csv_with_a_cell_that_a_spreadsheet_would_run_does_not_leave(cell):
    with pytest.raises(PrivacyError, match="run as a formula"):
        release(f"office,days\n{cell},1.5\n", "a.csv")
    assert release(f"office,days\n'{cell},-1.5e-3\n", "a.csv")


@pytest.mark.parametrize("heading", sorted(COUNTS))
@pytest.mark.parametrize("small", ["1", "4"])
def test_p05_a_small_count_does_not_leave_in_a_csv(heading, small):
    with pytest.raises(PrivacyError, match=f"1 counts below 5 in '{heading}'"):
        release(f"office,{heading}\nDinas A,40\nDinas B,{small}\n", "a.csv")
    assert release(f"office,{heading}\nDinas A,40\nDinas B,0\n", "a.csv")
    assert release(f"office,{small}\nDinas A,{small}\n", "a.csv")  # no column of counts


@pytest.mark.parametrize("hidden", ["<10", "*"])
def test_p06_one_hidden_count_alone_does_not_leave_in_a_csv(hidden):
    with pytest.raises(PrivacyError, match="one hidden count in 'records'"):
        release(f"office,records\nA,40\nB,12\nC,{hidden}\n", "a.csv")
    assert release(f"office,records\nA,40\nB,*\nC,{hidden}\n", "a.csv")
    assert release(f"office,records\nA,{hidden}\n", "a.csv")  # nothing to subtract it from


def test_p07_two_versions_of_a_file_whose_difference_is_a_few_persons():
    earlier = "office,records,mean\nA,57,7.1\nB,90,6.0\nC,<10,\n"
    later = "office,records,mean\nA,54,7.3\nB,90,6.1\nC,12,5.0\n"
    assert differing_tables(earlier, later) == ("records of A",)
    assert differing_tables(earlier, earlier) == ()
    assert differing_tables(earlier, later.replace("54", "40")) == ()


# --- rules for numbers ----------------------------------------------------------------------------------------


def span(counts, hidden, cell):
    """Slow twin: the smallest and largest a hidden count can be, given the shown ones and all totals."""
    table = np.asarray(counts, float)
    at = [tuple(c) for c in np.argwhere(hidden)]
    sums = [[float(c[0] == i) for c in at] for i in range(table.shape[0])]
    if table.shape[0] > 1:
        sums += [[float(c[1] == i) for c in at] for i in range(table.shape[1])]
    totals = np.array(sums) @ np.array([table[c] for c in at])
    target = np.array([float(c == cell) for c in at])
    return [s * linprog(s * target, A_eq=np.array(sums), b_eq=totals, bounds=(0, None)).fun for s in (1, -1)]


TABLES = st.integers(1, 4).flatmap(
    lambda c: st.lists(st.lists(st.integers(0, 40), min_size=c, max_size=c), min_size=1, max_size=4)
)


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_p05_p06_no_small_count_shows_or_follows_from_the_totals(counts):
    table, hidden = np.asarray(counts), withheld(counts)
    assert hidden[(table > 0) & (table < 10)].all()
    gone = hidden | (table == 0)
    for row, column in np.argwhere(hidden & (table < 10)):
        low, high = span(counts, hidden, (row, column))
        exhausted = gone[row].all() and (len(table) == 1 or gone[:, column].all())
        assert high - low > 1e-6 or exhausted


def test_p06_the_cell_of_the_list_cannot_be_subtracted_back():
    assert withheld([40, 12, 3]).tolist() == [[False, True, True]]
    assert not withheld([40, 12, 25]).any()
    assert not withheld([[40, 0], [10, 25]]).any()


def test_p07_two_safe_tables_whose_difference_is_an_unsafe_cell():
    assert differing({"A": 57, "B": 90}, {"A": 54, "B": 90, "C": 3}) == ("A",)
    assert differing({"A": 57}, {"A": 47}) == ()


def test_p08_a_sum_that_is_one_contributor_is_dominated():
    assert dominated([99, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    assert dominated([50, 46, 1, 1, 1, 1])  # the second knows the first to within a tenth
    assert not dominated([10] * 10)
    with pytest.raises(InputError):
        dominated([1, -1])


def test_p09_extremes_and_quantiles_of_small_groups_are_undefined():
    assert all(points_at_few(50, q) for q in (0, 1, 0.05, 0.95))
    assert not points_at_few(50, 0.5)
    assert all(points_at_few(n, 0.5) for n in (0, 12, 19))


def test_p10_a_share_of_none_or_all_says_it_of_everyone():
    n, mean = np.full((4, 1), [[12.0], [12.0], [12.0], [0.0]]), np.array([[1.0], [0.0], [11 / 12], [np.nan]])
    within = np.nan_to_num(n * mean * (1 - mean))[..., None, None]
    panel = SimpleNamespace(n=n, mean=mean, within=within, outcome=Within(5))
    said = [all_alike(panel, np.arange(4)[:, None] == k) for k in range(4)]
    assert said == [True, True, False, False]


@pytest.mark.parametrize("rule", [lambda m: withheld([3], minimum=m), lambda m: differing({}, {}, minimum=m)])
def test_a_minimum_below_five_is_refused(rule):
    with pytest.raises(InputError, match="below 5"):
        rule(4)
