"""The reference of the public names, from the one list of them, grouped as they are found by typing."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import asn_impact as ai

#: Group -> its title. What no module of the namespace groups is grouped by the room it lives in.
GROUPS = {
    "reading": "Reading files",
    "measuring": "Measuring",
    "designs": "Who is compared",
    "estimators": "Estimators",
    "rules": "Rules of inference",
    "checks": "Checks and the grade",
    "figures": "Figures",
    "tables": "Tables",
    "reports": "Reports and studies",
    "clocks": "Topic: clocks",
    "learning": "Topic: learning",
    "planning": "Topic: planning and returns",
    "promises": "Topic: promises",
    "recovery": "Topic: recovery",
    "regencies": "Topic: several regencies",
    "surveys": "Topic: surveys",
    "messages": "Messages and errors",
}
ROOMS = {
    "intake": "reading",
    "measures": "measuring",
    "designs": "designs",
    "estimation": "estimators",
    "scrutiny": "checks",
    "reporting": "reports",
    "study": "reports",
    "words": "messages",
    "errors": "messages",
}
#: What each group is for, where its module does not say it.
SAID = {
    "reading": "Files as an office has them become clean records; every row left out is counted by reason.",
    "measuring": "Records become a number for each office and month: the outcome, in working days or shares.",
    "designs": "A panel and the dates of training become a design: who is compared with whom, and when.",
    "reports": "Findings become a page, a Word file, a PDF and a brief, in which every number has its source.",
    "messages": "What is said is a value, in every language; what cannot be done is an error with the line to write.",
}


#: What is neither a class nor a function has no docstring of its own.
DATA = {
    "CHECKS": "Every check, in the order in which they run.",
    "ESTIMATORS": "Every estimator, by its name in study.toml.",
    "PAGES": "The sizes of a figure, by name: width and height in inches.",
    "RULES": "Every rule of inference, by its name in study.toml.",
    "Size": 'The name of a size: ``"a4_width"``, ``"a4_column"`` or ``"slide"``.',
}
PAGE = re.compile(r"docs/(\w+)\.md(?:#[\w-]+)?")
BOUND = re.compile(r"(?:-?[\d.]+ <=? )?\b(int|float)\b(?: [<>]=? -?[\d.]+)?")
ESCAPED = re.compile(r"(\||(?<=\w)_(?!\w))")


@cache
def groups() -> dict[str, dict[str, Any]]:
    """Return, for each group, the full name and the value of each public name in it; every value stands once."""
    found: dict[str, dict[str, Any]] = {group: {} for group in GROUPS}
    known: set[int] = set()
    for full, group, value in _named():
        if id(value) not in known:
            known.add(id(value))
            found[group][full] = value
    return found


def _named() -> Iterator[tuple[str, str, Any]]:
    for module in (ai.estimators, ai.rules, ai.checks, ai.figures, ai.tables):
        group = module.__name__.rpartition(".")[2]
        yield from ((f"{module.__name__}.{name}", group, getattr(module, name)) for name in module.__all__)
    for topic in ai.topics.__all__:
        module = getattr(ai.topics, topic)
        yield from ((f"{module.__name__}.{name}", topic, getattr(module, name)) for name in module.__all__)
    for name, (home, _) in sorted(ai._stub()[0].items()):
        value = getattr(ai, name)
        if not isinstance(value, ModuleType):
            yield f"asn_impact.{name}", _group(home), value


def _group(home: str) -> str:
    _, room, *rest = home.split(".")
    return rest[0] if room == "topics" else ROOMS.get(room, "reports")


def typed(full: str, value: Any) -> str:  # noqa: ANN401 - any public value
    """Return a name as it is typed after ``import asn_impact as ai``: the short one where it is the same value."""
    name = full.rpartition(".")[2]
    short = name in ai._stub()[0] and getattr(ai, name) is value
    return f"ai.{name}" if short else full.replace("asn_impact", "ai", 1)


def write(folder: Path) -> None:
    """Write one page a group, and the page that lists them all."""
    every = groups()
    pages = {group: _page(group, names) for group, names in every.items()}
    pages["index"] = _index(every)
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.rst"):
        if old.stem not in pages:
            old.unlink()
    for name, text in pages.items():
        place = folder / f"{name}.rst"
        if not place.exists() or place.read_text(encoding="utf-8") != text:  # unchanged pages are not built again
            place.write_text(text, encoding="utf-8")


def _index(every: Mapping[str, Mapping[str, Any]]) -> str:
    parts = [
        _title("Reference", "="),
        "Every public name, grouped as the namespace: ``ai.<Tab>`` shows the main way, ``ai.estimators.<Tab>`` and the",
        "others show the rest. Each entry says what you get, its shapes and units, its errors, and its source.",
        "",
        ".. toctree::",
        "   :hidden:",
        "",
        *(f"   {group}" for group in GROUPS),
    ]
    for group, names in every.items():
        parts += ["", f":doc:`{GROUPS[group]} <{group}>`", "", *_listed(names)]
    return "\n".join(parts) + "\n"


def _page(group: str, names: Mapping[str, Any]) -> str:
    parts = [_title(GROUPS[group], "="), _said(group), "", *_listed(names), ""]
    for full, value in names.items():
        parts += [_title(full.rpartition(".")[2], "-"), *_entry(full, value), ""]
    return "\n".join(parts) + "\n"


def _said(group: str) -> str:
    module = getattr(ai, group, None) or getattr(ai.topics, group, None)
    return SAID.get(group) or inspect.getdoc(module) or ""


def _listed(names: Mapping[str, Any]) -> list[str]:
    rows = [
        ".. list-table::",
        "   :class: names",
        "   :widths: 34 66",
        "",
    ]
    for full, value in names.items():
        rows += [f"   * - :py:obj:`{typed(full, value)} <{full}>`", f"     - {first_line(full, value)}"]
    return rows


def first_line(full: str, value: Any) -> str:  # noqa: ANN401 - any public value
    """Return what a public name is, in one line."""
    if _is_data(value):
        return DATA.get(full.rpartition(".")[2], "")
    return (inspect.getdoc(value) or "").split("\n\n")[0].replace("\n", " ")


def _entry(full: str, value: Any) -> list[str]:  # noqa: ANN401 - any public value
    if _is_data(value):
        return [f".. py:data:: {full}", "", f"   {first_line(full, value)}"]
    if inspect.isclass(value):
        return [f".. autoclass:: {full}", "   :members:", "   :show-inheritance:" * issubclass(value, Exception)]
    return [f".. autofunction:: {full}"]


def escape(app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:  # noqa: ANN401 - Sphinx's
    """Let bars and names that end in an underscore stand in prose as they are, and make pages that are named links."""
    example = False
    for place, line in enumerate(lines):
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        if not example:
            parts = re.split(r"(`+[^`]*`+)", line)
            lines[place] = "".join(part if part.startswith("`") else _as_prose(part) for part in parts)


def without_bounds(
    app: Any,  # noqa: ANN401 - Sphinx's own
    what: str,
    name: str,
    value: Any,  # noqa: ANN401
    options: Any,  # noqa: ANN401
    arguments: str | None,
    result: str | None,
) -> tuple[str | None, str | None]:
    """Leave bounds (``int >= 0``), which tooltips show, out of a signature: the site cannot read them."""
    return (None if arguments is None else BOUND.sub(r"\1", arguments)), result


def _as_prose(text: str) -> str:
    return PAGE.sub(r":doc:`docs/\1.md </\1>`", ESCAPED.sub(r"\\\1", text))


def find(app: Any, env: Any, node: Any, shown: Any) -> Any:  # noqa: ANN401 - Sphinx's own
    """Return the link of a public name that a docstring says in short, wherever in the namespace it stands."""
    full = {name.rpartition(".")[2]: name for names in groups().values() for name in names}
    if node.get("refdomain") != "py" or node["reftarget"] not in full:
        return None
    target = full[node["reftarget"]]
    return env.domains["py"].resolve_xref(env, node["refdoc"], app.builder, "obj", target, node, shown)


def _is_data(value: Any) -> bool:  # noqa: ANN401 - any public value
    return not (inspect.isclass(value) or inspect.isfunction(value))


def _title(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}\n"
