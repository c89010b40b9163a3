"""Impossible identifiers and ordinary numbers once more, in spellings thought of by somebody else than the first list.

No person has one of them: provinces and offices that do not exist (99), births in 2099, the exchange 0899-0000.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

R = random.Random(0)


def d(n):
    return "".join(R.choice("0123456789") for _ in range(n))


def nik():
    born = f"{R.choice([R.randint(1, 31), 40 + R.randint(1, 31)]):02d}{R.randint(1, 12):02d}{R.randint(0, 99):02d}"
    return f"99{R.randint(1, 7)}{R.randint(1, 9)}{R.randint(1, 40):02d}{born}{R.randint(1, 9999):04d}"


def nip():
    born, hired = f"2099{R.randint(1, 12):02d}{R.randint(1, 28):02d}", f"2099{R.randint(1, 12):02d}"
    return f"{born}{hired}{R.choice('12')}{R.randint(1, 999):03d}"


def npwp15():
    return f"99.{d(3)}.{d(3)}.{d(1)}-{d(3)}.{R.choice(['000', '001'])}"


def npwp16():
    return "0" + npwp15().replace(".", "").replace("-", "")


def nib():
    return "9120" + R.choice("01") + d(8)


def phone():
    return "08990000" + d(R.choice([2, 3, 4]))


def group(s, sizes, sep):
    out, i = [], 0
    for k in sizes:
        out.append(s[i : i + k])
        i += k
    return sep.join([*out, *([s[i:]] if s[i:] else [])])


SEPS = (" ", "-", ".", "/", "  ", " - ", "\u2013", "\u00a0", "\u2011", "_", "\u2009", ". ", " .")
AROUND = (
    "{}",
    "Pemohon: {}",
    "izin tower ({}) selesai",
    "{} - berkas lengkap",
    "Dinas Kesehatan {}",
    "cek {}!",
    "[{}]",
)
AROUND += ("data '{}'", "ket.: {}; ok", "{}\ndst", '"{}"', "Tabel 3 {}", "file_{}_final", "Sheet {}")


def full(s):
    return "".join(chr(0xFF10 + int(c)) if c.isdigit() else c for c in s)


def arab(s):
    return "".join(chr(0x660 + int(c)) if c.isdigit() else c for c in s)


def zw(s):
    return s[:5] + "\u200b" + s[5:9] + "\u200d" + s[9:]


def sent(x):
    return R.choice(AROUND).format(x)


def identifiers_again(seed: int, each: int) -> Iterator[tuple[str, str, str]]:
    """Yield kind, spelling and text of impossible identifiers."""
    R.seed(seed)
    for _ in range(each):
        n = nik()
        for name, t in {
            "plain": n,
            "float": n + ".0",
            "quote": "'" + n,
            "full": full(n),
            "arab": arab(n),
            "zw": zw(n),
            "nik=": "NIK=" + n,
            "nik tab": "NIK\t" + n,
            "nikno": "nik no : " + n,
            "noktp": "NoKTP:" + n,
            "ktp el": "KTP-el " + n,
            "e-ktp": "e-KTP no. " + n,
            "6-6-4 " + "sep": group(n, (6, 6, 4), R.choice(SEPS)),
            "4s": group(n, (4, 4, 4, 4), R.choice(SEPS)),
            "2262": group(n, (2, 2, 2, 6, 4), R.choice(SEPS)),
            "hash": "#" + n,
            "kk": "No. KK " + n,
            "kk2": "Kartu Keluarga: " + n,
            "KK nomor": "KK nomor " + n,
            "kk:": "KK: " + n,
            "nokk": "no_kk " + n,
            "masked tail": n + "a",
            "sentence": sent(n),
            "paren": "(" + n + ")",
            "npwp16nik": "NPWP " + n,
            "newline": n[:8] + "\n" + n[8:],
            "exp": f"{n[0]}.{n[1:]}E+15",
            "exp,": f"{n[0]},{n[1:]}e+15",
            "commas": f"{int(n):,}",
            "dots": f"{int(n):,}".replace(",", "."),
            "spaced": " ".join(n),
            "angle": "<" + n + ">",
            "eq formula": '="' + n + '"',
        }.items():
            yield "nik", name, t
        p = nip()
        for name, t in {
            "plain": p,
            "cut": group(p, (8, 6, 1, 3), R.choice(SEPS)),
            "nip.": "NIP." + p,
            "nip:": "NIP : " + group(p, (8, 6, 1, 3), " "),
            "nip/": "NIP/NRP " + p,
            "nippk": "NI PPPK " + p,
            "nipp3k": "NIP3K " + p,
            "nip pns": "NIP PNS " + p,
            "full": full(p),
            "float": p + ".0",
            "zw": zw(p),
            "old nip": "NIP 1" + d(8),
            "old2": "NIP. 1" + d(2) + " " + d(3) + " " + d(3),
            "sent": sent(p),
            "4422": group(p, (4, 2, 2, 4, 2, 1, 3), R.choice([" ", "-", "."])),
            "NIP Pegawai": "NIP Pegawai: " + p,
            "under": "nip_" + p,
            "file": p + "_sertifikat.pdf",
        }.items():
            yield "nip", name, t
        w = npwp15()
        for name, t in {
            "plain": w,
            "digits": w.replace(".", "").replace("-", ""),
            "npwp": "NPWP " + w.replace(".", "").replace("-", ""),
            "spaces": w.replace(".", " ").replace("-", " "),
            "dash": w.replace(".", "-"),
            "npwp16": "NPWP: " + npwp16(),
            "bare16 cut": group(npwp16(), (4, 4, 4, 4), " "),
            "full": full(w),
            "npwp/": "NPWP/" + w,
            "sent": sent(w),
            "NPWP16 dot": "NPWP16 " + npwp16(),
            "npwpd": "NPWPD " + "P" + "." + d(1) + "." + d(7) + "." + d(2) + "." + d(3),
        }.items():
            yield "npwp", name, t
        b = nib()
        for name, t in {
            "plain": b,
            "nib": "NIB " + b,
            "nib no": "NIB Nomor " + b,
            "cut": "NIB " + group(b, (4, 4, 5), R.choice(SEPS)),
            "full": full(b),
            "oss": "NIB OSS " + b,
            "other": "NIB " + d(13),
        }.items():
            yield "nib", name, t
        h = phone()
        r = h[1:]
        for name, t in {
            "plain": h,
            "+62": "+62" + r,
            "+62 sp": "+62 " + group(r, (3, 4, 4), " "),
            "(+62)": "(+62) " + group(r, (3, 4, 4), "-"),
            "0062": "0062" + r,
            "0062sp": "0062 " + group(r, (3, 4, 4), " "),
            "62": "62" + r,
            "+62 (0)": "+62 (0) " + r,
            "wa.me": "wa.me/62" + r,
            "https": "https://wa.me/62" + r,
            "tel:": "tel:+62-" + group(r, (3, 4, 4), "-"),
            "dots": group(h, (4, 4, 4), "."),
            "slash": group(h, (4, 4, 4), "/"),
            "full": full(h),
            "zw": zw(h),
            "(021)": "(021) " + str(R.randint(2, 8)) + d(6),
            "021-": "Telp 021-" + str(R.randint(2, 8)) + d(6),
            "0741 ": "telp. (0741) " + str(R.randint(2, 8)) + d(5),
            "021 bare dash": "Tel. 021 " + str(R.randint(2, 8)) + d(3) + " " + d(4),
            "sent": sent(h),
            "hp gap": "HP        " + h,
            "no hp": "no.hp=" + h,
            "cp": "CP : " + h + " (Bapak)",
            "two": h + "/" + phone(),
            "8..": "HP 8" + h[2:],
            "plus no": "+" + "62" + r,
            "62-": "62-" + group(r, (3, 4, 4), "-"),
            "hp/wa": "HP/WA." + h,
            "Nomor Ponsel": "Nomor Ponsel " + h,
            "o for 0": "HP O" + r,
        }.items():
            yield "phone", name, t
        u = R.choice(["contoh.nama", "budi_2", "c.n99", "pemohon.satu"])
        dom = R.choice(["contoh.go.id", "mail.test", "surat.web.id", "contoh.co.id"])
        for name, t in {
            "plain": f"{u}@{dom}",
            "sp": f"{u} @ {dom}",
            "[at]": f"{u}[at]{dom}",
            "(at)": f"{u}(at){dom}",
            " [at] ": f"{u} [at] {dom}",
            "{at}": f"{u}{{at}}{dom}",
            "[dot]": f"{u}[at]{dom.replace('.', '[dot]')}",
            " at dot ": f"{u} at {dom.replace('.', ' dot ')}",
            "full@": f"{u}\uff20{dom}",
            "sp dots": f"{u}@{dom.replace('.', ' . ')}",
            "mailto": f"mailto:{u}@{dom}",
            "upper": f"{u}@{dom}".upper(),
            "sent": sent(f"{u}@{dom}"),
            "small@": f"{u}\ufe6b{dom}",
            "(a)": f"{u}(a){dom}",
            "&#64;": f"{u}&#64;{dom}",
            "%40": f"{u}%40{dom}",
            "[@]": f"{u}[@]{dom}",
            "zw": f"{u}\u200b@\u200b{dom}",
            "a t": f"{u} [ at ] {dom}",
        }.items():
            yield "mail", name, t
        pl = (R.choice(["B", "D", "BH", "AB", "DK", "KT"]), str(R.randint(1000, 9999)), R.choice(["XYZ", "QA", "ZZ"]))
        for name, t in {
            "sp": " ".join(pl),
            "dash": "-".join(pl),
            "none": "".join(pl),
            "plat": "plat " + " ".join(pl),
            "nopol": "Nopol:" + "".join(pl),
            "dots": ".".join(pl),
            "lower nopol": "nopol " + " ".join(pl).lower(),
            "full": full(" ".join(pl)),
            "sent": sent(" ".join(pl)),
        }.items():
            yield "plate", name, t
        a = d(R.choice([10, 13, 15]))
        a = "7" + a[1:]
        for name, t in {
            "rek": "rek " + a,
            "No. Rekening": "No. Rekening : " + a,
            "bank jambi": "Bank Jambi no " + a,
            "bca": "BCA a.n. X " + a,
            "cut": "rekening " + group(a, (3, 3, 4), "-"),
            "bri": "BRI " + group(a, (4, 2, 6), "-"),
            "norek": "no_rek:" + a,
            "Rek. Bank BPD": "Rek. BPD " + a,
            "VA": "VA " + a,
            "nomor rekening giro": "nomor rekening giro " + a,
            "atm": "ATM " + a,
        }.items():
            yield "account", name, t
        pp = R.choice("ABCX") + d(7)
        for name, t in {
            "paspor": "paspor " + pp,
            "Passport No": "Passport No.: " + pp,
            "paspor sp": "Paspor " + pp[0] + " " + pp[1:],
            "no. paspor WNA": "No. Paspor WNA " + pp,
            "kitas": "KITAS " + "2C" + d(2) + "JE" + d(4) + "-X",
        }.items():
            yield "passport", name, t
        bp = "000" + str(R.randint(1, 9)) + d(9)
        for name, t in {
            "plain": bp,
            "bpjs": "BPJS " + bp,
            "No BPJS Kesehatan": "No. BPJS Kesehatan: " + bp,
            "cut": "BPJS " + group(bp, (4, 4, 5), "-"),
            "peserta": "BPJS peserta " + bp,
            "kis": "KIS: " + bp,
            "tk": "BPJS TK " + d(11),
            "full": full(bp),
        }.items():
            yield "bpjs", name, t
        s = d(12)
        s = "9" + s[1:]
        for name, t in {
            "sim": "SIM A " + s,
            "no sim": "No. SIM: " + s,
            "sim c cut": "SIM C " + group(s, (4, 4, 4), "-"),
            "nomor sim": "nomor SIM " + s,
            "SIM.": "SIM. " + s + "01",
        }.items():
            yield "sim", name, t


#: ``<a-b>`` is a number between the two, ``<a-b:w>`` with w digits, ``<#n>`` n digits, ``<dot a-b>`` with thousands.
ORDINARY = (
    """
No. 503/<1-9999>/DPMPTSP/<2015-2026>|503/<1-999:3>/IX/<2015-2026>|<100-999>.<1-9>/<1-9999>/KEP/XII/<2015-2026>
UU <1-40>/<1999-2024>|PP No. <1-99> Tahun <2000-2024> Pasal <1-99> ayat (<1-9>) huruf b|Permendagri <1-140>/<2005-2024>
<11-94>.<1-79:2>.<1-40:2>.<1001-2050>|<11-94><1-79:2><1-40:2><1001-2050>|Kode wilayah <11-94>.<1-79:2>|kode pos <#5>
KBLI <#5>|<#5>|KBLI <#5>, <#5>, <#5>|Rp<dot 10000-999999999999>,00|Rp <dot 10000-9999999999999>|<10000-9999999999>.<#2>
IDR <dot 10000-999999999>|<1000000-9999999999999>|senilai <dot 100000000-999999999999> rupiah|<dot 10000-9999999999999>
-<0-9>.<#6>, <95-141>.<#6>|-<0-9>.<#12> <95-141>.<#12>|<95-141>.<#14>|<0-9>.<#15>|-<0-9>.<#6>;<95-141>.<#6>|0.<#16>
<0-9>\u00b0<0-59>'<0-59>.<#2>"LS <95-141>\u00b0<0-59>'<0-59>.<#2>"BT|<1-28:2>/<1-12:2>/<1990-2026>|<#4>-<#4>
<1990-2026>-<1-12:2>-<1-28:2> <0-23:2>:<0-59:2>:<0-59:2>|<1990-2026>-<1-12:2>-<1-28:2>T<0-23:2>:<0-59:2>:<0-59:2>.<#6>Z
<1-28> Maret <1990-2026>|<1990-2026><1-12:2><1-28:2>|<1990-2026><1-12:2><1-28:2><0-23:2><0-59:2><0-59:2>|#<#7>|P<#5>
<1-28:2>.<1-12:2>.<2000-2026> s.d. <1-28:2>.<1-12:2>.<2000-2026>|<1-28>-<1-12>-<2000-2026> <0-23>.<10-59> WIB
RUP <20000000-59999999>|Kode RUP: <20000000-59999999>|Kode tender <1000000-9999999>013|LPSE <1000000000-9999999999>
<1-5>.<1-9:2>.<1-9:2>.<1-9>.<1-9:2>.<1-9999:4>|kode rekening 5.<1-4>.<1-9:2>.<1-9:2>.<1-99:2>.<1-9999:5>
IMB-<2015-2026>-<#6>|DPA/A.1/2.18.0.00.0.00.01.<1-9999:4>/<1-9:3>/<2020-2026>|SK-PBG-<110000-949999>-<1-28:2><1-12:2><2020-2026>-<#3>
TKT-<#6>|REG/<2015-2026>/<1-12:2>/<#5>|DPMPTSP-<#8>|LAPOR <1000000-9999999>|id <#7>|<#3>.<#3>.<#3>
<1-99>,<1-99> ha|KK-<#4>
kapasitas <10-900> m3/<1-30> hari|luas <dot 100-999999> m2|<#2>.<#2>%|<1-9>/<2-12> berkas
SKM <1-3>.<#3> (<100-900> responden)|ISO 9001:<2008-2015>
SNI <1000-9999>:<2000-2024>
v<1-9>.<0-20>.<0-99>|192.168.<100-255>.<100-254>:<1000-9999>
10.<0-255>.<0-255>.<0-255>|SIMPEG <2015-2026>|SIM-RS versi <1-9>.<0-9>|ATM <1-9> unit
tabel <1-30> hal. <1-300>-<301-400>|Semester <1-2> <2015-2026>: <dot 1000-99999> permohonan, <dot 1000-99999> selesai
<0-9999> <0-999> <0-99> <0-9999>
<#5>;<#4>;<#3>;<#5>
Jl. Sudirman No. <1-400> RT <1-20:3>/RW <1-20:3>|Kav. B <1-99>|Blok D <1-99> No <1-99>|Pasal <1-99> huruf (a)
B <100-999>/<2015-2026>|pukul <7-17:2>.<0-59:2>-<7-17:2>.<0-59:2>|PBI <10-24>/<1-9>/PBI/<2008-2024>
AHU-<#7>.AH.01.<1-11:2>.TAHUN <2010-2026>
SP2D <#5>/SP2D/LS/<2018-2026>|NOP <11-94>.<1-79:2>.<#3>.<#3>.<#3>-<#4>.0|Nomor: <100-999>/<1-999>-SETDA/<2018-2026>
""".strip()
    .replace("\n", "|")
    .split("|")
)


def _number(match):
    low, high, digits = int(match[2]), int(match[3]), int(match[4] or 0)
    number = R.randint(low, high)
    return f"{number:,}".replace(",", ".") if match[1] else f"{number:0{digits}d}"


def ordinary_again(seed: int, n: int) -> Iterator[str]:
    """Yield ordinary numbers: decisions, regulations, areas, amounts, places, times, budgets, parcels, lists."""
    R.seed(seed)
    for i in range(n):
        text = re.sub(r"<#(\d+)>", lambda match: d(int(match[1])), ORDINARY[i % len(ORDINARY)])
        yield re.sub(r"<(dot )?(\d+)-(\d+)(?::(\d+))?>", _number, text)
