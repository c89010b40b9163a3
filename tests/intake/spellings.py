"""Impossible identifiers in every spelling, and ordinary numbers that are none; the same for a seed.

No person has one of them: provinces and offices that do not exist (99), births in 2099, the exchange 0899-0000.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

KINDS = ("nik", "nip", "npwp", "nib", "telephone", "mail", "plate", "account", "passport", "bpjs")
WORDS = {
    "nik": ("NIK", "NIK.", "nik:", "No. KTP", "KTP-", "N.I.K. ", "NIK No. ", "NIK (", "Nomor Induk Kependudukan "),
    "nip": ("NIP.", "NIP", "nip ", "N.I.P. ", "NIP. No. ", "NIPPPK ", "NIP: ", "NRP ", "(NIP "),
    "npwp": ("NPWP", "NPWP.", "npwp: ", "No. NPWP ", "N.P.W.P. ", "NPWP=", "NPWP No. "),
    "nib": ("NIB", "NIB.", "nib: ", "No NIB ", "N.I.B. ", "NIB (", "Nomor Induk Berusaha "),
    "telephone": (
        "HP.",
        "HP ",
        "No. HP: ",
        "telp ",
        "Tlp.",
        "WA ",
        "w.a. ",
        "hub. ",
        "Telepon/WA: ",
        "No.HP/WA ",
        "cp: ",
    ),
    "account": ("rek. ", "Rekening ", "no rek BRI ", "BCA ", "a/c ", "No.Rek.", "norek: ", "Bank Jambi "),
    "passport": ("paspor ", "Paspor No. ", "passport: ", "PASPOR-", "no. paspor "),
    "bpjs": ("BPJS ", "No. BPJS: ", "BPJS Kesehatan ", "JKN-KIS ", "bpjs.", "KIS "),
    "plate": ("plat ", "nopol ", "No. Pol. ", "kendaraan ", "mobil "),
    "mail": ("e-mail ", "surel: ", "email:", "hub "),
}
NEED_A_WORD = frozenset({"nib", "account", "passport"})
CUTS = {
    "nik": ((4, 4, 4, 4), (6, 6, 4), (2, 2, 2, 6, 4), (2, 2, 2, 2, 2, 2, 4), (8, 8), (6, 10), (12, 4), (3, 3, 3, 3, 4)),
    "nip": ((8, 6, 1, 3), (4, 4, 4, 2, 1, 3), (4, 2, 2, 4, 2, 1, 3), (6, 6, 6), (3,) * 6, (8, 10), (9, 9)),
    "npwp": ((2, 3, 3, 1, 3, 3), (9, 3, 3), (9, 6)),
    "nib": ((4, 4, 5), (3, 3, 3, 4), (13,), (6, 7)),
    "telephone": ((4, 4, 4), (4, 3, 5), (4, 8), (3, 3, 3, 3), (4, 4, 2, 2), (2, 4, 4, 2)),
    "account": ((4, 2, 6, 2, 1), (4, 4, 4, 3), (3, 3, 3, 6)),
    "bpjs": ((4, 4, 5), (3, 3, 3, 4)),
}
BLANKS = (" ", "  ", "\u00a0", "\u2009", "\u202f", "\u2007", "\u3000", "\t", "\u2003")
DASHES = (
    "-",
    "\u2010",
    "\u2011",
    "\u2012",
    "\u2013",
    "\u2014",
    "\u2015",
    "\u2212",
    "\ufe63",
    "\uff0d",
    " - ",
    " \u2013 ",
)
NOTHING = ("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u202a")
SCRIPTS = {"full-width": 0xFF10, "Arabic": 0x660, "Persian": 0x6F0, "Devanagari": 0x966, "Thai": 0xE50}


def bare(kind: str, r: random.Random) -> str:
    """Return one identifier of a kind, as digits alone where it has digits only."""
    day, month, year = r.randint(1, 28), r.randint(1, 12), r.randint(0, 99)
    if kind == "nik":
        area = f"99{r.randint(1, 79):02d}{r.randint(1, 40):02d}"
        return f"{area}{day + 40 * r.randint(0, 1):02d}{month:02d}{year:02d}{r.randint(1, 9999):04d}"
    if kind == "nip":
        start = f"2099{r.randint(1, 12):02d}"
        return f"{r.randint(1950, 2010)}{month:02d}{day:02d}{start}{r.randint(1, 2)}{r.randint(1, 999):03d}"
    if kind == "npwp":
        return f"99{r.randint(0, 10**6 - 1):06d}{r.randint(0, 9)}{r.randint(1, 999):03d}{r.randint(0, 999):03d}"
    if kind == "nib":
        return f"{r.choice(('9120', '8120', '0220', f'{day:02d}{month:02d}'))}0{r.randint(0, 10**8 - 1):08d}"
    if kind == "telephone":
        return "0899" + "0000" + str(r.randint(0, 9999)).zfill(r.choice((4, 4, 5)))
    if kind == "account":
        return "9" + str(r.randint(0, 10**14 - 1)).zfill(r.choice((9, 12, 14)))[:14]
    if kind == "bpjs":
        return f"000{r.randint(1, 3)}{r.randint(0, 10**9 - 1):09d}"
    if kind == "passport":
        return r.choice("ABCEX") + f"{r.randint(0, 10**7 - 1):07d}"
    if kind == "plate":
        region, series = (
            r.choice(("BH", "B", "D", "AB", "DK", "KT")),
            "".join(r.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=2)),
        )
        return f"{region} {r.randint(1000, 9999)} {series}"
    name = r.choice(("nama.orang", "contoh_nama", "orang99", "n.orang+izin"))
    return f"{name}@{r.choice(('contoh.example', 'surat.contoh.example', 'kantor.example'))}"


def cut(digits: str, sizes: tuple[int, ...], sign: str) -> str:
    """Return digits in groups with a sign between; what the sizes leave over is a group of its own."""
    parts, at = [], 0
    for size in sizes:
        parts.append(digits[at : at + size])
        at += size
    return sign.join(p for p in [*parts, digits[at:]] if p)


def _respelt(text: str, first: int) -> str:
    return "".join(chr(first + int(c)) if c in "0123456789" else c for c in text)


def _grouped(sign: str, at: int) -> Callable[[str, str, random.Random], str]:
    return lambda kind, text, r: cut(text, CUTS[kind][at % len(CUTS[kind])], sign) if kind in CUTS else text


def _around(before: str, after: str) -> Callable[[str, str, random.Random], str]:
    return lambda kind, text, r: f"{before}{text}{after}"


def _between(sign: str) -> Callable[[str, str, random.Random], str]:
    def write(kind: str, text: str, r: random.Random) -> str:
        at = r.randint(1, len(text) - 1)
        return text[:at] + sign + text[at:]

    return write


#: Spellings that put something around the identifier; a word that names it stands inside.
AROUND = frozenset(
    {"in brackets", "in square brackets", "in quotes", "in a sentence", "after a comma", "after a number of a list"}
    | {"before a full stop", "twice", "in a tag", "line break around"}
)


def spellings() -> dict[str, Callable[[str, str, random.Random], str]]:
    """Return every way of writing: name -> function of kind, identifier and random source."""
    ways: dict[str, Callable[[str, str, random.Random], str]] = {
        "as it is": lambda kind, text, r: text,
        "in brackets": _around("(", ")"),
        "in square brackets": _around("[", "]"),
        "in quotes": _around('"', '"'),
        "after an apostrophe": _around("'", ""),
        "in a sentence": _around("sudah dicek ", ", lalu disetujui."),
        "after a comma": _around("Muara Bulian,", ";selesai"),
        "after a number of a list": _around("1. ", ""),
        "before a full stop": _around("", "."),
        "twice": lambda kind, text, r: f"{text} / {text}",
        "in a tag": _around("<b>", "</b>"),
        "line break around": _around("Pemohon\n", "\nselesai"),
        "float": lambda kind, text, r: f"{text}.0" if kind in ("nik", "nip", "npwp") else text,
        "float with comma": lambda kind, text, r: f"{text},00" if kind in ("nik", "nip", "npwp") else text,
    }
    for at, sign in enumerate(BLANKS):
        ways[f"blank {sign!a}"] = _grouped(sign, at)
    for at, sign in enumerate(DASHES):
        ways[f"dash {sign!a}"] = _grouped(sign, at)
    for at, sign in enumerate((".", "/", "_", " . ", "\u00b7", "\u2044")):
        ways[f"sign {sign!a}"] = _grouped(sign, at)
    for sign in NOTHING:
        ways[f"no width {sign!a}"] = _between(sign)
    ways["line break in it"] = lambda kind, text, r: (
        cut(text, (len(text) // 2,), "\n") if kind in CUTS and kind != "telephone" else text
    )
    for name, first in SCRIPTS.items():
        ways[f"digits {name}"] = lambda kind, text, r, first=first: _respelt(text, first)
    for at in range(6):
        ways[f"after its word {at}"] = lambda kind, text, r, at=at: WORDS[kind][at % len(WORDS[kind])] + text
        ways[f"after its word, cut {at}"] = lambda kind, text, r, at=at: (
            WORDS[kind][at % len(WORDS[kind])] + _grouped(" .-/"[at % 4], at)(kind, text, r)
        )
    ways["country code"] = lambda kind, text, r: "+62 " + text[1:] if kind == "telephone" else text
    ways["country code, dashes"] = lambda kind, text, r: (
        f"+62-{text[1:4]}-{text[4:8]}-{text[8:]}" if kind == "telephone" else text
    )
    ways["country code, bare"] = lambda kind, text, r: "62" + text[1:] if kind == "telephone" else text
    ways["area in brackets"] = lambda kind, text, r: (
        f"({text[:4]}) {text[4:8]}-{text[8:]}" if kind == "telephone" else text
    )
    return ways


def identifiers(seed: int, each: int) -> Iterator[tuple[str, str, str]]:
    """Yield kind, spelling and text: `each` times every spelling of every kind."""
    r = random.Random(seed)
    for kind in KINDS:
        for name, write in spellings().items():
            for _ in range(each):
                word = f"{r.choice(WORDS[kind])} " if kind in NEED_A_WORD and not name.startswith("after its") else ""
                inside = word if name in AROUND else ""
                yield kind, name, ("" if inside else word) + write(kind, inside + bare(kind, r), r)


def ordinary(seed: int, n: int) -> Iterator[str]:
    """Yield texts with numbers that are no person's: case numbers, amounts, coordinates, codes, dates, measures."""
    r = random.Random(seed)
    d = lambda k: "".join(r.choices("0123456789", k=k))  # noqa: E731
    year = lambda: r.randint(2010, 2026)  # noqa: E731
    day = lambda: f"{r.randint(1, 28):02d}"  # noqa: E731
    month = lambda: f"{r.randint(1, 12):02d}"  # noqa: E731
    hour = lambda: f"{r.randint(0, 23):02d}"  # noqa: E731
    roman = ("I", "II", "IV", "V", "IX", "XII")
    makers: tuple[Callable[[], str], ...] = (
        lambda: f"503/{d(r.choice((3, 4, 6)))}/{r.choice(('SIP', 'PBG', 'DPMPTSP'))}/{r.choice(roman)}/{year()}",
        lambda: f"503/{d(6)}/DPMPTSP/{year()}",
        lambda: f"{d(3)}.{d(2)}/{d(4)}/{r.choice(roman)}-{year()}",
        lambda: f"B-{d(4)}/KPTS/{year()}",
        lambda: f"{year()}{month()}{day()}{r.randint(1, 9999):0{r.choice((4, 6, 8))}d}",
        lambda: f"PBG-{d(6)}-{day()}{month()}{year()}-{d(2)}",
        lambda: f"I-{year()}{month()}{day()}{hour()}{d(4)}",
        lambda: f"C{d(r.choice((3, 5, 7)))}",
        lambda: f"Rp{r.randint(1, 10 ** r.randint(3, 15)):,}".replace(",", ".") + r.choice(("", ",00", ",-")),
        lambda: f"Rp {r.randint(1, 10 ** r.randint(3, 12))}",
        lambda: f"{r.randint(1, 10 ** r.randint(3, 12)):,}.{d(2)}",
        lambda: f"{r.uniform(-11, 6)}, {r.uniform(95, 141)}",
        lambda: f"{r.uniform(-11, 6):.6f} {r.uniform(95, 141):.6f}",
        lambda: f"S {r.randint(0, 11)}\u00b0{d(2)}'{d(2)}.{d(3)}\" E {r.randint(95, 141)}\u00b0{d(2)}'{d(2)}.{d(2)}\"",
        lambda: f"UTM 48S {d(6)}.{d(2)} {d(7)}.{d(2)}",
        lambda: f"KBLI {d(5)}, {d(5)}, {d(5)} dan {d(5)}",
        lambda: f"{d(5)} - Perdagangan eceran; {d(5)}",
        lambda: f"kode rekening 5.1.0{r.randint(1, 3)}.{d(2)}.{d(2)}.{d(4)}",
        lambda: f"{day()}/{month()}/{year()} {day()}/{month()}/{year()}",
        lambda: f"{year()}-{month()}-{day()} {hour()}:{d(2)}:{d(2)}.{d(6)}",
        lambda: f"{day()}-{month()}-{year()} {hour()}.{d(2)}",
        lambda: f"luas {r.randint(20, 9999)},{d(2)} m2, tinggi {r.randint(2, 40)} m, {r.randint(1, 9)} lantai",
        lambda: str(r.random()),
        lambda: f"{r.gauss(0, 1):.16e}",
        lambda: (
            f"Pasal {r.randint(1, 99)} ayat ({r.randint(1, 9)}) UU No. {r.randint(1, 40)} Tahun {r.randint(1990, 2024)}"
        ),
        lambda: f"Perda Nomor {r.randint(1, 30)}/{year()}, Lembaran Daerah {d(4)}",
        lambda: "  ".join(str(r.randint(0, 900)) for _ in range(8)),
        lambda: f"RT {d(3)}/RW {d(3)} Kode Pos {d(5)}",
        lambda: f"buka 08.00-16.00, {r.randint(1, 400)} pemohon, {r.randint(1, 100)} %",
        lambda: f"%0{d(1)} sha {r.getrandbits(160):040x}",
    )
    for i in range(n):
        yield makers[i % len(makers)]()
