"""The list of bad inputs names a test for every case, and each of these tests exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROWS = re.findall(r"^\| ([FBP]\d\d) \| (\w+) \|.*\| `(.+?)::(\w+)` \|$", (ROOT / "docs/nasty.md").read_text(), re.M)


def test_every_case_has_a_test_and_every_test_is_there() -> None:
    expected = {f"F{i:02d}" for i in range(1, 32)} | {f"B{i:02d}" for i in range(1, 17)}
    expected |= {f"P{i:02d}" for i in range(1, 14)}
    assert {name for name, *_ in ROWS} == expected
    absent = [f"{file}::{test}" for _, _, file, test in ROWS if f"def {test}(" not in (ROOT / file).read_text()]
    assert absent == []


def test_what_is_expected_is_one_of_four_words() -> None:
    assert {expected for _, expected, *_ in ROWS} <= {"error", "error_or_warn", "same", "same_warn"}
