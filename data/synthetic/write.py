"""The files an office would hand over, and the truth beside them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from asn_impact.errors import InputError
from asn_impact.words import verbatim
from synthetic.records import Records


def write(records: Records, folder: str | Path) -> tuple[Path, ...]:
    """Write the files an office would hand over, and the truth; return their paths.

    Every file is written beside its place and then renamed, so that a reader sees the old file or the new
    one, never half of one. The bytes depend on the records alone.

    Raises
    ------
    InputError
        ``permits/`` already holds files of other years, which a reader of the folder would mix in.

    Examples
    --------
    >>> import tempfile
    >>> from synthetic import Regency, simulate
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = write(simulate(Regency(seed=1)), folder)
    >>> [path.name for path in paths][:3]
    ['permohonan_2023.csv', 'permohonan_2024.csv', 'permohonan_2025.csv']
    """
    folder = Path(folder)
    contents = _contents(records)
    _refuse_strangers(folder / "permits", [name for name in contents if name.startswith("permits/")])
    return tuple(_replace(folder / name, content) for name, content in contents.items())


def _contents(records: Records) -> dict[str, bytes]:
    by_year = {
        f"permits/permohonan_{year}.csv": _csv(rows.drop(columns="Tahun Berkas"))
        for year, rows in records.permits.groupby("Tahun Berkas")
    }
    truth = json.dumps(dict(records.truth), sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    return {
        **by_year,
        "training.csv": _csv(records.training),
        "survey.csv": _csv(records.survey),
        "services.csv": _csv(records.services),
        "projects.csv": _csv(_with_dots(records.projects, ["Pagu", "Realisasi Anggaran"])),
        "tests.csv": _csv(records.tests),
        "complaints.csv": _csv(records.complaints),
        "adaptation/permohonan_perizinan_baru.csv": _csv(records.new_service),
        "events.csv": _csv(records.events),
        "costs.csv": _csv(_with_dots(records.costs, ["harga_satuan"])),
        "truth.json": truth.encode(),
    }


def _csv(frame: pd.DataFrame) -> bytes:
    """As a spreadsheet with Indonesian settings saves it: semicolons, byte order mark, dd/mm/yyyy."""
    text = frame.to_csv(sep=";", index=False, date_format="%d/%m/%Y", lineterminator="\n")
    return text.encode("utf-8-sig")


def _with_dots(frame: pd.DataFrame, headings: Sequence[str]) -> pd.DataFrame:
    """Rupiah as written in Indonesia: 1.250.000."""
    return frame.assign(**{name: [f"{rupiah:,}".replace(",", ".") for rupiah in frame[name]] for name in headings})


def _refuse_strangers(folder: Path, ours: Sequence[str]) -> None:
    names = {Path(name).name for name in ours}
    strangers = sorted(path.name for path in folder.glob("*.csv") if path.name not in names)
    if strangers:
        text = (
            f"permits/ already holds {', '.join(strangers)}, which this regency does not write. "
            "Expected only its own yearly files: move the others away or choose another folder."
        )
        raise InputError(verbatim(text))


def _replace(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(content)
    return beside.replace(path)
