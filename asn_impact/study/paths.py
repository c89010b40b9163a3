"""Where the files of a study are."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from asn_impact.errors import listed, nearest
from asn_impact.study.keys import Place

__all__ = ["located", "require_file"]


def located(path: str, place: Place) -> Path | str:
    """Return the file or folder that a study names.

    ``package:NAME/FILE`` is a file of an installed package; ``env:VARIABLE/FILE`` is in the folder that an environment
    variable names, and beside the study when it is not set; the address of a database server stays as it is;
    everything else is beside the study.

    Raises
    ------
    StudyError
        It does not exist; names what is there and the nearest match.
    """
    if "://" in path:
        from asn_impact.intake.files import on_server

        if on_server(path):
            return path
    scheme, colon, rest = path.partition(":")
    first, _, file = rest.partition("/")
    if scheme == "package" and colon:
        return _in_package(first, file, place)
    if scheme == "env" and colon:
        return _in_named_folder(first, file, place)
    found = place.file.parent / path
    require_file(found, place, "path")
    return found


def _in_package(name: str, file: str, place: Place) -> Path:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise place.refuse(f"path needs the Python package {name!r}, which is not installed. Install it and try again.")
    found = Path(spec.submodule_search_locations[0]) / file
    require_file(found, place, "path")
    return found


def _in_named_folder(variable: str, file: str, place: Place) -> Path:
    named = os.environ.get(variable)
    found = (Path(named) if named else place.file.parent) / file
    if not found.exists():
        where = f"the folder that {variable} names" if named else "the folder of the study"
        raise place.refuse(
            f"{file!r} is not in {where}. Set the environment variable {variable} to the folder that holds it, or put "
            f"it beside {place.file.name}."
        )
    return found


def require_file(path: Path, place: Place, key: str) -> None:
    """Refuse a path that does not exist."""
    if path.exists():
        return
    near = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
    beside = f" Found there: {listed(near, 8)}." if near else " That folder does not exist either."
    raise place.refuse(f"{key} names {path.name!r}, which does not exist.{nearest(path.name, near)}{beside}")
