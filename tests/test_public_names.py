"""What a newcomer sees after ``import asn_impact as ai``, and what it costs."""

import ast
import dataclasses
import inspect
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import asn_impact as ai
from asn_impact import estimation, figures, tables

PACKAGE = Path(ai.__file__).parent
STUB = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
PUBLIC = sorted(alias.asname for node in STUB.body if isinstance(node, ast.ImportFrom) for alias in node.names)
TWELVE_LINES = (
    *("read_exports", "measure", "WorkCalendar", "tabulate", "RestrictedMean", "read_training", "assign"),
    *("GroupTime", "infer", "Jackknife", "figures", "publish"),
)
HEAVY = ("pandas", "numpy", "scipy", "matplotlib", "duckdb", "narwhals", "tqdm", "nbclient")


def loaded_after(code):
    """Names of heavy modules that a fresh Python has loaded after some code."""
    tail = f"; import sys; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True, check=True)
    return done.stdout.split("\n")[-2].split()


def test_tab_shows_the_public_names_and_nothing_else():
    assert dir(ai) == sorted(ai.__all__)
    assert set(TWELVE_LINES) <= set(dir(ai))
    assert not [name for name in dir(ai) if name.startswith("_")]


def test_every_public_name_is_there():
    assert [name for name in PUBLIC if getattr(ai, name) is not getattr(ai, name)] == []


def test_completion_in_a_notebook_offers_the_same_names():
    completer = pytest.importorskip("IPython.core.completer")
    found = completer.Completer(namespace={"ai": ai}).attr_matches("ai.")
    shown = [match.removeprefix("ai.") for match in found if not match.startswith("ai.__")]  # as IPython hides them
    assert sorted(shown) == sorted(ai.__all__)


def test_names_that_tab_does_not_show_are_importable_all_the_same():
    assert set(dir(ai)) < set(PUBLIC)
    assert len(dir(ai)) <= 45


def test_a_name_that_does_not_exist_is_refused_as_python_does_it():
    with pytest.raises(AttributeError, match="no attribute 'read_export'"):
        _ = ai.read_export


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_after("import asn_impact") == []


def test_help_loads_nothing_heavy():
    code = "import asn_impact.cli as cli\ntry:\n    cli.main(['--help'])\nexcept SystemExit:\n    pass\npass"
    assert loaded_after(code) == []


def test_reading_a_study_file_loads_no_drawing_package():  # its keys follow the classes, which need numpy
    study = PACKAGE.parent / "data" / "demo" / "one_claim.toml"
    assert loaded_after(f"import asn_impact.study as s; s.read_study({str(study)!r})").count("matplotlib") == 0


def documented():
    """Every public name that can be called, with those of the groups and topics, each once."""
    names = {name: getattr(ai, name) for name in PUBLIC}
    groups = [getattr(ai, group) for group in ("checks", "estimators", "figures", "rules", "tables")]
    groups += [getattr(ai.topics, topic) for topic in ai.topics.__all__]
    for group in groups:
        names |= {f"{group.__name__}.{name}": getattr(group, name) for name in group.__all__}
    return {
        id(value): (name, value) for name, value in names.items() if inspect.isroutine(value) or inspect.isclass(value)
    }


DOCUMENTED = sorted(documented().values(), key=lambda pair: pair[0])


@pytest.mark.parametrize(("name", "value"), DOCUMENTED, ids=[name for name, _ in DOCUMENTED])
def test_every_public_name_has_an_example_and_says_what_it_is(name, value):
    text = inspect.cleandoc(value.__doc__ or "")
    assert text.partition("\n")[0].endswith((".", ":", "?")), "one line that says what you get"
    assert "\nExamples\n--------\n" in text, "an example that runs"
    assert ">>> " in text.partition("\nExamples\n")[2]


FIELDS = [(name, value) for name, value in DOCUMENTED if dataclasses.is_dataclass(value)]


@pytest.mark.parametrize(("name", "value"), FIELDS, ids=[name for name, _ in FIELDS])
def test_every_field_of_a_public_value_is_explained(name, value):
    text = "\n".join(inspect.cleandoc(one.__doc__ or "") for one in value.__mro__ if dataclasses.is_dataclass(one))
    fields = [field.name for field in dataclasses.fields(value) if not field.name.startswith("_")]
    assert [field for field in fields if not re.search(rf"^(\w+, )*{field}\b.*$|`{field}`", text, re.MULTILINE)] == []


METHODS = [*estimation.ESTIMATORS.values(), *estimation.RULES.values()]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_every_method_names_its_source(method):
    assert re.search(r"\((\d{4}|and \w+ \d{4}|[^()]*\d{4}[^()]*)\)|\b(19|20)\d{2}\b", method.__doc__)


PUBLISHED_FORMS = [
    *(figures.event_study, figures.completion_curve, figures.forest, figures.sensitivity, figures.specifications),
    tables.lkjip,
]


@pytest.mark.parametrize("shown", PUBLISHED_FORMS, ids=lambda shown: shown.__name__)
def test_every_figure_and_table_of_a_published_form_names_its_source(shown):
    assert re.search(r"\b(19|20)\d{2}\b", shown.__doc__.partition("Parameters")[0])


# ------------------------------------------------------------------------------------------- errors, arguments, shapes

ROUTINES = [(name, value) for name, value in DOCUMENTED if inspect.isroutine(value)]
ELSEWHERE = re.compile(r"Parameters, errors and warnings are those of `\w+`")


def code_of(function):
    return ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]


def refuses(function, *, deep=True):
    """Whether a function raises, itself or in one of its own module that it calls."""
    node, home = code_of(function), sys.modules[function.__module__]
    if any(isinstance(part, ast.Raise) for part in ast.walk(node)):
        return True
    called = {part.func.id for part in ast.walk(node) if isinstance(part, ast.Call) and isinstance(part.func, ast.Name)}
    own = [getattr(home, name, None) for name in called] if deep else []
    return any(inspect.isfunction(f) and f.__module__ == home.__name__ and refuses(f, deep=False) for f in own)


@pytest.mark.parametrize(("name", "value"), ROUTINES, ids=[name for name, _ in ROUTINES])
def test_every_function_says_what_it_refuses(name, value):
    if refuses(inspect.unwrap(value)):
        text = inspect.cleandoc(value.__doc__)
        assert "\nRaises\n------\n" in text or ELSEWHERE.search(text)


def methods_of(name, value):
    """The methods that a user calls on a public value, with the texts that may say what they refuse."""
    for method, function in vars(value).items():
        if inspect.isfunction(function) and method[0] != "_":
            plain = inspect.unwrap(function)
            yield pytest.param(plain, [value.__doc__, plain.__doc__ or ""], id=f"{name}.{method}")


ELSEWHERE_OWNED = ("asn_impact.intake", "asn_impact.measures", "asn_impact.reporting", "asn_impact.study")
VALUES = [
    pair for pair in DOCUMENTED if inspect.isclass(pair[1]) and not pair[1].__module__.startswith(ELSEWHERE_OWNED)
]


@pytest.mark.parametrize(("method", "texts"), [case for pair in VALUES for case in methods_of(*pair)])
def test_every_method_says_what_it_refuses(method, texts):
    if refuses(method):
        assert any("\nRaises\n------\n" in inspect.cleandoc(text) for text in texts)


def needs_words(parameter):
    """Whether the name and kind of a parameter do not say it all: a value of ours is what its kind says."""
    kinds = re.findall(r"[A-Z]\w+", str(parameter.annotation))
    of_ours = [kind for kind in kinds if kind in set(PUBLIC) | {"Effects", "Inference", "Panel", "Durations", "Dated"}]
    return parameter.kind not in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL} and not of_ours


@pytest.mark.parametrize(("name", "value"), ROUTINES, ids=[name for name, _ in ROUTINES])
def test_every_argument_is_explained(name, value):
    text = inspect.cleandoc(value.__doc__).partition("\nExamples\n")[0]
    taken = inspect.signature(inspect.unwrap(value)).parameters.values()
    unsaid = [p.name for p in taken if needs_words(p) and not re.search(rf"\b{p.name}\b", text)]
    assert unsaid == [] or ELSEWHERE.search(text)


@pytest.mark.parametrize(("name", "value"), FIELDS, ids=[name for name, _ in FIELDS])
def test_every_array_says_its_shape(name, value):
    text = "\n".join(inspect.cleandoc(one.__doc__ or "") for one in value.__mro__ if dataclasses.is_dataclass(one))
    arrays = [f.name for f in dataclasses.fields(value) if re.search(r"\b(Float|Int|Bool|NDArray)\b", str(f.type))]
    for field in (field for field in arrays if not field.startswith("_")):
        said = re.search(rf"^(\w+, )*{field}\b.*\n( {{4}}.*\n?)+", text, re.MULTILINE)
        assert re.search(r"\(\w+( [+*] \w+)?,", said[0]), field


UNIT = re.compile(
    r"in (the|its|that) unit|unit of the outcome|[Ss]hare|[Hh]ow (often|many)|[Ll]evel|p-value|statistic|[Dd]egrees|"
    r"\b(months|years|hours|days|inches|points)\b|Rupiah|per cent|times|Cochran's Q|As (given|asked)"
    r"|Of the interval|Two-sided"
)
NUMBERS = [
    pytest.param(value, field.name, id=f"{name}.{field.name}")
    for name, value in FIELDS
    for field in dataclasses.fields(value)
    if field.type in {"float", "float | None"}
]


@pytest.mark.parametrize(("value", "field"), NUMBERS)
def test_every_single_number_says_its_unit(value, field):
    text = "\n".join(inspect.cleandoc(one.__doc__ or "") for one in value.__mro__ if dataclasses.is_dataclass(one))
    said = re.search(rf"^(\w+, )*{field}\b.*\n( {{4}}.*\n?)+", text, re.MULTILINE)
    assert UNIT.search(said[0])


#: Put together from checks that name theirs.
OF_OURS = {"event_path", "grade", "scrutinise", "service_shares", "three_rows"}
CHECKED = [name for name in ai.checks.__all__ if inspect.isroutine(getattr(ai.checks, name)) and name not in OF_OURS]


@pytest.mark.parametrize("name", CHECKED)
def test_every_check_names_its_source(name):
    text = inspect.cleandoc(getattr(ai.checks, name).__doc__).partition("\nExamples\n")[0]
    assert re.search(r"\b(19|20)\d{2}\b", text)
