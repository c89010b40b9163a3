"""Which table is which, and which heading is which field: by the synonyms first, else guessed from words and values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from asn_impact.intake.fields.amounts import cost_columns
from asn_impact.intake.fields.columns import normalised, status_meanings
from asn_impact.intake.fields.elements import element_of
from asn_impact.intake.fields.labels import label_key, plain_label
from asn_impact.intake.fields.periods import period_in, year_beside
from asn_impact.study.proposal.look import Column, Seen, tokens
from asn_impact.study.proposal.offices import meet

Role: TypeAlias = Literal[
    "records",
    "training",
    "steps",
    "survey",
    "survey_recap",
    "complaints",
    "observations",
    "positions",
    "panel",
    "other",
]
How: TypeAlias = Literal["synonym", "one_of_several", "guess"]


@dataclass(frozen=True)
class Choice:
    """The heading proposed for a field, how it was found, and the other headings that could have been it."""

    heading: str
    how: How
    others: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Matched:
    """A table with its role and the headings of its fields."""

    seen: Seen
    role: Role
    choices: Mapping[str, Choice]
    left: tuple[Column, ...] = field(default=())


#: Field -> words of headings that tell it, where no synonym does; those before the bar tell it best.
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "case": ("nomor no id kode case ticket tiket", "permohonan berkas registrasi register reg pendaftaran daftar case"),
    "office": (
        "opd skpd dinas instansi kantor unit perangkat satker office agency uptd municipality",
        "asal tujuan pelayanan nama",
    ),
    "service": ("izin layanan perizinan service permit", "jenis nama"),
    "received": (
        "masuk terima diterima ajuan pengajuan diajukan received submitted",
        "daftar pendaftaran permohonan start begin",
    ),
    "decided": (
        "selesai terbit penerbitan penetapan sk keputusan issued decided decision completed end",
        "keluar serah jadi tutup",
    ),
    "status": ("status kondisi posisi", "keterangan ket akhir"),
    "course": ("pelatihan diklat bimtek kursus training course workshop", "nama judul kegiatan materi"),
    "course_end": ("selesai akhir berakhir end", "tanggal tgl pelaksanaan waktu date hari sampai"),
    "passed": ("lulus kelulusan passed hasil", "status keterangan ket"),
    "passed_count": ("lulus passed peserta", "jumlah jml orang"),
    "staff": ("pegawai petugas staff asn", "jumlah jml total"),
    "officer": ("nip employee", "pegawai peserta"),
    "step": ("langkah tahapan tahap proses step activity", "nama"),
    "step_start": ("mulai start begin awal", ""),
    "step_end": ("selesai end akhir", ""),
    "since": ("tmt since", "jabatan mutasi"),
}
_NOT: Final[Mapping[str, str]] = {
    "received": "janji target estimasi lahir update bayar mulai jatuh planned due",
    "decided": "janji target estimasi lahir update bayar mulai jatuh masuk terima berlaku planned due",
    "office": "nomor no kode alamat",
    "case": "hp telp nik nip ktp identitas izin sk",
    "passed": "jumlah jml",
    "course": "tanggal tgl jam",
    "service": "nomor no id kode tanggal tgl status",
    "staff": "nip nama lulus",
}
OF_ROLE: Final[Mapping[Role, tuple[str, ...]]] = {
    "records": ("case", "office", "service", "received", "decided", "status"),
    "training": ("office", "course", "course_end", "officer", "passed", "passed_count", "staff", "hours", "provider"),
    "steps": ("case", "office", "service", "received", "step", "step_start", "step_end", "status"),
    "positions": ("officer", "office", "since"),
    "complaints": ("office", "received", "decided"),
    "observations": ("office",),
    "survey_recap": ("office",),
}
_DATES: Final = frozenset({"received", "decided", "course_end", "step_start", "step_end", "since"})
_ENDS: Final = frozenset({"course_start", "course_end", "step_start", "step_end"})  # of anything: start date, end date
_NUMBERS: Final = frozenset({"passed_count", "staff", "hours"})
_TRAINED: Final = frozenset(
    [
        "pelatihan",
        "diklat",
        "bimtek",
        "kursus",
        "training",
        "course",
        "angkatan",
        "lulus",
        "jp",
        "sertifikat",
        "kelulusan",
        "workshop",
    ]
)
_PERMITS: Final = frozenset(
    ["izin", "permohonan", "perizinan", "berkas", "permit", "application", "pemohon", "registrasi"]
)
_COMPLAINTS: Final = frozenset(["aduan", "pengaduan", "keluhan", "complaint", "lapor", "laporan"])
_PROJECTS: Final = frozenset(["kegiatan", "paket", "proyek", "pekerjaan", "project", "kontrak"])
_TESTS: Final = frozenset(["tes", "test", "pretest", "posttest", "prates", "pascates", "soal"])
_PERIODS: Final = frozenset(["bulan", "tahun", "month", "year", "periode", "period", "triwulan", "semester", "quarter"])
_UNITS: Final = frozenset(
    ["opd", "unit", "dinas", "kantor", "office", "kabupaten", "kecamatan", "pemda", "kota", "daerah", "municipality"]
)
_BEGUN: Final = frozenset(["mulai", "start", "begin"])
_ENDED: Final = frozenset(["selesai", "end"])
_DATE_WORDS: Final = frozenset(["tanggal", "tgl", "date", "tmt", "waktu", "hari"])
_FEWEST_ELEMENTS: Final = 5
MOST_OFFICES: Final = 400  # different words of a column of offices, services, statuses, courses
_MOST_ROWS: Final = 0.5  # of the rows name an office of the exports


def role_of(seen: Seen) -> Role:
    """Return what a table most likely is."""
    fields = {f for c in seen.columns for f in c.fields}
    words = {w for c in seen.columns for w in tokens(c.heading)}
    named = tokens(f"{seen.path.stem} {seen.table.sheet or ''}")
    dated = [c for c in seen.columns if is_date(c)]
    if sum(element_of(c.heading) is not None for c in seen.columns) >= _FEWEST_ELEMENTS:
        return "survey_recap" if respondents_of(seen) is not None and not dated else "survey"
    if words & _TESTS and not fields & {"course", "passed"}:
        return "other"
    if words & (_COMPLAINTS - {"laporan"}) or (words & _COMPLAINTS and named & _COMPLAINTS):
        return "complaints" if dated else "other"
    if _is_budget(seen):
        return "other"
    if not dated:
        if periods_across(seen):
            return "panel"
        numbers = [c for c in seen.columns if c.numbers > 0.9 and not tokens(c.heading) & _PERIODS]
        return "panel" if words & _PERIODS and words & _UNITS and numbers and seen.rows > 1 else "other"
    told = words | named
    if told & _PROJECTS and not (told & _TRAINED or words & (_PERMITS - {"berkas"})):
        return "observations"
    trained = 2 * len(fields & {"course", "passed", "passed_count", "hours", "certificate"}) + len(words & _TRAINED)
    permits = 2 * len(fields & {"case", "received", "service"}) + len(words & _PERMITS)
    if trained == permits:  # the headings do not decide: the name does, of a table that can be what it says
        trained += bool(named & _TRAINED and {"office", "officer"} & match(seen, "training").choices.keys())
        permits += bool(named & _PERMITS)
    ended = fields & {"step_start", "step_end"} or (words & _BEGUN and words & _ENDED)
    if "step" in fields and ended and trained < permits + 2:
        return "steps"
    if "since" in fields and "officer" in fields and "course" not in fields:
        return "positions"
    if trained > permits:
        return "training"
    return "records" if permits and (len(dated) > 1 or "received" in fields) else "other"


def _is_budget(seen: Seen) -> bool:
    """Return whether a table holds costs: what is paid for, and its price or its account beside an amount."""
    kinds = {kind for c in seen.columns for kind in cost_columns(c.heading)}
    account = any("rekening" in tokens(c.heading) for c in seen.columns)
    return "komponen" in kinds and ("harga_satuan" in kinds or ("nilai" in kinds and account))


def periods_across(seen: Seen) -> dict[str, str]:
    """Return the headings of numbers that are periods, where several are, each with what stands beside the period."""
    year = year_beside(seen.table)
    found = {c.heading: p for c in seen.columns if c.numbers > 0.9 and (p := period_in(c.heading, year)) is not None}
    return {heading: beside for heading, (beside, _, _) in found.items()} if len(found) > 1 else {}


def respondents_of(seen: Seen) -> str | None:
    """Return the heading of the number of respondents of published results."""
    told = {"responden", "resp", "respondents", "respondent"}
    return next((c.heading for c in seen.columns if tokens(c.heading) & told and c.numbers > 0.5), None)


def is_date(column: Column) -> bool:
    """Return whether a column holds days."""
    return column.dates > 0.5 or (column.numbers > 0.5 and bool(tokens(column.heading) & _DATE_WORDS))


def match(seen: Seen, role: Role) -> Matched:
    """Return the headings of the fields of a role."""
    wanted = OF_ROLE.get(role, ())
    scores = sorted(
        ((score, -at, name, column) for name in wanted for at, column in enumerate(seen.columns)
         if (score := _score(name, column, role)) > 0),
        key=lambda s: s[:3], reverse=True,
    )  # fmt: skip
    choices: dict[str, Choice] = {}
    taken: set[str] = set()
    for score, _, name, column in scores:
        if name in choices or column.heading in taken:
            continue
        rivals = [c.heading for s, _, n, c in scores if n == name and c is not column and (s >= 10) == (score >= 10)]
        how: How = "guess" if score < 10 else "one_of_several" if rivals else "synonym"
        choices[name] = Choice(column.heading, how, tuple(rivals) if how != "guess" else ())
        taken.add(column.heading)
    if role == "records":
        choices |= _last_date(seen.columns, choices)
    if role in {"records", "steps"} and "status" not in choices:
        choices |= _said_status([c for c in seen.columns if c.heading not in {x.heading for x in choices.values()}])
    if role == "training" and "officer" in choices and "passed_count" in choices:
        choices = {name: c for name, c in choices.items() if name != "passed_count" or c.how != "guess"}
    used = {c.heading for c in choices.values()}
    return Matched(seen, role, choices, tuple(c for c in seen.columns if c.heading not in used and c.heading.strip()))


def with_known_offices(table: Matched, known: Sequence[str]) -> Matched:
    """Return a table beside the exports with the column that holds their offices, where its heading tells another."""
    if table.role in {"records", "other"} or "office" not in OF_ROLE.get(table.role, ()) or not known:
        return table
    now = table.choices.get("office")
    free = [c for c in table.seen.columns if c in table.left or (now is not None and c.heading == now.heading)]
    free = [c for c in free if not (c.person or is_date(c) or c.numbers > 0.5 or c.distinct > MOST_OFFICES)]
    shares = {c.heading: _share_of(table.seen, c, known) for c in free}
    best = max(shares, key=lambda heading: shares[heading], default=None)
    before = 0.0 if now is None else shares.get(now.heading, 0.0)
    if best is None or shares[best] < _MOST_ROWS or shares[best] <= 2 * before:
        return table
    choice = Choice(best, "guess")
    left = tuple(c for c in table.seen.columns if (c in table.left or c in free) and c.heading != best)
    return replace(table, choices={**table.choices, "office": choice}, left=left)


def _share_of(seen: Seen, column: Column, known: Sequence[str]) -> float:
    """Return the share of the rows of a column that name an office of the exports."""
    place = seen.table.headings.index(column.heading)
    texts = seen.table.relation.project(f"trim(CAST(c{place} AS VARCHAR)) AS v").filter("v <> ''")
    rows = {plain_label(str(v)): int(n) for v, n in texts.aggregate("v, count(*)").fetchall()}
    met, keys = meet(rows, known), {label_key(name) for name in known}
    return sum(n for label, n in rows.items() if label in met.sure or label_key(label) in keys) / max(seen.rows, 1)


def _score(name: str, column: Column, role: Role) -> float:
    """Return how much speaks for a heading: 10 and more for a synonym, below that for its words and values."""
    if name in _DATES and not (is_date(column) or name in column.fields):
        return 0
    words = tokens(column.heading)
    best, good = (set(part.split()) for part in _WORDS.get(name, ("", "")))
    hits = 2 * len(words & best) + len(words & good)
    if name in column.fields:
        exact = normalised(column.heading) == normalised(name)
        return 10 + hits + exact + column.filled if column.filled or name in {"decided"} else 0
    if name not in _DATES and (is_date(column) or column.dates > 0.5):
        return 0
    if column.person and name != "officer":
        return 0
    if name in _NUMBERS and column.numbers < 0.8:
        return 0
    if name in {"office", "service", "status", "course", "passed"} and (
        column.distinct > MOST_OFFICES or (column.numbers > 0.5 and not (name == "office" and column.distinct < 100))
    ):
        return 0
    other = column.fields - (_ENDS if role == "records" and name in _DATES else frozenset())
    if name == "received" and "start" in words and words & _DATE_WORDS and not other:
        return 1
    if not words & best or words & set(_NOT.get(name, "").split()) or other:
        return hits / 2 if name == "course_end" and role == "training" and hits and is_date(column) else 0
    if name == "case" and not words & good:
        return 0
    return hits


def _last_date(columns: Iterable[Column], choices: Mapping[str, Choice]) -> dict[str, Choice]:
    """Return the only other column of dates for the field that has none."""
    used = {c.heading for c in choices.values()}
    lacking = [name for name in ("received", "decided") if name not in choices]
    others = [c for c in columns if is_date(c) and c.heading not in used and not _barred(c)]
    return {lacking[0]: Choice(others[0].heading, "guess")} if len(lacking) == len(others) == 1 else {}


def _said_status(columns: Iterable[Column]) -> dict[str, Choice]:
    """Return the only column, whatever its heading, whose commonest texts are words of status that everybody uses."""
    told = [c for c in columns if c.examples and all(word.casefold() in status_meanings() for word in c.examples[:2])]
    return {"status": Choice(told[0].heading, "guess")} if len(told) == 1 else {}


def _barred(column: Column) -> bool:
    barred: Sequence[str] = _NOT["received"].split()
    return bool(tokens(column.heading) & set(barred)) or bool(column.fields & {"promised", "course_start"})
