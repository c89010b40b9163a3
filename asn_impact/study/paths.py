"""Where the files of a study are."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from asn_impact.arguments import did_you_mean
from asn_impact.intake.formats.server import on_server
from asn_impact.study.keys import Place
from asn_impact.words import Message, paragraph


def locate(path: str, place: Place, key: str = "path") -> Path | str:
    """Return the file or folder that a study names.

    ``package:NAME/FILE`` is a file of an installed package; ``env:VARIABLE/FILE`` is in the folder that an environment
    variable names, and beside the study when it is not set; the address of a database server stays as it is;
    everything else is beside the study.

    Raises
    ------
    StudyError
        It does not exist; names what is there and the nearest match.
    """
    if on_server(path):
        return path
    scheme, colon, rest = path.partition(":")
    first, _, file = rest.partition("/")
    if scheme == "package" and colon:
        return _in_package(first, file, place, key)
    if scheme == "env" and colon:
        return _in_named_folder(first, file, place)
    target = _beside(place.file.parent, path)
    require_file(target, place, key)
    return target


def _beside(folder: Path, path: str) -> Path:
    """Return a path seen from the folder of a study: ``..`` leads out of it also while it is not made yet."""
    return folder / path if folder.is_dir() else Path(os.path.normpath(folder / path))


def _in_package(name: str, file: str, place: Place, key: str) -> Path:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise place.refuse(Message("study.no_package", key=key, name=name))
    target = Path(spec.submodule_search_locations[0]) / file
    require_file(target, place, key)
    return target


def _in_named_folder(variable: str, file: str, place: Place) -> Path:
    folder = os.environ.get(variable)
    target = Path(folder) / file if folder else _beside(place.file.parent, file)
    if not target.exists():
        where = Message("study.named_folder", variable=variable) if folder else Message("study.own_folder")
        raise place.refuse(
            Message("study.not_in_folder", file=file, where=where, variable=variable, study=place.file.name)
        )
    return target


def require_file(path: Path, place: Place, key: str) -> None:
    """Refuse a path that does not exist."""
    if path.exists():
        return
    near = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
    raise place.refuse(
        paragraph(
            Message("study.no_path", key=key, name=path.name),
            did_you_mean(path.name, near),
            Message("study.found_there", names=tuple(near)) if near else Message("study.no_folder"),
        )
    )
