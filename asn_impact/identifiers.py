"""What identifies a person, however it is written: numbers, addresses, and names beside a title or a salutation.

A text is normalised first (digits of all scripts, blanks, dashes, what has no width), then looked through with few
patterns. A bare number counts only when it can be one: the NIK and the NIP carry dates, the NPWP has its groups. After
a word that names it ("NIK", "HP", "rek.") any number long enough counts. A bare name cannot be told from other words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple


class Span(NamedTuple):
    """A part of a text: where it starts and ends, and what kind of identifier it is."""

    start: int
    end: int
    kind: str


# --- one way to write it ------------------------------------------------------------------------------------------

_ALIKE: Final = {
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u02d7\ufe58\ufe63\uff0d\u30fc\u2500\u2501",
    ".": "\u00b7\u2022\u2219\u2024\u30fb\uff61\u3002",
    "/": "\u2044\u2215\u29f8",
}
_SIGNS: Final = {ord(sign): plain for plain, signs in _ALIKE.items() for sign in signs}
_BLANKS: Final = str.maketrans("\t\n\r\v\f\x1c\x1d\x1e\x1f\x85", " " * 10)


def _plain(char: str) -> str:
    """Write one character in the signs of ASCII where it stands for them; nothing for what has no width."""
    if char in "\u3164\u115f\u1160\u2800\uffa0" or unicodedata.category(char) in ("Cf", "Mn", "Me", "Cc"):
        return " " if char in "\u3164\u2800\uffa0" else ""
    written = _SIGNS.get(ord(char))
    if written is not None:
        return written
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    if char.isspace():
        return " "
    if unicodedata.category(char) == "Pd":
        return "-"
    return "".join(
        c if c.isascii() or c.isalpha() else _SIGNS.get(ord(c), c) for c in unicodedata.normalize("NFKC", char)
    )


def _normalised(text: str) -> tuple[str, list[int] | None]:
    """Return the text in one way of writing, and for each of its characters the place in the original."""
    if text.isascii() and not re.search(r"[\x00-\x08\x0e-\x1b\x7f]", text):
        return text.translate(_BLANKS), None
    written: list[str] = []
    places: list[int] = []
    for at, char in enumerate(text):
        plain = char if " " <= char < "\x7f" else " " if char in "\t\n\r\v\f\x1c\x1d\x1e\x1f\x85" else _plain(char)
        written.append(plain)
        places += [at] * len(plain)
    return "".join(written), places


# --- after a word that names it -----------------------------------------------------------------------------------

_GAP: Final = (
    r"(?:[\s.:;=#,()\[\]{}<>'\"/|*_-]|\b(?:no|nomor|nomer|nmr|num|number|telp|wa|hp|is|adalah|yaitu|saya|kami|beliau"
    r"|kesehatan|ketenagakerjaan|baru|lama|aktif|kantor|bank|bca|bri|bni|bsi|btn|bpd|mandiri|jambi|giro|tabungan|koran|wna|wni"
    r"|peserta|pemohon|penerima|milik|atas|nama)\b){0,8}"
)
_SEP: Final = r"[\s.,:;()\[\]/_|-]{0,4}"


def _long(least: int, most: int = 24) -> str:
    return rf"\d(?:{_SEP}\d){{{least - 1},{most - 1}}}"


_BANKS: Final = r"bca|bri|bni|bsi|btn|mandiri|cimb|danamon|permata|bank\s+\w+"
_LABELLED: Final[tuple[tuple[str, str, int, int], ...]] = (
    ("nik", r"n\.?i\.?k|(?:e-?|no\.?\s*)?ktp|nomor induk kependudukan|identitas|no\.?\s*id", 12, 16),
    ("nip", r"n\.?i\.?p(?:\.?p|pk)?|n\.?r\.?p|nuptk|nidn|nipd|nomor induk pegawai", 8, 18),
    ("kk", r"(?:no|nomor)\.?\s*kk|kk(?=\W{1,3}\d)|kk\W{1,3}(?:no|nomor)|kartu keluarga", 12, 16),
    ("npwp", r"n\.?p\.?w\.?p(?:\.?d(?:[\s.:]{0,3}p(?=[\s.]))?|16)?|nitku", 12, 22),
    ("sim", r"sim(?:\s*[abcd](?:\s*(?:i{1,2}|umum|1|2))?)?", 12, 14),
    ("nib", r"n\.?i\.?b|nomor induk berusaha", 10, 13),
    ("bpjs", r"bpjs(?:\s*-?\s*(?:kes|tk|kesehatan|ketenagakerjaan))?|jkn(?:\s*-?\s*kis)?|kis|kpj|jamsostek", 10, 13),
    (
        "telephone",
        r"h\.?p|hand\s?phone|phone|ponsel|tel(?:p|ep|epon|pon)?|tlp|tilp|w\.?a|whats\s?app|fax|faks|hub|hubungi|kontak"
        r"|contact|c\.?p|call|mobile|sms|telegram",
        8,
        15,
    ),
    (
        "account",
        rf"(?<!kode )(?<!kd )(?<!kd\. )(?:no\.?\s*)?"
        rf"(?:rek|rekening|norek|account|acc|acct|a/c|iban|va|virtual account|atm|kartu (?:debit|kredit)|{_BANKS})"
        r"(?:[\s.:]{1,3}a[./]?\s?n\b\.?\s[^\d\n]{1,40})?",
        9,
        19,
    ),
)
_AFTER: Final = tuple(
    (kind, re.compile(rf"(?<![^\W_])(?:{words})(?![^\W\d_]){_GAP}o?({_long(least, most)})(?!\d)", re.IGNORECASE))
    for kind, words, least, most in _LABELLED
)
_PERMIT_WORD: Final = re.compile(  # of foreigners: letters and digits
    rf"(?<![^\W_])(?:kitas|kitap|itas|itap)\b{_GAP}((?=(?:[a-z]{{0,3}}\d){{5}})[a-z0-9]{{8,14}}(?:-[a-z])?)(?!\w)",
    re.IGNORECASE,
)
_PASSPORT_WORD: Final = re.compile(
    rf"(?<![^\W_])(?:paspor|passport|passpor|pasport|pass?p)\b{_GAP}((?:[a-z][\s.-]{{0,2}}){{0,2}}\d(?:[\s.-]{{0,2}}\d){{5,8}})(?!\d)",
    re.IGNORECASE,
)
_REGIONS: Final = (
    "A[ABDEG]?|B[ABDEGHKLMNP]?|D[ABCDEGHKLMNRTW]?|E[ABD]?|F|G|H|K[BHTU]?|L|M|N|P[ABGSTY]?|R[IF]?|S|T|W|Z|CD|CC"
)
_PLATE: Final = re.compile(
    rf"(?<![^\W_])(?<![/+.=-])(?:{_REGIONS})(?:[\s.-]{{1,4}}\d{{3,4}}[\s.-]{{1,4}}[A-Z]{{1,3}}|\d{{4}}[A-Z]{{2,3}}|\d{{3,4}}[\s.-]{{1,4}}[A-Z]{{2,3}}|[\s.-]{{1,4}}\d{{3,4}}[A-Z]{{2,3}})(?![^\W_]|[/+=]|[.-]\w)"
)
_PLATE_WORD: Final = re.compile(
    rf"(?<![^\W_])(?:plat|no\.?\s*pol|nopol|nomor polisi|kendaraan|mobil|motor|tnkb|no\.?\s*plat|stnk|bpkb)\b{_GAP}"
    rf"((?:{_REGIONS})[\s./_-]{{0,4}}\d{{1,4}}(?:[\s./_-]{{0,4}}[A-Z]{{1,3}}\b)?)(?!\w)",
    re.IGNORECASE,
)
_AT: Final = r"(?:[(\[{]\s?(?:at|@)\s?[)\]}]|@|&#64;|%40|\sat\s(?=[\w-]+\s?[(\[{]?\s?(?:dot|titik)))"
_DOT: Final = r"(?:\.|[(\[{]\s?(?:dot|titik)\s?[)\]}]|\s(?:dot|titik)\s)"
_MAIL: Final = re.compile(
    rf"[\w.+%-]{{0,63}}\w(?:\s{{0,2}}{_AT}\s{{0,2}}[\w-]+(?:\s?{_DOT}\s?[\w-]+){{0,4}}\s?{_DOT}\s?[a-z]{{2,}}"
    r"|[(\[{]a[)\]}][\w-]+(?:\.[\w-]+){0,4}\.[a-z]{2,})",
    re.IGNORECASE,
)
_MAIL_SIGN: Final = re.compile(r"@|at|&#64;|%40|[(\[{]a[)\]}]", re.IGNORECASE)

# --- bare numbers -------------------------------------------------------------------------------------------------

_RUN: Final = re.compile(r"\d+(?:[ ]{0,3}[.,:()\[\]/_|-]{0,2}[ ]{0,3}\d+)*")
_GROUP: Final = re.compile(r"\d+")
_DAY: Final = r"(?:0[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:0[1-9]|1[0-2])"
_PROVINCES: Final = r"(?:1[1-9]|21|3[1-6]|5[1-3]|6[1-5]|7[1-6]|8[1-2]|9\d)"
_NIK: Final = re.compile(
    rf"{_PROVINCES}(?!00)[0-7]\d(?!00)\d\d(?:0[1-9]|[1256]\d|3[01]|4[1-9]|7[01]){_MONTH}\d\d(?!0000)\d{{4}}"
)
_NIP: Final = re.compile(rf"(?:19|20)\d\d{_MONTH}{_DAY}(?:19|20)\d\d(?:{_MONTH}|2[1-9]|3\d)[12](?!000)\d{{3}}")
_NPWP: Final = re.compile(r"(?!(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d*0{6}$)(?!0{4})\d{15}")
_NPWP16: Final = re.compile(r"0(?!0)(?!(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d*0{6}$)\d{15}")
_BPJS: Final = re.compile(r"000[1-9]\d{9}")
_NIB: Final = re.compile(r"(?:8120|9120|0220)[01]\d{8}")
_LOST: Final = re.compile(r"(?<![\d.,])(\d)[.,](\d{10,16})[eE]\+?(15|17)(?!\d)")
#: How people cut the 16 digits of a NIK and the 18 of a NIP, besides groups of three digits and more.
_CUTS: Final = frozenset(
    {
        (2, 2, 2, 6, 4), (2, 2, 2, 2, 2, 2, 4), (6, 2, 2, 2, 4), (2, 4, 6, 4), (4, 2, 6, 4),
        (2, 2, 2, 10), (6, 6, 2, 2), (2, 2, 2, 6, 2, 2), (2,) * 8, (1,) * 16, (1, 3, 3, 3, 3, 3),
    }
)  # fmt: skip
_HALVES: Final = frozenset({(8, 8), (6, 10), (12, 4), (10, 6), (4, 12), (9, 7), (7, 9)})
_DATE_PAIR: Final = frozenset({(2, 2, 4, 2, 2, 4), (4, 2, 2, 4, 2, 2)})
_WHOLE_DATE: Final = re.compile(rf"(?:19|20)\d\d{_MONTH}{_DAY}|{_DAY}{_MONTH}(?:19|20)\d\d")
_STARTS_AS_DATE: Final = re.compile(
    r"(?:(?:19|20)\d\d\s?[-/.]\s?\d{1,2}\s?[-/.]\s?\d{1,2}|\d{1,2}\s?[-/.]\s?\d{1,2}\s?[-/.]\s?(?:19|20)\d\d)(?!\d)"
)
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?|\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?")
_AMOUNT_ENDING: Final = re.compile(r"\d{9,}[.,]\d{2}")
_BUDGET: Final = re.compile(r"\d\.\d{1,2}\.")

_S1: Final = r"[\s./()_-]{0,3}"
_NO_AMOUNT: Final = r"(?<![^\W_])(?<!\+)(?<!Rp[\s.])(?<!Rp[.]\s)(?<!IDR\s)(?<!\d[.,/-])(?<!\s\.)(?<!\A\.)"
_MOBILE_REST: Final = rf"8{_S1}\d{_S1}\d(?:{_S1}\d){{6,9}}(?!\d)(?![A-Za-z]+\d)"
_MOBILE: Final = re.compile(
    rf"{_NO_AMOUNT}\(?(?:\+\s?\(?62{_S1}(?:\(0\)|0)?{_S1}|\(\+?62\){_S1}(?:\(0\)|0)?{_S1}|0062{_S1}|0\)?){_MOBILE_REST}"
)
#: The code of the country without its plus sign; in a row of numbers 62 is a number.
_MOBILE_62: Final = re.compile(
    rf"{_NO_AMOUNT}(?<!\d\s)(?<!\d\s\s)62{_S1}(?:\(0\))?{_S1}{_MOBILE_REST}(?![\s.,]{{1,3}}\d)"
)
_LANDLINE: Final = re.compile(
    rf"(?<![\w+])(?:\(0[2-9]\d{{1,2}}\)[\s-]{{0,3}}\d(?:[\s.-]{{0,2}}\d){{4,7}}|\+\s?62{_S1}(?:\(0\))?[2-9]\d{{1,2}}{_S1}\d(?:[\s.-]{{0,2}}\d){{4,7}})(?!\d)"
)


def _groups(run: str, start: int) -> list[tuple[int, int, str]]:
    """Return the groups of digits of a run: place, end, digits."""
    return [(start + m.start(), start + m.end(), m.group()) for m in _GROUP.finditer(run)]


def _is_decimal(text: str, start: int) -> bool:
    """Return whether the digits from here are the fraction of a number: ``0.1234``, ``.1234``, ``1,1234``."""
    if start < 1 or text[start - 1] not in ".,":
        return False
    before = text[start - 2] if start > 1 else " "
    return before.isdigit() or (not (before.isalpha() or before in ").:") and text[start - 1] == ".")


def _is_cut(sizes: tuple[int, ...], signs: set[str], kind: str) -> bool:
    """Return whether numbers side by side are one number cut into groups, and not several numbers."""
    if kind == "nip" or len(sizes) == 1 or sizes in _CUTS:
        return sizes not in _DATE_PAIR
    if len(sizes) == 2:
        return "\n" in signs or (sizes in _HALVES and "," not in signs and (sizes == (8, 8) or "." not in signs))
    if "," in signs or sizes in _DATE_PAIR or (":" in signs and len(signs) > 1):  # the last is a port
        return False
    return min(sizes) >= 3 or (len(signs) == 1 and not signs & {" "} and min(sizes) >= 2)


#: By number of digits.
_SHAPES: Final[dict[int, tuple[tuple[re.Pattern[str], str], ...]]] = {
    13: ((_BPJS, "bpjs"), (_NIB, "nib")),
    15: ((_NPWP, "npwp"),),
    16: ((_NIK, "nik"), (_NPWP16, "npwp")),
    18: ((_NIP, "nip"),),
}


def _bare(text: str, lines: str) -> Iterator[Span]:
    """Find bare numbers that can be a NIK, NIP, NPWP, NIB or BPJS number."""
    for run in _RUN.finditer(text):
        if run.end() - run.start() < 13:
            continue
        groups = _groups(run.group(), run.start())
        if _is_decimal(text, groups[0][0]):
            groups = groups[1:]
        yield from _in_groups(text, lines, groups)


def _in_groups(text: str, lines: str, groups: list[tuple[int, int, str]]) -> Iterator[Span]:
    n, i = len(groups), 0
    gaps = [lines[groups[k][1] : groups[k + 1][0]] for k in range(n - 1)]
    signs = ["\n" if "\n" in g or "\r" in g else (g.strip() or " ")[:1] for g in gaps]
    while i < n:
        found = _from_group(text, groups, gaps, signs, i)
        if found is None:
            i += 1
        else:
            j, span = found
            yield span
            i = j + 1


def _from_group(
    text: str, groups: list[tuple[int, int, str]], gaps: list[str], signs: list[str], i: int
) -> tuple[int, Span] | None:
    """Return the last group of an identifier that starts with a group, and its place."""
    digits, sizes = "", []
    for j in range(i, min(len(groups), i + 18)):
        digits += groups[j][2]
        sizes.append(len(groups[j][2]))
        if len(digits) > 18:
            return None
        for shape, kind in _SHAPES.get(len(digits), ()):
            if not shape.fullmatch(digits):
                continue
            if j == i:
                decimal = i > 0 and gaps[i - 1] in (".", ",") and _decimal_before(groups, gaps, i)
                fits = not decimal and not _in_word(text, groups[i][0], groups[i][1], kind)
            else:
                fraction = i > 0 and gaps[i - 1] in (".", ",") and signs[i - 1] not in signs[i:j]
                fraction = fraction and _decimal_before(groups, gaps, i)
                fits = not fraction and _stands_alone(groups, signs, i, j, kind, tuple(sizes))
            if fits:
                return j, Span(groups[i][0], groups[j][1], kind)
    return None


def _in_word(text: str, start: int, end: int, kind: str) -> bool:
    """Return whether digits stand inside a word, such as the digest of a file."""
    before = start > 0 and text[start - 1].isalnum()
    after = end < len(text) and text[end].isalnum()
    return (before or after) if kind in ("npwp", "bpjs", "nib") else (before and after)


def _decimal_before(groups: list[tuple[int, int, str]], gaps: list[str], i: int) -> bool:
    """Return whether a group is the fraction of the one before it: that one is short and starts there."""
    return not (i >= 2 and gaps[i - 2] in (".", ","))


_NPWP_CUTS: Final = frozenset(
    {(2, 3, 3, 1, 3, 3), (9, 3, 3), (9, 6), (2, 3, 3, 1, 6), (8, 1, 3, 3), (8, 1, 6), (12, 3), (1,) * 15, (4, 4, 4, 4)}
)


def _stands_alone(
    groups: list[tuple[int, int, str]], signs: list[str], i: int, j: int, kind: str, sizes: tuple[int, ...]
) -> bool:
    """Return whether groups are one identifier of a kind, and not some of the numbers of a row."""
    inside = set(signs[i:j])
    rest = [g[2] for g in groups[j + 1 : j + 3]]  # more than one need not be looked at
    before = i == 0 or signs[i - 1] not in inside
    after = not rest or signs[j] not in inside or rest in (["0"], ["00"])
    alone = before and after
    if max(sizes) == 1 and (not alone or len(inside) > 1 or "," in inside):
        return False
    if kind in ("bpjs", "nib"):
        return min(sizes) >= 3 and before and (after or " " not in inside)
    if kind == "npwp":
        return (sizes in _NPWP_CUTS and (len(sizes) > 3 or "," not in inside) and (alone or " " not in inside)) or (
            "\n" in inside and len(sizes) == 2
        )
    if not _is_cut(sizes, inside, kind):
        return False
    whole_date = any(len(g[2]) == 8 and _WHOLE_DATE.fullmatch(g[2]) for g in groups[i : j + 1])
    return kind == "nip" or (alone and (sizes == (8, 8) or not whole_date))


def _checked(pattern: re.Pattern[str], kind: str, text: str, accept: Callable[[str], bool]) -> Iterator[Span]:
    for match in pattern.finditer(text):
        at = match.lastindex or 0
        if accept(match.group(at)):
            yield Span(match.start(at), match.end(at), kind)


def _no_amount(number: str) -> bool:
    return not (_THOUSANDS.fullmatch(number) or _BUDGET.match(number) or _STARTS_AS_DATE.match(number))


def _no_date(number: str) -> bool:
    return not _STARTS_AS_DATE.match(number)


def _is_mobile(number: str) -> bool:
    """Return whether what starts like a mobile number is one: no date, no time of day, no list of short numbers."""
    bare = number.lstrip(" (+")
    if _AMOUNT_ENDING.fullmatch(bare) or _STARTS_AS_DATE.match(bare) or re.match(r"0?8[.:]\d\d\s?[-/]", bare):
        return False
    groups = _GROUP.findall(bare)
    if any(len(g) == 8 and _WHOLE_DATE.fullmatch(g) for g in groups):
        return False
    return len(groups) <= 6 or all(len(g) == 1 for g in groups)


def _lost(text: str) -> Iterator[Span]:
    """Find a NIK or NIP that a spreadsheet shows as ``9.90214450190000E+15``."""
    for match in _LOST.finditer(text):
        digits = (match[1] + match[2])[: int(match[3]) + 1].ljust(int(match[3]) + 1, "1")
        shape = _NIK if match[3] == "15" else _NIP
        if shape.fullmatch(digits):
            yield Span(match.start(), match.end(), "nik" if match[3] == "15" else "nip")


_ANY_DIGITS: Final = re.compile(r"\d\D{0,6}\d\D{0,6}\d")


def _spans(text: str, lines: str) -> Iterator[Span]:
    if _MAIL_SIGN.search(text):
        yield from _checked(_MAIL, "e-mail", text, bool)
    if not _ANY_DIGITS.search(text):
        return
    yield from _bare(text, lines)
    yield from _checked(_MOBILE, "telephone", text, _is_mobile)
    yield from _checked(_MOBILE_62, "telephone", text, _is_mobile)
    yield from _checked(_LANDLINE, "telephone", text, _no_date)
    for kind, pattern in _AFTER:
        yield from _checked(pattern, kind, text, _no_date if kind in ("nik", "nip", "npwp") else _no_amount)
    yield from _checked(_PASSPORT_WORD, "passport", text, bool)
    yield from _checked(_PERMIT_WORD, "passport", text, bool)
    yield from _checked(_PLATE, "plate", text, bool)
    yield from _checked(_PLATE_WORD, "plate", text, bool)
    yield from _lost(text)


def _joined(spans: list[Span]) -> list[Span]:
    """Return spans in order, one where several lie over each other."""
    kept: list[Span] = []
    for span in sorted(spans):
        if kept and span.start < kept[-1].end:
            kept[-1] = Span(kept[-1].start, max(kept[-1].end, span.end), kept[-1].kind)
        else:
            kept.append(span)
    return kept


def _found(text: str, find: Callable[[str, str], Iterator[Span]]) -> list[Span]:
    plain, places = _normalised(text)
    if places is None:
        return _joined(list(find(plain, text)))
    lines = "".join("\n" if text[at] in "\n\r\u2028\u2029" else c for c, at in zip(plain, places, strict=True))
    return [Span(places[s.start], places[s.end - 1] + 1, s.kind) for s in _joined(list(find(plain, lines)))]


def identifiers_in(text: str) -> tuple[str, ...]:
    """Return the parts of a text that are shaped like a number or an address of a person.

    NIK, NIP, NPWP, NIB, BPJS and telephone numbers, e-mail addresses, plates; numbers of passports and bank accounts
    after a word that names them. Blanks, dashes, dots, slashes, brackets, line breaks, characters without width and
    digits of other scripts do not hide one.

    Examples
    --------
    >>> len(identifiers_in("hubungi 0812-3456-7890"))
    1
    >>> identifiers_in("No 503/014/IX/2026, Rp2.785.700,00")
    ()
    """
    return tuple(text[s.start : s.end] for s in _found(text, _spans))


# --- names beside a title -----------------------------------------------------------------------------------------

_WORD: Final = r"[A-Z][\w'`-]{0,30}\.?"
_NAME: Final = rf"{_WORD}(?:\s+{_WORD}){{0,5}}"
_DEGREE: Final = (
    r"(?:S\.?\s?(?:H|E|T|P|Pd|Sos|Kom|Ked|Kep|Kp|KM|IP|AP|STP|Si|Ag|Farm|Hut|Pt|Psi|Gz|Ars|Stat|Tr|Ak|HI|I\.?Kom|Pd\.?I|ST|IAN|Keb|KG|Sn|IK)"
    r"|M\.?\s?(?:H|M|T|P|Si|Sc|Pd|Kes|Kom|Hum|Ak|Ag|E|A|PH|BA|KM|Eng|Farm|Kn|Tr|IP|AP|Ec|Ed|Ap|Med)"
    r"|A\.?\s?Md(?:\.?\s?\w+)?|Sp\.?\s?[A-Z]\w{0,3}|Ph\.?\s?D|MBA|SKM|SST|S\.?Tr\.?\s?\w+|Ners?|Ns|Apt|CPA|AAAIK|SpOG|D\.?E\.?A)"
)
_SUFFIXED: Final = re.compile(rf"{_NAME}\s*,\s*{_DEGREE}(?:\.(?!\w)|(?![\w.]))(?:\s*,\s*{_DEGREE}\.?(?!\w))*")
_OFFICES: Final = (
    r"(?:Bupati|Gubernur|Wali|Walikota|Kepala|Sekretaris|Sekda|Menteri|Camat|Lurah|Presiden|PT|CV|UD|PD|Koperasi|Yayasan"
    r"|Dinas|Badan|Kantor|Pemerintah|Direktur|Ketua|Kabid|Kasi|Kadis|Petugas|Pemohon|Pegawai|Operator|Admin|Toko|Usaha|Rumah"
    r"|Kota|Negara|Pertiwi|Hamil|Dan|Anak|Rektor|Pimpinan|Perusahaan|Perseroan|SD|SMP|SMA|SMK|TK|RS|RSUD|Puskesmas|Klinik"
    r"|Apotek|Firma|Fa|BUMD|BUMN|Bank|Desa|Kelurahan|Kecamatan|Kabupaten|Provinsi|Staf|Guru|Dosen|Hakim|Jaksa|Kapolres"
    r"|Ibu|Bapak|Sdr|Sdri|Saudara|Saudari|Izin|Surat|Pihak|Penanggung|Asisten|Kasubag|Kabag|Lapor|Nomor|No|NIK|NIP)\b"
)
_ON_BEHALF: Final = re.compile(
    rf"(?<![^\W_])(?:(?i:a\.\s?n\.?|a/n\.?|an\.|atas nama|u\.p\.|up\.|qq(?=\s)|q\.q\.))[\s.:]{{0,3}}(?!{_OFFICES})"
    rf"(?:(?i:bapak|ibu|sdri?|saudar[ai]|tn|ny|h|hj|dr|drs|ir)\b\.?\s*){{0,4}}(?!{_OFFICES}){_NAME}"
)
_SALUTED: Final = re.compile(
    rf"(?<![\w/])(?:(?i:bapak|bpk|ibu|sdri?|saudar[ai]|tn|ny|nn|tuan|nyonya|mr|mrs|ms|pak|bu))\b\.?\s*(?!{_OFFICES})"
    rf"(?:(?i:h|hj|dr|drs|dra|ir|prof)\.\s*){{0,4}}(?!{_OFFICES})[A-Z][\w'`-]{{0,30}}(?:\s+(?!{_OFFICES})[A-Z][\w'`-]{{0,30}}\.?){{0,4}}"
)
_PLACES: Final = (
    r"(?:RS|RSUD|RSU|RSIA|RSJ|RSUP|Rumah Sakit|Jl|Jln|Jalan|Gedung|Universitas|Stadion|Bandara|Puskesmas|Klinik|Masjid"
    r"|Museum|Taman|Gang|Gg|Pelabuhan|SMA|SMK|Sekolah|Aula)"
)
_TITLED: Final = re.compile(
    rf"(?:{_PLACES}\.?\s+(?:\w+\.?\s+)?)?(?<![\w.])(?<![A-Z]\.\s)(?:(?:Dr|dr|drg|drh|Drs|Dra|Ir|Prof|Hj|KH|Apt|Ns|DR|DRS|DRA|IR|PROF|HJ)\.\s*|H\.\s+){{1,8}}(?=[A-Z][\w'`-]{{2}}){_NAME}"
)
_BY_PLACE: Final = re.compile(rf"{_PLACES}\b")


def _names(text: str, _lines: str) -> Iterator[Span]:
    if len(text) < 5:
        return
    for pattern in (_SUFFIXED, _ON_BEHALF, _SALUTED):
        for match in pattern.finditer(text):
            yield Span(match.start(), match.end(), "name")
    for match in _TITLED.finditer(text):
        if not _BY_PLACE.match(match.group()):
            yield Span(match.start(), match.end(), "name")


def names_in(text: str) -> tuple[str, ...]:
    """Return the names of persons that a title, a degree, a salutation or "a.n." gives away; bare names are not found.

    Hospitals, streets and buildings called after a person are no persons.

    Examples
    --------
    >>> names_in("a.n. Contoh Nama"), names_in("RSUD dr. Contoh Nama")
    (('a.n. Contoh Nama',), ())
    """
    return tuple(text[s.start : s.end] for s in _found(text, _names))


def persons_in(text: str) -> tuple[str, ...]:
    """Return what `identifiers_in` and `names_in` find."""
    return (*identifiers_in(text), *names_in(text))


def hidden(text: str, *, names: bool = False, word: str = "[identifier]") -> str:
    """Return the text with a word in place of everything that identifies a person.

    Examples
    --------
    >>> hidden("telp 0812 3456 7890 segera")
    'telp [identifier] segera'
    """
    spans = _found(text, _spans) + (_found(text, _names) if names else [])
    parts, end = [], 0
    for span in _joined(spans):
        parts += [text[end : span.start], word]
        end = span.end
    return "".join([*parts, text[end:]])
