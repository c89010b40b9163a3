"""One normaliser for every column of keys: offices, units and case numbers that are one are written as one.

What no eye sees (invisible characters, forms of Unicode, spaces at the ends, case, punctuation) makes no second office.
What only looks alike (an abbreviation, a slip of a letter) is asked about, never joined.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import narwhals as nw

from asn_impact.intake.fields.canonical import REGENCY
from asn_impact.intake.fields.office_names import written_out
from asn_impact.intake.privacy import masked
from asn_impact.words import Alert, Message

Frame: TypeAlias = "nw.LazyFrame[Any]"

#: Characters without width or ink; the same class in every engine.
INVISIBLE: Final = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffb\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]"
)
SPACES: Final = "[\\s\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
_COUNTED: Final = r"\d[\d.,]*\s*(?:orang|peserta|pegawai|petugas|berkas|permohonan|aduan|kegiatan|responden|people)\b"
#: A label that says that its row adds up the others: "Jumlah", "Total 30 orang", or "30 orang" alone.
TOTAL_LABEL: Final = re.compile(
    r"\s*(?:grand\s*total|sub\s*total|jumlah|total|rata\s*-?\s*rata|rerata|average|sum)\b"
    rf"(?:(?!\s*\d)|\s*{_COUNTED})|\s*{_COUNTED}\s*$|"
    r"\s*(?:(?:tingkat\s+|se\s*-?\s*)?(?:kabupaten|kab\.|provinsi)|(?:tingkat\s+|se\s*-?\s*)kota|keseluruhan|"
    r"(?:semua|seluruh)\s+(?:opd|skpd|unit|kantor|dinas|instansi|perangkat daerah|upp)(?:\s+(?:kerja|pelayanan))?)\s*$",
    re.IGNORECASE,
)
#: A label, by its key, of all offices at once: a total of what they did; of who was trained it is a question.
ALL_OFFICES: Final = re.compile(
    r"^(?:semua|seluruh|segenap|setiap|all|every)\b.*\b(?:opd|skpd|perangkat daerah|dinas|badan|kantor|unit|instansi|"
    r"kecamatan|kelurahan|desa|bagian|offices?|agenc(?:y|ies)|departments?)\b"
    r"|\b(?:opd|skpd|perangkat daerah|dinas|kecamatan|instansi)\b.*\bse ?(?:kabupaten|kab|kota|provinsi|prov)\b"
    r"|^(?:tingkat |se ?)(?:kabupaten|kab|kota|provinsi)$|^(?:kabupaten|kab|provinsi)$"
)
#: Column of the rows whose office adds up the others; only where there are any.
TOTAL_ROW: Final = "asn_total"
#: Letters of other alphabets that look like Latin ones.
_TWINS: Final = str.maketrans("АВЕКМНОРСТУХаеорсухіІѕЅјЈΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTYXaeopcyxiIsSjJABEZHIKMNOPTYXo")
MOST_COMPARED: Final = 400  # labels; each is compared with each
_REGION: Final = re.compile(r" (?:pemerintah )?(?:kabupaten|kota|provinsi) .+$")
_JOINED_BY: Final = re.compile(r"\s*[,;/&+|]\s*|\s+(?:dan|and)\s+", re.IGNORECASE)
LONG_WORD: Final = 7  # letters from which one other letter is more likely a slip than another name


def plain_label(label: str) -> str:
    """Return a label as its reader sees it: one form of Unicode, no invisible characters, single spaces.

    Examples
    --------
    >>> plain_label("Dinas\u00a0 A\u200b ")
    'Dinas A'
    """
    visible = re.sub(INVISIBLE, "", unicodedata.normalize("NFKC", label))
    return re.sub(SPACES, " ", visible).strip()


def label_key(label: str) -> str:
    """Return what two spellings of one label share: case, punctuation and look-alike letters do not matter.

    Points and signs between digits do: 1.01 is not 101.

    Examples
    --------
    >>> label_key("KEC. SUNGAI-LIMAU") == label_key("Kec Sungai Limau"), label_key("1.01") == label_key("101")
    (True, False)
    """
    text = plain_label(label)
    if re.search("[A-Za-z]", text):
        text = text.translate(_TWINS)
    text = text.casefold().replace("&", " dan ")
    words = re.sub(r"(?<!\d)[^\w]+|[^\w]+(?!\d)|_", " ", text)
    return " ".join(words.split())


def settle_labels(
    counts: Mapping[str, int],
    settled: Mapping[str, str] | None = None,
    *,
    door: str = "office",
    places: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> tuple[dict[str, str], list[Message]]:
    """Return label -> the label that stands for it, for all labels that change; and what has to be said.

    Parameters
    ----------
    counts
        Label -> rows. Of several spellings the most frequent one stays, among equals the first in the alphabet.
    settled
        The reader's own answers: a label -> the label to use.
    door
        ``"office"`` where `offices` can settle it, ``"unit"`` where the source has to.
    places
        Label -> the regencies it is in, where that is known: two that share none are two offices.
    """
    answers = _agreed(settled or {}, targets=True) | _agreed(settled or {})
    exact = {plain_label(old): new for old, new in (settled or {}).items()}
    plain = {label: plain_label(label) for label in counts}
    total: Counter[str] = Counter()
    for label, n in counts.items():
        total[plain[label]] += n
    codes = _plain_codes(list(total))
    ways: dict[str, list[str]] = {}
    for label in total:
        ways.setdefault(label_key(codes.get(label, label)), []).append(label)
    chosen: dict[str, str] = {}
    joined: dict[str, tuple[str, ...]] = {}
    for key, same in ways.items():
        own = [label for label in same if label in exact]
        rest = [label for label in same if label not in exact]
        chosen |= {label: exact[label] for label in own}
        if rest:
            best = min(rest, key=lambda label: (-total[label], label))
            target = answers[key] if key in answers else codes.get(best, best)
            chosen |= dict.fromkeys(rest, target)
            if len({codes.get(label, label) for label in rest}) > 1 and key not in answers:
                joined[masked(target)] = tuple(masked(label) for label in sorted(rest))
    notes = say_joined(joined, door)
    rows = Counter[str]()
    for label, target in chosen.items():
        if target not in (settled or {}).values():
            rows[target] += total[label]
    regencies: dict[str, frozenset[str]] = {}
    for label, there in places.items():
        target = chosen.get(plain.get(label, label), label)
        regencies[target] = regencies.get(target, frozenset()) | there
    notes += _several(rows) + _alike(rows, regencies)
    return {label: chosen[plain[label]] for label in counts if chosen[plain[label]] != label}, notes


def say_joined(joined: Mapping[str, tuple[str, ...]], door: str) -> list[Message]:
    """Say which spellings are one office: each office by itself, or all in one sentence where they are many."""
    if len(joined) > _FEW:
        names = tuple(name for spellings in joined.values() for name in spellings)
        return [Alert(f"intake.{door}.many_joined", n=len(joined), names=names)]
    key = f"intake.{door}.joined"
    return [Alert(key, n=len(names), names=names, chosen=chosen) for chosen, names in joined.items()]


_FEW: Final = 3


def answered(label: str, settled: Mapping[str, str] | None) -> str:
    """Return the reader's answer for a label, in whatever spelling it was given; the label itself without one.

    Examples
    --------
    >>> answered("DINKES", {"Dinkes": "Dinas Kesehatan"}), answered("Dishub", None)
    ('Dinas Kesehatan', 'Dishub')
    """
    exact = {plain_label(old): new for old, new in (settled or {}).items()}
    return exact.get(plain_label(label)) or _agreed(settled or {}).get(label_key(label), label)


def _agreed(settled: Mapping[str, str], *, targets: bool = False) -> dict[str, str]:
    """Return the key of a label -> the label to use, where the answers to all its spellings are the same.

    Or, of the `targets`, that of a label that others stand for, in the one spelling in which it was given. A label that
    stands for itself is another office than its look-alikes: it answers for no other spelling.
    """
    said: dict[str, set[str]] = {}
    for old, new in settled.items():
        said.setdefault(label_key(new if targets else old), set()).add(new)
    itself = {label_key(old) for old, new in settled.items() if plain_label(old) == plain_label(new)}
    itself |= {""} if targets else set()
    return {key: next(iter(every)) for key, every in said.items() if key not in itself and len(every) == 1}


def _plain_codes(labels: Sequence[str]) -> dict[str, str]:
    """Return codes that a program has written in two ways as one: 7.0 as 7, and 7 as 007 where others are so long."""
    codes = [label for label in labels if re.fullmatch(r"\d+(\.\d+)?", label)]
    if not codes or any(re.fullmatch(r"\d+\.\d*[1-9]\d*", label) for label in codes):
        return {}
    whole = {label: label.partition(".")[0] for label in codes}
    long = {len(code) for label, code in whole.items() if code.startswith("0") and len(code) > 1}
    if len(long) == 1:
        width = long.pop()
        whole = {label: code.zfill(width) for label, code in whole.items()}
    return {label: code for label, code in whole.items() if label != code}


def fuller(one: str, other: str, rows: Mapping[str, int], official: Collection[str] = ()) -> tuple[str, str]:
    """Return two spellings of an office, the one to replace first: every proposal and every note has them this way.

    The one to use is the one that is `official` (by its key), else written out, else more frequent, else longer.

    Examples
    --------
    >>> fuller("Dinas Kesehatan", "Dinkes", {"Dinas Kesehatan": 12, "Dinkes": 90})
    ('Dinkes', 'Dinas Kesehatan')
    >>> fuller("Dinas Kesehatan", "Dinkes", {}, {"dinkes"})
    ('Dinas Kesehatan', 'Dinkes')
    """

    def weight(label: str) -> tuple[bool, bool, int, int, str]:
        key = label_key(label)
        return key in official, written_out(key) == key, rows.get(label, 0), len(label), label

    first, second = sorted((one, other), key=weight)
    return first, second


def _several(rows: Mapping[str, int]) -> list[Message]:
    """Say which labels name several of the others, as one cell of a row that is of two offices does."""
    keys = {label_key(label) for label in rows}
    parts = {label: [label_key(part) for part in _JOINED_BY.split(label)] for label in rows if _JOINED_BY.search(label)}
    told = [label for label, names in parts.items() if len(names) > 1 and keys.issuperset(names)]
    return [Alert("intake.office.several", name=masked(label), n=rows[label]) for label in told[:5]]


def _alike(rows: Mapping[str, int], regencies: Mapping[str, frozenset[str]]) -> list[Message]:
    """Ask about labels that look like one office: abbreviated, with its regency behind it, or with a slip.

    `rows` has the rows of each label, `regencies` where it is: offices without a common one are never the same.
    """
    labels = list(rows) if len(rows) <= MOST_COMPARED else []
    words = {label: written_out(label_key(label)) for label in labels}
    bare = {label: _REGION.sub("", name) for label, name in words.items()}

    def are_alike(a: str, b: str) -> bool:
        if a in regencies and b in regencies and not regencies[a] & regencies[b]:
            return False
        one_bare = (bare[a] == words[a]) != (bare[b] == words[b])
        known = bare if one_bare else words
        return known[a] == known[b] or one_slip(known[a].split(), known[b].split())

    pairs = [fuller(a, b, rows) for i, a in enumerate(labels) for b in labels[i + 1 :] if are_alike(a, b)]
    return [
        Alert("intake.office.alike", first=masked(a), second=masked(b), n=rows[a], m=rows[b], line=_line(a, b))
        for a, b in pairs[:5]
    ]


def _line(one: str, other: str) -> str:
    return f'offices={{"{masked(one)}": "{masked(other)}"}}'


@functools.cache
def same_office(one: str, other: str) -> bool:
    """Return whether two labels are most likely one office: abbreviated, with its regency behind it, or with a slip.

    For what would otherwise be an event, such as a move; labels are never joined by it.

    Examples
    --------
    >>> same_office("Dinkes", "DINAS KESEHATAN KAB. BATANGHARI"), same_office("Dinkes", "Dinsos")
    (True, False)
    """
    words = [_REGION.sub("", written_out(label_key(label))).split() for label in (one, other)]
    return words[0] == words[1] or one_slip(*words)


def one_slip(a: Sequence[str], b: Sequence[str]) -> bool:
    """Return whether two names differ in one letter of one long word."""
    if "".join(a) == "".join(b):
        return True
    if len(a) != len(b):
        return False
    other = [(x, y) for x, y in zip(a, b, strict=True) if x != y]
    return len(other) == 1 and min(map(len, other[0])) >= LONG_WORD - 1 and _one_letter(*other[0])


def _one_letter(a: str, b: str) -> bool:
    if not (a.isalpha() and b.isalpha()) or abs(len(a) - len(b)) > 1 or max(len(a), len(b)) < LONG_WORD:
        return False
    first = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[first + 1 :] == b[first + 1 :] or a[first:] == b[first + 1 :] or a[first + 1 :] == b[first:]


# --- columns --------------------------------------------------------------------------------------------------


def join_spellings(
    frame: Frame, settled: Mapping[str, str] | None = None, field: str = "office", *, door: str = "office"
) -> tuple[Frame, list[Message]]:
    """Return the frame with one spelling of each label in a column of texts, and what has to be said of it.

    Rows whose label adds up the others are marked in a column of their own (`TOTAL_ROW`), where there are any.
    """
    if field not in frame.collect_schema().names():
        return frame, []
    rows = frame.group_by(field).agg(n=nw.len()).sort(field).collect().rows(named=True)
    counts = {r[field]: int(r["n"]) for r in rows if isinstance(r[field], str)}
    totals = [label for label in counts if TOTAL_LABEL.match(plain_label(label))]
    if totals:
        frame = frame.with_columns(nw.col(field).is_in(totals).alias(TOTAL_ROW))
    single = {label: n for label, n in counts.items() if label not in totals}
    changed, notes = settle_labels(single, settled, door=door, places=_places(frame, field))
    if not changed:
        return frame, notes
    if any(re.sub(SPACES, " ", re.sub(INVISIBLE, "", label)).strip() != label for label in counts):
        frame = frame.with_columns(seen(field).alias(field))
    bare = {re.sub(SPACES, " ", re.sub(INVISIBLE, "", label)).strip(): target for label, target in changed.items()}
    return frame.with_columns(replaced(frame, field, bare).alias(field)), notes


def _places(frame: Frame, field: str) -> dict[str, frozenset[str]]:
    """Return the regencies of each label, where the rows say them."""
    places: dict[str, frozenset[str]] = {}
    if REGENCY in frame.collect_schema().names():
        for row in frame.group_by(field, REGENCY).agg(n=nw.len()).collect().rows(named=True):
            if isinstance(row[field], str) and isinstance(row[REGENCY], str):
                places[row[field]] = places.get(row[field], frozenset()) | {label_key(row[REGENCY])}
    return places


def replaced(frame: Frame, field: str, targets: Mapping[str, str]) -> nw.Expr:
    """Return a column of texts with some replaced: thousands too, so one lookup, or ways beside and not in each other.

    Examples
    --------
    >>> import polars as pl
    >>> frame = nw.from_native(pl.LazyFrame({"office": ["a", "b", None]}))
    >>> frame.with_columns(replaced(frame, "office", {"a": "A"}).alias("office")).collect()["office"].to_list()
    ['A', 'b', None]
    """
    column = nw.col(field)
    labels: dict[str, list[str]] = {}
    for label, target in targets.items():
        if label != target:
            labels.setdefault(target, []).append(label)
    if frame.implementation.is_duckdb() and labels:
        pairs = {label: target for target, own in labels.items() for label in own}
        return column.replace_strict(list(pairs), list(pairs.values()), default=column)
    return nw.coalesce(*(nw.when(column.is_in(own)).then(nw.lit(target)) for target, own in labels.items()), column)


def seen(field: str) -> nw.Expr:
    """Return a column of texts without invisible characters and with single spaces, as an expression."""
    return nw.col(field).str.replace_all(INVISIBLE, "").str.replace_all(SPACES, " ").str.strip_chars()


_BETWEEN: Final = "/._:-"  # signs between the parts of a number


def is_one_of(column: str, words: Collection[str]) -> nw.Expr:
    """Write whether a text is one of some words: Arrow takes an empty list for one of no texts."""
    return nw.col(column).is_in(list(words)) if words else nw.lit(value=False)


def settle_cases(frame: Frame) -> tuple[Frame, list[Message]]:
    """Return the frame with each case number written in one way: 7.0 as 7, 7 as 000007, 503 / 1 as 503/1.

    Zeros in front are put back only where all numbers of an office that have such are equally long, and none longer.
    """
    if "case" not in frame.collect_schema().names():
        return frame, []
    case, unusual = nw.col("case"), nw.col("asn_unusual")
    odd, spaced = (
        nw.when(unusual).then(case.str.contains(pattern)).otherwise(nw.lit(value=False))
        for pattern in (
            f"{INVISIBLE}|[\u00a0\u2000-\u200a\u202f\u3000]|^\\s|\\s$|\\s\\s",
            f"{SPACES}[{_BETWEEN}]|[{_BETWEEN}]{SPACES}",
        )
    )
    decimal = case.str.contains(".0", literal=True) & case.str.contains(r"^\d+\.0+$")  # the cheap question first
    zero = case.str.starts_with("0") & case.str.contains(r"^0\d+(?:\.0+)?$")
    flags = {"odd": odd, "decimal": decimal, "zero": zero, "spaced": spaced}
    facts = (
        _with_unusual(frame).select(**{k: nw.when(e).then(1).otherwise(0).sum() for k, e in flags.items()}).collect()
    )
    found = {k: int(facts.rows(named=True)[0][k] or 0) for k in flags}
    notes: list[Message] = []
    if found["odd"] or found["spaced"]:
        close: Any = seen("case")
        for sign in _BETWEEN if found["spaced"] else "":
            close = close.str.replace_all(rf"\s*[{sign}]\s*", sign)
        frame = frame.with_columns(close.alias("case"))
    if found["decimal"] and not _has(frame, r"^\d+\.\d*[1-9]\d*$"):
        frame = frame.with_columns(
            nw.when(decimal).then(case.str.replace_all(r"\.0+$", "")).otherwise(case).alias("case")
        )
    if found["zero"]:
        frame, notes = _with_zeros(frame)
    return frame, notes


def _with_unusual(frame: Frame) -> Frame:
    """Return the frame with whether a number has other signs than those of ASCII: few have to answer what they are."""
    if not frame.implementation.is_duckdb():
        return frame.with_columns(asn_unusual=nw.col("case").str.contains(r"[^!-~]"))
    rows: Any = nw.to_native(frame)  # a fifth of the time of a regular expression
    return nw.from_native(rows.project("""*, "case" GLOB '*[!!-~]*' AS asn_unusual"""))  # type: ignore[no-any-return]


def _has(frame: Frame, pattern: str) -> bool:
    rows = frame.filter(nw.col("case").str.contains(pattern)).select(n=nw.len()).collect().rows(named=True)
    return bool(rows[0]["n"])


def _with_zeros(frame: Frame) -> tuple[Frame, list[Message]]:
    """Put zeros in front of numbers that lost them: where numbers of the same office did not."""
    case = nw.col("case")
    numbers = frame.filter(case.str.contains(r"^\d+$") & ~nw.col("office").is_null()).select(
        "office", length=case.str.len_chars(), padded=case.str.contains(r"^0\d")
    )
    counted = numbers.group_by("office", "length", "padded").agg(n=nw.len()).collect().rows()
    lengths: dict[Any, dict[bool, Counter[int]]] = {}
    for office, length, padded, n in counted:
        lengths.setdefault(office, {True: Counter(), False: Counter()})[bool(padded)][int(length)] += int(n)
    offices: dict[int, list[Any]] = {}
    lost: dict[int, Counter[int]] = {}
    for office, found in lengths.items():
        width, short = max(found[True], default=0), found[False]
        if len(found[True]) == 1 and short and min(short) < width >= max(short):
            offices.setdefault(width, []).append(office)
            lost.setdefault(width, Counter()).update({length: n for length, n in short.items() if length < width})
    column: Any = case
    for width, own in offices.items():
        within = nw.col("office").is_in(own) if len(own) < len(lengths) else nw.lit(value=True)
        for length in sorted(lost[width]):
            bare = case.str.contains(f"^\\d{{{length}}}$" if length == 1 else f"^[1-9]\\d{{{length - 1}}}$")
            column = (
                nw.when(bare & within).then(nw.concat_str([nw.lit("0" * (width - length)), case])).otherwise(column)
            )
    notes = [Alert("intake.case.zeros", n=lost[width].total(), width=width) for width in sorted(lost)]
    return (frame.with_columns(column.alias("case")) if lost else frame), list[Message](notes)
