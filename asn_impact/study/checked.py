"""`check`: what a study would use and lose, without an estimate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from asn_impact.errors import StudyError
from asn_impact.study.indonesian import NOTES
from asn_impact.study.keys import Language, Text
from asn_impact.study.prepared import Prepared, prepared
from asn_impact.study.settings import Study

if TYPE_CHECKING:
    import pandas as pd

    from asn_impact.intake.exports import Extract

__all__ = ["Checked", "check", "notes_of", "write_dropped"]


@dataclass(frozen=True, eq=False)
class Checked:
    """What `check` found: the text to print, why no effect can be estimated ("" when one can), and the records."""

    text: str
    refusal: str
    extract: Extract | None = None


_WORDS: Final[Mapping[str, Text]] = {
    "study": {"id": "Studi", "en": "Study"},
    "synthetic": {"id": " (data sintetis)", "en": " (synthetic data)"},
    "files": {"id": "Berkas", "en": "Files"},
    "files_as_of": {"id": "Berkas, keadaan per {day}", "en": "Files, as of {day}"},
    "file": {"id": "berkas", "en": "file"},
    "rows": {"id": "baris", "en": "rows"},
    "headings": {"id": "Judul kolom", "en": "Headings"},
    "field": {"id": "isian", "en": "field"},
    "heading": {"id": "judul di berkas", "en": "heading"},
    "counts": {"id": "Baris", "en": "Rows"},
    "read": {"id": "dibaca", "en": "read"},
    "kept": {"id": "dipakai", "en": "kept"},
    "left_out": {"id": "dikeluarkan: {reason}", "en": "left out: {reason}"},
    "months": {"id": "Bulan, untuk {outcome}", "en": "Months, for {outcome}"},
    "used": {"id": "dipakai", "en": "used"},
    "unused": {"id": "tidak dipakai", "en": "left out"},
    "panel": {
        "id": "Panel: {units} unit x {periods} periode ({first} sampai {last}), ukuran {outcome}",
        "en": "Panel: {units} units x {periods} periods ({first} to {last}), outcome {outcome}",
    },
    "design": {"id": "Siapa dibandingkan dengan siapa", "en": "Who is compared with whom"},
    "clusters": {"id": "Gugus: {n} menurut {by}", "en": "Clusters: {n} by {by}"},
    "note": {"id": "Catatan: {note}", "en": "Note: {note}"},
    "refused": {"id": "Dampak tidak akan diperkirakan: {why}", "en": "No effect will be estimated: {why}"},
    "would": {
        "id": "Akan diperkirakan: {estimator!r} dengan {rule!r}.",
        "en": "Would estimate {estimator!r} with {rule!r}.",
    },
}
_FIELDS: Final[Mapping[str, str]] = {
    "case": "nomor permohonan",
    "office": "unit",
    "service": "jenis izin",
    "received": "tanggal masuk",
    "decided": "tanggal selesai",
    "status": "status",
}
_COLUMNS: Final[Mapping[str, str]] = {
    "month": "bulan",
    "records": "permohonan",
    "open": "masih diproses",
    "follow_up": "paling singkat diikuti",
    "mature": "dipakai",
    "cohort": "gelombang",
    "units": "unit",
    "unit": "unit",
    "clusters": "gugus",
    "periods": "periode",
    "adopted": "mulai terlatih",
    "group": "kelompok",
    "n": "jumlah",
}
#: Notes of the earlier rooms, as patterns, and the same in Indonesian. What is not here is printed as it came.
_NOTES: Final[tuple[tuple[str, str], ...]] = (
    (r"([\d,]+) of ([\d,]+) rows left out: (.*)\.", r"\1 dari \2 baris dikeluarkan: \3."),
    (r"Training rows left out: (.*)\.", r"Baris pelatihan dikeluarkan: \1."),
    (r"(\w+): written day-first \((\d+) values tell\)\.", r"\1: ditulis hari-bulan (\2 nilai menunjukkannya)."),
    (r"(\w+): written month-first \((\d+) values tell\)\.", r"\1: ditulis bulan-hari (\2 nilai menunjukkannya)."),
    (r"(\w+): written day-first \(as asked\)\.", r"\1: ditulis hari-bulan (sesuai permintaan)."),
    (r"(.+): (\d+) (?:lines|rows) in front of the headings passed over\.", r"\1: \2 baris di atas judul dilewati."),
    (r"(.+): read as (\S+)\.", r"\1: dibaca sebagai \2."),
    (r"(.+) is a copy of (.+): not read\.", r"\1 adalah salinan \2: tidak dibaca."),
    (r"Not read, no data files: (.*)\.", r"Tidak dibaca, bukan berkas data: \1."),
    (
        r"(\d+) placeholder dates \(.*\) read as no date\.",
        r"\1 tanggal pengganti (1900-01-01 dsb.) dianggap kosong.",
    ),
    (
        r"(.+): the last line has no line end; the file may be cut off\.",
        r"\1: baris terakhir tidak berakhir; berkas mungkin terpotong.",
    ),
    (r"(.+): (\d+) hidden sheets not read\.", r"\1: \2 lembar tersembunyi tidak dibaca."),
    (
        r"The export holds completed cases only.*",
        "Ekspor hanya berisi permohonan yang selesai, diambil menurut tanggal selesai: bulan-bulan awal hanya berisi "
        "yang lama. Minta semua permohonan yang masuk, juga yang belum selesai.",
    ),
    (
        r"An office counts as trained from the first completion, by the end dates of (.*)\.",
        r"Unit dihitung terlatih sejak kelulusan pertama, menurut tanggal selesai \1.",
    ),
    (
        r"An office counts as trained from the first month in which (\S+) of the staff had completed it, by the end "
        r"dates of (.*)\.",
        r"Unit dihitung terlatih sejak bulan pertama ketika \1 petugas telah menyelesaikannya, menurut tanggal "
        r"selesai \2.",
    ),
    (
        r"In (\d+) offices the course ended after the first day of the month.*",
        r"Di \1 unit pelatihan berakhir sesudah hari pertama bulan mulainya: permohonan yang masuk lebih awal "
        r"bulan itu, atau masuk sebelum dan selesai sesudahnya, terlatih sebagian.",
    ),
    (
        r"The unit of each person is that of the training records.*",
        "Unit tiap orang adalah unit di catatan pelatihan, di sistem kepegawaian biasanya unit sekarang: yang sudah "
        "pindah terhitung di unit yang keliru. Berikan riwayat jabatan: positions=...",
    ),
    (
        r"(\d+) of (\d+) units have no usable row and are in no comparison\.",
        r"\1 dari \2 unit tidak punya baris yang dapat dipakai dan tidak ikut dibandingkan.",
    ),
)


def check(study: Study, language: Language | None = None) -> Checked:
    """Return what a study would use and lose: headings, rows, months and groups; nothing is estimated or written.

    Parameters
    ----------
    study
        As `read_study` gives it.
    language
        ``"id"`` or ``"en"``; the first language of the study when not given. Notes for which there are no Indonesian
        words yet are printed in English.

    Raises
    ------
    StudyError
        The data cannot be read as the study says.
    """
    ready = prepared(study)
    spoken: Language = study.languages[0] if language is None else language
    titles = dict(study.title)
    parts = [
        f"{_said('study', spoken)}: {titles.get(spoken) or titles[study.languages[0]]}"
        f"{_said('synthetic', spoken) if study.synthetic else ''}",
        *_said_of_rows(ready, spoken),
        *_said_of_periods(ready, spoken),
        *([_block(_said("design", spoken), _headed(ready.design.table(), spoken))] if ready.design is not None else []),
        *(
            [_said("clusters", spoken, n=len(ready.design.clusters), by=study.cluster)]
            if ready.design is not None
            else []
        ),
        *(_said("note", spoken, note=_note(note, spoken)) for note in notes_of(ready)),
        _said("refused", spoken, why=ready.refusal[spoken])
        if ready.refusal is not None
        else _said("would", spoken, estimator=study.estimator, rule=study.rule),
    ]
    return Checked("\n\n".join(parts), ready.refusal["en"] if ready.refusal is not None else "", ready.extract)


def write_dropped(checked: Checked, path: Path, language: Language) -> int:
    """Write the rows that were left out to a CSV file for the office to correct, and return how many there are.

    Raises
    ------
    StudyError
        The study has no records of cases: a ready panel has no rows to correct.
    InputError
        The file would lie among the exports.
    """
    if checked.extract is None:
        raise StudyError("A ready panel has no rows of cases to list. Leave out --dropped.")
    from asn_impact.intake.exports import write_rows

    rows = checked.extract.dropped()
    spoken = rows.assign(reason=[_reason(r, language) for r in rows["reason"]])
    names = {"file": "berkas", "sheet": "lembar", "row": "baris", "reason": "alasan", **_FIELDS}
    checked.extract.refuse_place(path)
    write_rows(spoken.rename(columns=names) if language == "id" else spoken, path)
    return len(rows)


def _said(word: str, language: Language, **parts: object) -> str:
    return _WORDS[word][language].format(**parts)


def _reason(reason: str, language: Language) -> str:
    from asn_impact.reporting.words import reason_words

    return reason_words(reason)[language]


def _note(note: str, language: Language) -> str:
    """Return a note in the language, sentence by sentence where it has several that are known."""
    if language == "en":
        return note
    for pattern, words in (*_NOTES, *NOTES):
        if found := re.fullmatch(pattern, note, re.DOTALL):
            return _reasons_in(found.expand(words))
    parts = re.split(r"(?<=\.) (?=[A-Z0-9])", note)
    return note if len(parts) == 1 else " ".join(_note(part, language) for part in parts)


def _reasons_in(text: str) -> str:
    """Return a sentence with the reasons of the ledger in it in Indonesian."""
    head, colon, tail = text.partition(": ")
    if not colon or "dikeluarkan" not in head:
        return text
    items = re.findall(r"(.+?) ([\d,]+)(?:, |\.$)", tail)
    said = [f"{_reason(reason, 'id')} {n.replace(',', '.')}" for reason, n in items]
    return f"{head}: {', '.join(said)}." if said else text


def _headed(table: pd.DataFrame, language: Language) -> pd.DataFrame:
    return table.rename(columns=dict(_COLUMNS)) if language == "id" else table


def _said_of_rows(ready: Prepared, language: Language) -> list[str]:
    import pandas as pd

    names = [_said("file", language), _said("rows", language), "sha256"]
    files = pd.DataFrame([(s.name, s.rows, s.sha256[:12]) for s in ready.sources], columns=names)
    if ready.extract is None:
        return [_block(_said("files", language), files)]
    ledger = ready.extract.ledger
    dropped = [
        (_said("left_out", language, reason=_reason(reason, language)), n) for reason, n in ledger.dropped.items()
    ]
    counts = [(_said("read", language), ledger.read), *dropped, (_said("kept", language), ledger.kept)]
    fields = [(_FIELDS.get(f, f) if language == "id" else f, h) for f, h in ready.extract.headings.items()]
    return [
        _block(_said("files_as_of", language, day=ready.extract.as_of), files),
        _block(
            _said("headings", language),
            pd.DataFrame(fields, columns=[_said("field", language), _said("heading", language)]),
        ),
        _block(_said("counts", language), pd.DataFrame(counts, columns=[_said("rows", language), "n"])),
    ]


def _said_of_periods(ready: Prepared, language: Language) -> list[str]:
    panel = ready.panel
    labels = panel.timeline.labels
    words = _said(
        "panel",
        language,
        units=len(panel.units),
        periods=len(labels),
        first=labels[0],
        last=labels[-1],
        outcome=panel.outcome.name,
    )
    if ready.months is None:
        return [words]
    used = {True: _said("used", language), False: _said("unused", language)}
    table = _headed(ready.months.assign(mature=ready.months["mature"].map(used)), language)
    return [_block(_said("months", language, outcome=panel.outcome.name), table), words]


def _block(title: str, table: pd.DataFrame) -> str:
    return f"{title}\n{table.to_string(index=False)}"


def notes_of(ready: Prepared) -> list[str]:
    """Every note once, those of the design included; a note that only repeats part of another is left out."""
    of_design = ready.design.notes if ready.design is not None else ready.panel.notes
    every = list(dict.fromkeys([*ready.notes, *of_design]))
    return [note for note in every if not any(note != other and note in other for other in every)]
