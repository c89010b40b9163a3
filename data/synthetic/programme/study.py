"""The study that a person writes for the files of a town: ten lines said once, and the claims."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from synthetic.programme.town import COURSES, Layout

__all__ = ["study_text"]

_MATCH: Final = MappingProxyType({"egov": "SPBE", "proyek": "Manajemen Proyek", "komunikasi": "Komunikasi Publik"})
_COURSES: Final = ", ".join(
    f'{c.key} = {{match = "{_MATCH[c.key]}", share = 0.5, label = {{id = "{c.id}", en = "{c.en}"}}}}' for c in COURSES
)
_ABOUT: Final = (
    'study = {title = {id = "Evaluasi pelatihan", en = "Evaluation of training"}, '
    'source = {id = "Berkas rekaan", en = "Invented files"}, as_of = 2024-12-31, synthetic = true}'
)

#: What is said once, a line a file.
_ONCE: Final[Mapping[Layout, tuple[str, ...]]] = MappingProxyType(
    {
        "twelve": (
            _ABOUT,
            'offices = {path = "jumlah_pegawai.xlsx", columns = {office = "Perangkat Daerah", staff = "Jumlah"}}',
            'training = {path = "riwayat_diklat_siasn.csv", positions = "riwayat_jabatan.csv", '
            f"courses = {{{_COURSES}}}}}",
            'files.izin = {kind = "records", path = "perizinan"}',
            'files.skm = {kind = "survey", path = "skm_google_form.csv", '
            'columns = {office = "Unit layanan yang dinilai"}}',
            'files.rekap = {kind = "survey_recap", path = "rekap_ikm_semester.xlsx", period = "PERIODE", '
            'respondents = "JUMLAH RESPONDEN"}',
            'files.paket = {kind = "observations", path = "paket", date = "Mulai", '
            'group_rows = "Perangkat Daerah / Paket"}',
            'files.lapor = {kind = "records", path = "sp4n_lapor_export.xlsx"}',
            'files.tes = {kind = "tests", path = "nilai_pre_post.xlsx", person = "NIP", before = "PRE TEST", '
            'after = "POST TEST", group = "Kelompok", trained = "Peserta", columns = {office = "Perangkat Daerah"}}',
        ),
        "sixteen": (
            _ABOUT,
            'offices = {path = "opd.csv", columns = {office = "Nama OPD", staff = "Jumlah ASN"}, aliases = '
            '{"Dinkes" = "Dinas Kesehatan", "Disdukcapil" = "Dinas Kependudukan dan Pencatatan Sipil"}}',
            'training = {path = "peserta_pelatihan.xlsx", positions = "riwayat_unor.xlsx", '
            f"courses = {{{_COURSES}}}}}",
            'files.izin = {kind = "records", path = "izin"}',
            'files.skm = {kind = "survey", path = "SKM (Responses).csv"}',
            'files.rekap = {kind = "survey_recap", path = "IKM per semester.xlsx", period = "Periode", '
            'respondents = "Responden", fill_down = "OPD"}',
            'files.paket = {kind = "observations", path = "paket_pekerjaan.xlsx", date = "Tgl Mulai", '
            'group_rows = "Uraian"}',
            'files.lapor = {kind = "records", path = "pengaduan.xlsx"}',
            'files.tes = {kind = "tests", path = "hasil_tes.csv", person = "ID Pegawai", test = "Tes", '
            'before = "Sebelum", after = "Sesudah", group = "Keikutsertaan", trained = "Ikut", '
            'columns = {office = "Asal OPD"}}',
        ),
    }
)

_CLAIMS: Final = """
[[claim]]
id = "waktu"
asks = {{id = "Apakah izin lebih cepat?", en = "Are permits faster?"}}
file = "izin"
course = "egov"
measure = {{kind = "restricted_mean", horizon = 20}}
hoped = "lower"
level = 4
[[claim]]
id = "daring"
asks = {{id = "Apakah lebih banyak permohonan yang daring?", en = "Are more applications sent online?"}}
file = "izin"
course = "egov"
hoped = "higher"
[claim.measure]
kind = "share"
column = "{channel}"
is = ["{online}"]
label = {{id = "permohonan daring", en = "applications sent online"}}
[[claim]]
id = "janji"
asks = {{id = "Apakah standar waktu lebih sering ditepati?", en = "Are promised times kept more often?"}}
file = "izin"
course = "egov"
measure = {{kind = "kept", promises = "{promises}"}}
hoped = "higher"
[[claim]]
id = "puas"
asks = {{id = "Apakah masyarakat lebih puas?", en = "Is the public more satisfied?"}}
file = "skm"
course = "egov"
measure = {{kind = "index"}}
placebo = ["persyaratan", "sarana"]
hoped = "higher"
[[claim]]
id = "lambat"
asks = {{id = "Apakah paket selesai sesuai rencana?", en = "Are packages done as planned?"}}
file = "paket"
course = "proyek"
hoped = "lower"
period = "half_year"
[claim.measure]
kind = "days_between"
start = "{planned}"
end = "{ended}"
horizon = 60
label = {{id = "hari terlambat", en = "days behind plan"}}
[[claim]]
id = "serapan"
asks = {{id = "Apakah anggaran lebih terserap?", en = "Is more of the budget spent?"}}
file = "paket"
course = "proyek"
measure = {{kind = "score", column = "{spent}", label = {{id = "realisasi keuangan (%)", en = "budget spent (%)"}}}}
hoped = "higher"
period = "half_year"
[[claim]]
id = "aduan"
asks = {{id = "Apakah aduan lebih cepat dijawab?", en = "Are complaints answered faster?"}}
file = "lapor"
course = "komunikasi"
hoped = "lower"
period = "quarter"
[claim.measure]
kind = "restricted_mean"
horizon = 20
label = {{id = "waktu jawab aduan", en = "wait for an answer to a complaint"}}
[[claim]]
id = "rekap"
asks = {{id = "Apakah petugas lebih ramah?", en = "Are officers friendlier?"}}
file = "rekap"
course = "komunikasi"
measure = {{kind = "element", of = "perilaku"}}
hoped = "higher"
[[claim]]
id = "belajar"
asks = {{id = "Apakah peserta belajar?", en = "Did participants learn?"}}
file = "tes"
course = "komunikasi"
measure = {{kind = "gain"{scores}, label = {{id = "nilai tes", en = "test score"}}}}
hoped = "higher"
level = 2
estimator = "two_way"
"""
_WORDS: Final[Mapping[Layout, Mapping[str, str]]] = MappingProxyType(
    {
        "twelve": {
            **{"channel": "Kanal", "online": "Online", "promises": "standar_pelayanan.xlsx", "scores": ""},
            **{"planned": "Rencana Selesai", "ended": "Realisasi Selesai (PHO)", "spent": "Keuangan (%)"},
        },
        "sixteen": {
            **{"channel": "media", "online": "Daring", "promises": "sla.csv", "scores": ', columns = ["Nilai"]'},
            **{"planned": "Target Selesai", "ended": "Selesai", "spent": "Serapan (%)"},
        },
    }
)


def study_text(layout: Layout) -> str:
    """Return ``study.toml``: at most ten lines besides the claims.

    Examples
    --------
    >>> [len(study_text(layout).split("[[claim]]")[0].strip().splitlines()) for layout in ("twelve", "sixteen")]
    [9, 9]
    """
    return "\n".join([*_ONCE[layout], _CLAIMS.format(**_WORDS[layout])])
