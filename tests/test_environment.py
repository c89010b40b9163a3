"""pyproject.toml, requirements.lock and environment.yml describe one environment."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
CONDA_NAMES = {"matplotlib": "matplotlib-base", "duckdb": "python-duckdb"}
BY_PIP = {"pypandoc_binary", "typst"}  # conda-forge has them under other names


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def locked():
    pairs = re.findall(
        r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)",
        (ROOT / "requirements.lock").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    return {name.lower().replace("_", "-"): Version(version) for name, version in pairs}


def conda():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8").split("dependencies:")[1]
    lines = re.findall(r"^  - ([a-z][^\s#:]*)$", text, re.MULTILINE)
    return dict(re.fullmatch(r"([a-z0-9-]+)(.*)", line).groups() for line in lines)


@pytest.mark.parametrize("group", ["project", "dev"])
def test_every_requirement_is_met_by_the_lock(group):
    file = project()
    listed = file["project"]["dependencies"] if group == "project" else file["dependency-groups"]["dev"]
    versions = locked()
    for requirement in map(Requirement, listed):
        assert requirement.specifier.contains(versions[requirement.name.lower().replace("_", "-")]), requirement


def test_conda_has_every_dependency_with_the_same_bounds():
    listed = conda()
    needed = [Requirement(r) for r in project()["project"]["dependencies"]]
    for requirement in (r for r in needed if r.name not in BY_PIP):
        assert listed[CONDA_NAMES.get(requirement.name, requirement.name)] == str(requirement.specifier), requirement


def test_conda_asks_for_nothing_the_project_does_not():
    known = {Requirement(r).name for r in project()["project"]["dependencies"] + project()["dependency-groups"]["dev"]}
    names = {CONDA_NAMES.get(name, name) for name in known} | {"python", "pip"}
    assert set(conda()) <= names


def test_the_lock_names_no_host_and_pins_every_hash():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert len(re.findall(r"^\S+==", text, re.MULTILINE)) <= text.count("--hash=")
