"""The notes and refusals of reading in Indonesian: patterns of the English sentences, and what they become."""

from __future__ import annotations

from typing import Final

__all__ = ["NOTES", "REFUSALS"]

NOTES: Final[tuple[tuple[str, str], ...]] = (
    (
        r"Texts in '(\w+)' that are no date of the calendar: ([\d,]+), for example (.*)\.",
        r"Teks di kolom \1 yang bukan tanggal kalender: \2, misalnya \3.",
    ),
    (
        r"The last date in the export is (\S+), (\d+) days before as_of (\S+): if the export was made earlier, "
        r"open cases look older than they are\.",
        r"Tanggal terakhir di ekspor adalah \1, \2 hari sebelum as_of \3: bila ekspor dibuat lebih awal, permohonan "
        r"yang masih diproses tampak lebih lama daripada sebenarnya.",
    ),
    (
        r"(\w+): ([\d,]+) of ([\d,]+) values have no time of day and the others do; only the days are used\.",
        r"\1: \2 dari \3 nilai tanpa jam, yang lain dengan jam; hanya tanggalnya yang dipakai.",
    ),
    (
        r"(\w+): ([\d,]+) placeholders \(.*\) read as no date\.",
        r"\1: \2 tanggal pengganti (0000-00-00 dsb.) dianggap kosong.",
    ),
    (
        r"(\w+): ([\d,]+) of ([\d,]+) dates fit day first and month first; read (?:day|month)-first because the others "
        r"tell\. dates=(\{.*\}) settles it\.",
        r"\1: \2 dari \3 tanggal cocok untuk hari-bulan maupun bulan-hari; urutan dibaca dari nilai yang lain. "
        r"dates=\4 menetapkannya.",
    ),
    (
        r"(\w+): times are in UTC; the day there is used, up to a day before the local one\.",
        r"\1: jam tertulis dalam UTC; tanggal UTC yang dipakai, dapat sehari lebih awal daripada tanggal setempat.",
    ),
    (
        r"Times are in different zones \((.*)\): durations can differ by a day\.",
        r"Jam tertulis dalam zona waktu berbeda (\1): lama proses dapat meleset satu hari.",
    ),
    (
        r"offices that differ in case or spacing only are taken as different: (.*)\.",
        r"nama unit yang hanya berbeda huruf besar atau spasi dianggap unit berbeda: \1.",
    ),
    (r"(.+): holds hidden rows, read like the others\.", r"\1: ada baris tersembunyi, dibaca seperti yang lain."),
    (
        r"(.+): holds merged cells: only the first cell of a group has the value\.",
        r"\1: ada sel gabungan: nilainya hanya di sel pertama.",
    ),
    (
        r"(.+): holds formulas without a stored value, read as empty\.",
        r"\1: ada rumus tanpa nilai tersimpan, dibaca sebagai kosong.",
    ),
    (r"(.+): holds macros\.", r"\1: berisi makro."),
    (r"(.+): holds links to other workbooks\.", r"\1: berisi tautan ke buku kerja lain."),
    (
        r"(.+): (\d+) sheets without known headings or without rows not read\.",
        r"\1: \2 lembar tanpa judul kolom yang dikenal atau tanpa baris tidak dibaca.",
    ),
    (
        r"([\d,]+) steps kept make ([\d,]+) cases; time is gross, waiting for the applicant included\.",
        r"\1 langkah yang dipakai membentuk \2 permohonan; waktunya kotor, termasuk menunggu pemohon.",
    ),
    (
        r"Monday to Friday, less national holidays and joint leave\.",
        "Senin sampai Jumat, dikurangi hari libur nasional dan cuti bersama.",
    ),
    (
        r"Monday to Friday, less national holidays and joint leave, (\d+) local closures?\.",
        r"Senin sampai Jumat, dikurangi hari libur nasional, cuti bersama, dan \1 hari tutup setempat.",
    ),
    (r"Saturdays were working days until (\S+)\.", r"Sabtu adalah hari kerja sampai \1."),
    (r"tabulate: ([\d,]+) records without (\S+) are left out\.", r"\1 permohonan tanpa \2 dikeluarkan."),
    (r"([\d,]+) records without a value of (.+) are left out\.", r"\1 permohonan tanpa nilai \2 dikeluarkan."),
    (r"([\d,]+) records without (.+) are left out\.", r"\1 permohonan tanpa \2 dikeluarkan."),
    (
        r"The rollout does not name (\d+) of (\d+) units: never treated\.",
        r"Daftar pelatihan tidak menyebut \1 dari \2 unit: dianggap tidak pernah terlatih.",
    ),
    (
        r"(\d+) units are treated in or before the first period \((.+?)\) and set aside: (.*)\.",
        r"\1 unit terlatih pada atau sebelum periode pertama (\2) dan disisihkan: \3.",
    ),
    (r"(\d+) units have no '(.+?)' and are left out: (.*)\.", r"\1 unit tanpa \2 dikeluarkan: \3."),
    (
        r"(\d+) units are seen in fewer than two periods and say nothing about change: (.*)\.",
        r"\1 unit terlihat di kurang dari dua periode dan tidak menunjukkan perubahan: \2.",
    ),
    (
        r"(\d+) of (\d+) cells are empty: a comparison uses the units seen in both of its periods\.",
        r"\1 dari \2 sel kosong: perbandingan memakai unit yang terlihat di kedua periodenya.",
    ),
)

#: Refusals of a design, for prepared.py: {"id": the same through these, else REFUSED, "en": str(problem)}.
REFUSALS: Final[tuple[tuple[str, str], ...]] = (
    (
        r"(\d+) units in the rollout are not in the panel, first: (.*?)\. (?:Did you mean .*?\? )?The panel has.*",
        r"\1 unit di daftar pelatihan tidak ada di data, di antaranya: \2. Samakan namanya dengan nama di data.",
    ),
    (
        r"The panel has a single period \((.+)\)\..*",
        r"Data hanya mencakup satu periode (\1). Perbandingan memerlukan sebelum dan sesudah.",
    ),
    (r"The panel has (\d+) unit\..*", r"Data hanya mencakup \1 unit. Perbandingan memerlukan unit terlatih dan tidak."),
    (
        r"All (\d+) units are treated from the first period \((.+)\) on: there is no before\.",
        r"Ke-\1 unit sudah terlatih sejak periode pertama (\2): tidak ada keadaan sebelum pelatihan.",
    ),
    (
        r"No unit is treated between (\S+) and (\S+?)\. .*",
        r"Tidak ada unit yang terlatih antara \1 dan \2. Periksa tanggal, nama pelatihan, dan nama unit di daftar.",
    ),
    (
        r"All (\d+) units are treated at the same time \((.+)\): there is nobody to compare them with\.",
        r"Ke-\1 unit terlatih pada waktu yang sama (\2): tidak ada pembanding.",
    ),
)
