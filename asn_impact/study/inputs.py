"""Every file that a study rests on, by name, rows and hash: the data, and training, staff, promises, costs, events."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asn_impact.errors import AsnImpactError
from asn_impact.identifiers import hidden
from asn_impact.intake.fields.columns import FIELDS, recognised
from asn_impact.intake.formats import open_file
from asn_impact.study.keys import Setting

if TYPE_CHECKING:
    from asn_impact.intake.extract import Source
    from asn_impact.study.settings import Study

WITH_FILES: Final = ("data", "outcome", "rollout", "staff", "calendar", "scrutiny")


def files_named(value: Any) -> Iterator[Path]:  # noqa: ANN401 - whatever a key holds
    """Yield every file that a value of a study names, however deep."""
    if isinstance(value, Path):
        yield from (p for p in value.rglob("*") if p.is_file()) if value.is_dir() else (value,)
    elif isinstance(value, Setting | Mapping):
        inner = value.parameters if isinstance(value, Setting) else value
        yield from (path for one in inner.values() for path in files_named(one))
    elif isinstance(value, tuple | list):
        yield from (path for one in value for path in files_named(one))


def inputs_of(study: Study, read: Sequence[Source]) -> tuple[Source, ...]:
    """Return the data that were read, then every other file that the study names, each once.

    Rows are those of all tables in a file; a file that is no table, such as a certificate, has none.
    """
    data = {**study.data.parameters}
    data.pop("path", None)  # of a folder, what was read
    parts = [data, *(getattr(study, part) for part in WITH_FILES if part != "data")]
    known = {source.sha256 for source in read}
    names = tuple(dict.fromkeys(name for part in parts for name in _headings(part)))
    found: dict[str, Source] = {}
    for path in sorted({path for part in parts for path in files_named(part) if path.is_file()}):
        mark = hashlib.sha256(path.read_bytes()).hexdigest()
        if mark not in known:
            found.setdefault(mark, _source(path, mark, names))
    return (*read, *found.values())


def _headings(part: Any) -> Iterator[str]:  # noqa: ANN401 - whatever a part of a study is
    """Yield the headings that a part of a study names."""
    columns = (part.parameters if isinstance(part, Setting) else part or {}).get("columns", {})
    named = columns.values() if isinstance(columns, Mapping) else columns
    yield from (name for name in named if isinstance(name, str))


@functools.lru_cache(maxsize=64)  # claims share their files
def _source(path: Path, mark: str, names: tuple[str, ...]) -> Source:
    from asn_impact.intake.extract import Source

    return Source(hidden(path.name, names=True), _rows(path, names), mark)


def _rows(path: Path, names: tuple[str, ...]) -> int:
    try:
        return sum(t.relation.shape[0] for t in open_file(path, lambda cells: recognised(cells, FIELDS, names)))
    except AsnImpactError:
        return 0
