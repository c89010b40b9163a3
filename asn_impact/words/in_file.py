"""The line to write in study.toml, where a text names an argument of Python: from its own text, or put into TOML."""

from __future__ import annotations

import functools
import re
from typing import Final

_CALL: Final = r"(?P<call>[A-Za-z_][\w.]*\((?:[^()]|\([^()]*\))*\))"
_TABLE: Final = r"(?P<key>\b[a-z_]\w*)=\{\{(?P<inside>.*?)\}\}(?!\})"
_VALUE: Final = r"\"[^\"]*\"|'[^']*'|\{\w+(?::[\w ]+)?\}|\[[^\]]*\]|\([^)]*\)|\.\.\.|\d[\d.]*\d|\d|True|False|None"
_PAIR: Final = rf"(?P<name>\b[a-z_]\w*)=(?P<value>{_VALUE})"
_NAME: Final = r"(?P<bare>\b[a-z_]\w*)=(?=[\s.,;:)]|$)"
_HINT: Final = re.compile(f"{_CALL}|{_TABLE}|{_PAIR}|{_NAME}")
_ARGUMENT: Final = re.compile(rf"\w+\(\.\.\., ([a-z_]\w*)=({_VALUE})\)")  # one more argument: a line of the file
_WORDS: Final = {"True": "true", "False": "false", "...": '"..."'}


@functools.cache  # templates are few
def as_toml(text: str) -> str:
    r"""Return the template of a message with arguments of Python written as lines of study.toml.

    Examples
    --------
    >>> as_toml("columns={{'case': None}} or columns={{'office': ...}}")
    'unused = ["case"] or columns = {{office = "..."}}'
    >>> as_toml("read_exports(..., selection='received'); style='1.234,56', not keep=; infer(effects, rule=x)")
    'selection = "received"; style = "1.234,56", not keep; infer(effects, rule=x)'
    """
    return _HINT.sub(_written, text)


def _written(hint: re.Match[str]) -> str:
    if hint["call"]:
        one = _ARGUMENT.fullmatch(hint["call"])
        return f"{one[1]} = {_value(one[2])}" if one else hint["call"]
    if hint["bare"]:
        return hint["bare"]
    if hint["name"]:
        return f"{hint['name']} = {_value(hint['value'])}"
    pairs = [pair.split(": ", 1) for pair in hint["inside"].split(", ")]
    if any(len(pair) == 1 for pair in pairs) or (hint["key"] != "columns" and ["None"] in [pair[1:] for pair in pairs]):
        return f"{hint['key']} = {{{{{hint['inside']}}}}}"
    unused = ", ".join(_value(key) for key, value in pairs if value == "None")
    named = ", ".join(f"{_key(key)} = {_value(value)}" for key, value in pairs if value != "None")
    lines = [f"unused = [{unused}]"] if unused else []
    return ", ".join([*lines, *([f"{hint['key']} = {{{{{named}}}}}"] if named else [])])


def _key(text: str) -> str:
    bare = text.strip("\"'")
    return bare if re.fullmatch(r"[A-Za-z_]\w*", bare) else _value(text)


def _value(text: str) -> str:
    if text[0] == "(":
        text = f"[{text[1:-1]}]"
    return _WORDS.get(text) or text.replace("'", '"')
