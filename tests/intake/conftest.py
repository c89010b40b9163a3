"""Small exports in the forms that offices send."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asn_impact import Ledger

HEADINGS = "Perangkat Daerah;Tanggal Masuk;Tanggal Selesai\n"


def lines(n: int = 60) -> str:
    """Rows with days 1 to 28, so that the order of day and month shows."""
    return "".join(
        f"Dinas {i % 3};{i % 28 + 1:02d}/0{i % 9 + 1}/2024;{i % 28 + 1:02d}/1{i % 3}/2024\n" for i in range(n)
    )


def said(value: Any) -> str:
    """Return every note of a value as one text, as its reader sees them."""
    return " ".join(map(str, value.notes))


def codes(ledger: Ledger) -> dict[str, int]:
    """Return the rows left out by the code of the reason."""
    return {reason.key.removeprefix("reasons."): n for reason, n in ledger.dropped.items()}


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Path]:
    """Write a file and return its path."""

    def write(content: str | bytes, name: str = "izin.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
