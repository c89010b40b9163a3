"""The site: its lines run, its numbers are those of the tables they come from, and every public name has its place.

`python docs/build_site.py` builds it whole, every warning an error; here is what can be looked at without that.
"""

import ast
import doctest
import inspect
import json
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pypdf
import pytest

import asn_impact as ai

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))

import build_site  # noqa: E402
from making import gallery, proof, reference, sheet  # noqa: E402

#: What the page tells to type outside Python, and a file.
NOT_PYTHON = {"python run.py new my-study", "codebook.csv", "seed"}
CALLAWAY = "attgt_nevertreated_varying_antic0_nocov"
NOTEBOOKS = sorted(path for folder in ("tutorials", "replications") for path in (DOCS / folder).glob("*.ipynb"))
PAIRS = {
    "en/files_to_report.md": "id/berkas_ke_laporan.md",
    "en/which_estimator.md": "id/cara_menghitung.md",
    "en/grade.md": "id/mutu_bukti.md",
    "scale.md": "id/data_besar.md",
}


def text(name):
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_line_for_users_of_stata_and_r_runs_and_prints_its_number(monkeypatch):
    monkeypatch.chdir(ROOT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ai.DataWarning)  # two waves of the castle doctrine are a single state
        done = doctest.testfile(str(DOCS / "from_stata_and_r.md"), module_relative=False)
    assert done.attempted > 30
    assert done.failed == 0


def lines_of_tables(page, column):
    """What a column of each table of a page tells users to type."""
    rows = [line for line in text(page).splitlines() if line.startswith("| ")]
    cells = [parts[column] for row in rows if len(parts := re.split(r"(?<!\\)\|", row)) > 3]
    return {span for cell in cells for span in re.findall(r"`([^`]+)`", cell)} - NOT_PYTHON


TOLD = sorted(lines_of_tables("from_stata_and_r.md", -2) | lines_of_tables("en/which_estimator.md", 2))


@pytest.fixture(scope="module")
def typed():
    """Every public name as the page types it, and the names that its lines have made before."""
    names = {name: getattr(ai, name) for name in ai._stub()[0]} | {"ai": ai}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ai.DataWarning)
        castle = pd.read_csv(ROOT / "tests" / "reference" / "data" / "castle.csv")
        panel = ai.read_panel(castle, unit="sid", period="year", outcome="l_homicide", attributes=[])
        design = ai.assign(panel, ai.read_rollout(castle, unit="sid", adopted="effyear"), cluster="sid")
        effects = ai.GroupTime(controls="never")(design)
        answer = ai.infer(effects.overall(), ai.BiasReduced())
        study = ai.infer(effects.event_study(first=-4, last=3), ai.BiasReduced())
    made = {"panel": panel, "design": design, "effects": effects, "answer": answer, "study": study}
    return names | made | {"m": 0.1, "mask": np.ones(len(panel.units), dtype=bool), "cluster": 1}


@pytest.mark.parametrize("line", TOLD)
def test_what_the_tables_tell_them_to_type_can_be_typed(line, typed):
    if line in typed:
        return
    if not re.match(r"[\w.]+\(", line):  # arguments alone: those of the estimator, or of a departure
        line = f"{'Smoothness(m, ' if line.startswith('shape') else 'GroupTime('}{line})"
    call = ast.parse(line, mode="eval").body
    function = eval(ast.unparse(call.func), typed)
    taken = inspect.signature(function).parameters
    assert {word.arg for word in call.keywords} <= set(taken)
    if "..." not in line:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ai.DataWarning)
            eval(line, typed)


@pytest.mark.parametrize(
    ("line", "program", "call", "place"),
    [
        ("show(effects.overall())", "did251", CALLAWAY, ("aggte", "simple")),
        ("show(effects.cohorts().overall())", "did251", CALLAWAY, ("aggte", "group")),
        (
            "show(effects.calendar().overall())",
            "did251",
            CALLAWAY,
            ("aggte", "calendar"),
        ),
        (
            "show(effects.event_study().overall())",
            "did251",
            CALLAWAY,
            ("aggte", "dynamic"),
        ),
        ("show(ai.Imputation()(design).overall())", "didimputation", "did_imputation_overall", ()),
        ("show(ai.estimators.TwoStage()(design).overall())", "did2s", "did2s_static", ()),
        ("show(ai.estimators.InteractionWeighted()(design).overall(), CR1)", "fixest", "sunab", ("att",)),
    ],
)
def test_the_numbers_printed_for_them_are_those_of_the_programs(line, program, call, place):
    values = json.loads((ROOT / f"tests/reference/values/castle__{program}.json").read_text(encoding="utf-8"))
    found = next(one["outputs"] for one in values["results"] if one["id"] == call)
    for step in place:
        found = found[step]
    keys = [("overall_att", "overall_se"), ("estimate", "se"), ("coef", "se")]
    estimate, error = next((found[a], found[b]) for a, b in keys if a in found)
    theirs = [value[0] if isinstance(value, list) else value for value in (estimate, error)]
    page = text("from_stata_and_r.md")
    printed = page[page.index(f">>> {line}\n") :].splitlines()[1].split()
    assert [float(number) for number in printed] == [round(value, 4) for value in theirs]


def test_the_cheat_sheet_is_one_page(tmp_path):
    sheet.write(DOCS / "cheat_sheet.typ", tmp_path / "sheet.pdf")
    assert len(pypdf.PdfReader(tmp_path / "sheet.pdf").pages) == 1


@pytest.mark.slow
def test_every_line_of_the_cheat_sheet_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    names = {"ai": ai}
    blocks = re.findall(r"^```py\n(.*?)^```", text("cheat_sheet.typ"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 8
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ai.DataWarning)
        for block in blocks:
            exec(block, names)
    assert str(names["chart"].title).startswith("Among the trained")


def test_the_gallery_has_every_figure_and_table():
    shown = {f"{entry.kind}.{entry.name}" for entry in gallery.ENTRIES}
    charts = {name for name in ai.figures.__all__ if name.islower()}
    tables = {name for name in ai.tables.__all__ if name.islower()}
    assert shown == {f"figures.{name}" for name in charts} | {f"tables.{name}" for name in tables}


def test_lines_of_the_gallery_fit_on_a_page():
    code = [gallery.BEFORE, *(entry.code("id") for entry in gallery.ENTRIES)]
    assert [line for block in code for line in block.splitlines() if len(line) > 100] == []


def test_the_reference_has_every_public_name_once():
    listed = [id(value) for names in reference.groups().values() for value in names.values()]
    assert len(listed) == len(set(listed))
    modules = {"checks", "estimators", "figures", "rules", "tables", "topics"}
    missing = [name for name in ai._stub()[0] if name not in modules and id(getattr(ai, name)) not in listed]
    assert missing == []


def test_the_reference_says_what_to_type():
    for names in reference.groups().values():
        for full, value in names.items():
            assert eval(reference.typed(full, value), {"ai": ai}) is value
            assert reference.first_line(full, value), f"{full}: a line in DATA of docs/making/reference.py"


@pytest.mark.parametrize(("english", "indonesian"), PAIRS.items())
def test_both_languages_say_as_much(english, indonesian):
    for mark in ("## ", "```{image}", "```{include}", "| ", "1. "):
        counted = [sum(line.startswith(mark) for line in text(name).splitlines()) for name in (english, indonesian)]
        assert counted[0] == counted[1], mark


@pytest.mark.parametrize("name", [*PAIRS.values(), "id/index.md"])
def test_pages_in_indonesian_use_the_words_of_the_project(name):
    prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", text(name), flags=re.DOTALL)
    assert re.findall(r"\b(gugus|klaster|kluster|estimasi|estimator|treatment|outcome)\b", prose, re.IGNORECASE) == []


def test_sentences_in_english_are_short():
    long = []
    for name in PAIRS:
        prose = re.sub(r"```.*?```|^\|.*$|^#.*$", "", text(name), flags=re.DOTALL | re.MULTILINE)
        for sentence in re.split(r"(?<=[.?!:;])\s+|\n\s*\n|\n[*1-9]", re.sub(r"\]\([^)]*\)", "]", prose)):
            long += [sentence] * (len(sentence.split()) > 25)
    assert long == []


def test_the_pages_on_large_data_have_the_same_numbers():
    cells = [re.findall(r"\d[\d.,]*", row) for row in text("scale.md").splitlines() if row.startswith("| ")]
    own = [re.findall(r"\d[\d.,]*", row) for row in text("id/data_besar.md").splitlines() if row.startswith("| ")]
    swapped = str.maketrans(".,", ",.")
    assert [[number.translate(swapped) for number in row] for row in cells] == own


def test_sizes_on_the_decision_page_are_those_that_were_measured():
    measured = text("coverage.md") + text("benchmarks.md")
    page = text("en/which_estimator.md")
    rows = ("3.3 to 6.0 %", "7.7 % at most", "0.5 to 3.5 %")
    assert [row for row in rows if row not in measured or row not in page] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_committed_executed_and_name_no_machine(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert "".join(notebook["cells"][0]["source"]).startswith("# ")
    assert not re.search(r'"(/home|/work|/root|C:\\\\)', path.read_text(encoding="utf-8"))
    if path.parent.name == "tutorials":
        said = "".join(notebook["cells"][0]["source"])
        assert "SYNTHETIC DATA" in said or ("REAL DATA" in said and "as newspapers\nprinted them" in said)


def test_the_table_of_programs_names_every_file_of_values():
    values = ROOT / "tests" / "reference" / "values"
    assert proof.table(values).count("\n") == 2 + len(list(values.glob("*.json")))


def test_every_file_that_the_page_of_trust_names_is_there():
    named = re.findall(r"`(tests/[\w/.]+)`", text("trust/index.md"))
    assert len(named) > 8
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(("page", "language"), [("en/files_to_report.md", "en"), ("id/berkas_ke_laporan.md", "id")])
def test_messages_that_a_guide_explains_are_those_that_are_printed(page, language):
    catalogue = (ROOT / "asn_impact" / "words").glob("*.toml")
    said = "".join(re.findall(rf"^{language} = .*$", "".join(p.read_text("utf-8") for p in catalogue), re.MULTILINE))
    explained = re.findall(r"^\| \*([^*]+)\* \|", text(page), re.MULTILINE)
    assert len(explained) == 4
    assert [words for words in explained if words not in said] == []


def test_a_script_from_elsewhere_and_a_link_to_nowhere_are_found(tmp_path):
    (tmp_path / "llms.txt").write_text("- [Gone](gone.html)\n", encoding="utf-8")
    (tmp_path / "other.html").write_text('<h1 id="here">x</h1>', encoding="utf-8")
    page = (
        '<script src="https://cdn.example/x.js"></script><a href="other.html#here">a</a><a href="other.html#no">b</a>'
    )
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    found = list(build_site.problems(tmp_path))
    assert [line.partition(": ")[2] for line in found] == [
        "fetched from elsewhere: https://cdn.example/x.js",
        "leads nowhere: other.html#no",
        "leads nowhere: gone.html",
    ]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("(level: 0 < float < 1 = 0.95)", "(level: float = 0.95)"),
        ("(reps: int >= 2, seed: int >= 0)", "(reps: int, seed: int)"),
        (
            "(noise: float >= 0.1 = 1.0, year: 1900 < int < 2100 | None = None)",
            "(noise: float = 1.0, year: int | None = None)",
        ),
    ],
)
def test_signatures_of_the_site_leave_bounds_out(typed, shown):
    assert reference.without_bounds(None, "", "", None, None, typed, None) == (shown, None)


def test_no_signature_of_a_public_name_has_a_bound_that_the_site_cannot_read():
    values = {name: value for names in reference.groups().values() for name, value in names.items()}
    members = {f"{n}.{m}": f for n, v in values.items() if inspect.isclass(v) for m, f in vars(v).items()}
    seen = 0
    for name, value in (values | members).items():
        if inspect.isfunction(value) or (inspect.isclass(value) and not issubclass(value, BaseException | Warning)):
            typed = str(inspect.signature(value))
            seen += bool(BOUNDED.search(typed))
            shown, _ = reference.without_bounds(None, "", "", None, None, typed, None)
            assert not BOUNDED.search(shown), name
    assert seen > 20


BOUNDED = re.compile(r"\s[<>]=? -?\d|\d [<>]=? \w")
