"""Training waves drawn by lot: stratified, seeded, with a certificate that anybody can check.

Each office gets a lottery number, the SHA-256 hash of the seed and its name. In every stratum the offices are put in
the order of their numbers and fill the places of the waves in turn. So the draw does not depend on the order of rows,
on a version of a program or on a computer. A sheet of paper with the seed is enough to repeat it. The dates could have
been dealt in every other way within strata, which is what a permutation test deals again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import narwhals as nw
import numpy as np
import pandas as pd

from asn_impact.arguments import Times, did_you_mean
from asn_impact.arrays import Int
from asn_impact.display import card
from asn_impact.errors import DesignError, InputError
from asn_impact.intake.frames import in_pandas
from asn_impact.intake.readers.training import Rollout
from asn_impact.intake.written import write_new
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline
from asn_impact.verbs import Held, public_verb
from asn_impact.words import Language, Message, paragraph

ALGORITHM: Final = "sha256-order-1"
ALL: Final = "all"  # the stratum of everybody where none was named
_DIGITS: Final = 12  # hexadecimal digits of a lottery number that are shown (16 could pass for a NIK); all 64 order


@dataclass(frozen=True, eq=False)
class Lottery(Held):
    """Who was drawn into which training wave.

    Attributes
    ----------
    unit, strata
        Names of the columns of units and of strata; `strata` is None when all were drawn together.
    waves
        Labels of the months in which the waves begin, in order.
    places
        Stratum -> places in each wave, as allotted before the draw.
    seed
        A whole number or a text.
    drawn_on
        Day of the draw, as the caller says.
    table
        One row a unit, by stratum and lottery number: unit, stratum, number, wave ("" for those not drawn).

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> offices = pd.DataFrame({"office": ["A", "B", "C", "D"]})
    >>> lottery = ai.draw_waves(offices, unit="office", strata=None, waves=["2026-02"], sizes=[2], seed=2026,
    ...                         drawn_on=dt.date(2026, 1, 12))
    >>> lottery.table.columns.tolist()
    ['unit', 'stratum', 'number', 'wave']
    """

    unit: str
    strata: str | None
    waves: tuple[str, ...]
    places: Mapping[str, tuple[int, ...]]
    seed: int | str
    drawn_on: dt.date
    table: pd.DataFrame

    @property
    def adopted(self) -> pd.Series:
        """First treated month of each unit, as text; missing for those not drawn."""
        wave = self.table["wave"].astype(object).where(self.table["wave"] != "", None)
        return pd.Series(wave.to_list(), index=self.table["unit"].to_list(), name="adopted", dtype=object)

    @public_verb
    def rollout(self, *, label: str) -> Rollout:
        """Return who is to be treated from when, for `assign`.

        Parameters
        ----------
        label
            Name of the course.
        """
        note = Message("designs.lottery.drawn", day=self.drawn_on, seed=repr(self.seed))
        return Rollout(self.adopted, label, (note,))

    def onto(self, panel: Panel) -> Panel:
        """Return the panel with the attribute ``stratum``: for ``Permutation(strata="stratum")``.

        Raises
        ------
        DesignError
            The panel has units that took no part in the draw, or an attribute of that name already.
        """
        known = dict(zip(map(_name, self.table["unit"]), self.table["stratum"], strict=True))
        strangers = [unit for unit in panel.units if _name(unit) not in known]
        if strangers:
            numbers = {"n": len(strangers), "total": len(panel.units)}
            raise DesignError(Message("designs.lottery.not_in_draw", **numbers, units=strangers))
        if "stratum" in panel.attributes.columns:
            raise DesignError(Message("designs.lottery.stratum_taken"))
        strata = [known[_name(unit)] for unit in panel.units]
        return replace(panel, attributes=panel.attributes.assign(stratum=strata))

    def redraw(self, rng: np.random.Generator) -> Lottery:
        """Return another draw that could have been, with the same strata and places."""
        seed = int(rng.integers(0, 2**63))
        return replace(self, seed=seed, table=_deal(self.table, self.places, self.waves, seed))

    @public_verb
    def orders(self, reps: Times, *, seed: int) -> Int:
        """(reps, N) waves, by position, that the units of `table` could have been drawn into; -1 for none.

        Every way to deal the places of a stratum among its units is equally likely.
        """
        rng = np.random.default_rng(seed)
        wave = self.table["wave"].map({label: i for i, label in enumerate(self.waves)}).fillna(-1)
        deals = np.tile(wave.to_numpy(dtype=np.int64), (reps, 1))
        stratum = self.table["stratum"].to_numpy()
        for name in self.places:
            members = np.flatnonzero(stratum == name)
            deals[:, members] = rng.permuted(deals[:, members], axis=1)
        return np.asarray(deals, dtype=np.int64)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Places in each wave."""
        return tuple(sum(column) for column in zip(*self.places.values(), strict=True))

    def certificate(self) -> dict[str, Any]:
        """Return everything that is needed to draw again and compare, with hashes of what went in and what came out."""
        rows = [[_name(u), s, n, w] for u, s, n, w in self.table.itertuples(index=False)]
        return {
            "algorithm": ALGORITHM,
            "drawn_on": self.drawn_on.isoformat(),
            "seed": self.seed,
            "unit": self.unit,
            "strata": self.strata,
            "waves": list(self.waves),
            "places": {name: list(row) for name, row in self.places.items()},
            "inputs_sha256": _inputs_hash(self),
            "result_sha256": _hash(rows),
            "result": rows,
        }

    def text(self, language: Language) -> str:
        """Return the certificate as a page to print and sign, in Indonesian (``"id"``) or English (``"en"``)."""
        return "\n".join(_page_lines(self, language))

    def save(self, path: str | Path) -> Path:
        """Write the certificate as JSON and return its path; a certificate that exists is never replaced.

        Raises
        ------
        InputError
            A file of that name exists: a draw that is repeated until it pleases is no draw.
        """
        target = Path(path)
        text = json.dumps(self.certificate(), ensure_ascii=False, indent=1) + "\n"
        try:
            write_new(target, text.encode())
        except FileExistsError:
            raise InputError(Message("designs.lottery.exists", path=str(target))) from None
        return target

    def __repr__(self) -> str:
        among = f" in {len(self.places)} strata by {self.strata}" if self.strata else ""
        waves = ", ".join(f"{size} from {wave}" for wave, size in zip(self.waves, self.sizes, strict=True))
        return f"Lottery({len(self.table)} units{among}: {waves}; seed {self.seed!r})"

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [
            ("drawn on", self.drawn_on.isoformat()),
            ("inputs sha256", _inputs_hash(self)),
            ("result sha256", self.certificate()["result_sha256"]),
        ]
        return card(repr(self), facts, table=self.table)


@public_verb
def draw_waves(
    frame: Any,  # noqa: ANN401 - any frame narwhals knows
    *,
    unit: str,
    strata: str | None,
    waves: Sequence[Any],
    sizes: Sequence[int] | Mapping[str, Sequence[int]],
    seed: int | str,
    drawn_on: dt.date,
) -> Lottery:
    """Draw which units are trained in which wave, by lot within strata.

    Agree on the seed in public before it is used, for instance as a number drawn by witnesses: with a free choice of
    seeds any result can be had.

    Parameters
    ----------
    frame
        One row a unit.
    unit, strata
        Names of the columns of units and of strata; `strata` None: all are drawn together.
    waves
        Months in which the waves begin, in order.
    sizes
        Number of units in each wave: allotted to strata in proportion to their units, each share rounded up or down.
        Or stratum -> numbers, to be taken as they are. Units left over are drawn into no wave.
    seed
        A whole number or a text.
    drawn_on
        Day of the draw, written into the certificate.

    Raises
    ------
    InputError
        A column is absent, a unit is missing or occurs twice, waves are not in order.
    DesignError
        There are more places than units, a wave without places, or no unit is left that was not drawn first.

    Notes
    -----
    Lottery number of a unit: SHA-256 of ``seed|stratum|unit`` as UTF-8 text, in hexadecimal. Places are allotted by
    controlled rounding (Cox 1987, Journal of the American Statistical Association 82), without chance.

    Examples
    --------
    >>> offices = pd.DataFrame({"office": ["A", "B", "C", "D", "E", "F"], "size": ["small"] * 4 + ["large"] * 2})
    >>> drawn = draw_waves(offices, unit="office", strata="size", waves=["2026-02", "2026-08"], sizes=[2, 1],
    ...                    seed=2026, drawn_on=dt.date(2026, 1, 12))
    >>> drawn
    Lottery(6 units in 2 strata by size: 2 from 2026-02, 1 from 2026-08; seed 2026)
    >>> verify(drawn.certificate(), offices).table.equals(drawn.table)
    True
    """
    if isinstance(seed, str) and not seed.strip():
        raise InputError(Message("designs.lottery.seed", seed=repr(seed)))
    if isinstance(drawn_on, dt.datetime) or not isinstance(drawn_on, dt.date):
        raise InputError(Message("designs.lottery.drawn_on", value=repr(drawn_on)))
    units = _units(frame, unit, strata)
    labels = _labels(waves)
    places = _places(units["stratum"], sizes, labels)
    table = _deal(units, places, labels, seed)
    return Lottery(unit, strata, labels, places, seed, drawn_on, table)


@public_verb
def read_certificate(path: str | Path) -> dict[str, Any]:
    """Return a certificate that `Lottery.save` wrote.

    Raises
    ------
    InputError
        The file is not there or is no certificate.
    """
    try:
        certificate = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(Message("designs.lottery.no_file", path=str(path))) from None
    except (UnicodeDecodeError, json.JSONDecodeError):
        certificate = None
    if not isinstance(certificate, dict):
        raise InputError(Message("designs.lottery.no_certificate", path=str(path)))
    return certificate


@public_verb
def verify(certificate: Mapping[str, Any], frame: Any) -> Lottery:  # noqa: ANN401 - any frame narwhals knows
    """Draw again from a certificate and the list of units, and return the lottery if everything is as certified.

    Raises
    ------
    DesignError
        Naming what differs: the list of units or strata, the places, the hashes, or the wave of a unit.
    InputError
        The certificate lacks an entry or is of another algorithm.
    """
    needed = ("algorithm", "drawn_on", "seed", "unit", "strata", "waves", "places", "inputs_sha256", "result_sha256")
    missing = [key for key in (*needed, "result") if key not in certificate]
    if missing:
        raise InputError(Message("designs.lottery.lacks", names=missing))
    if certificate["algorithm"] != ALGORITHM:
        raise InputError(Message("designs.lottery.algorithm", found=str(certificate["algorithm"]), own=ALGORITHM))
    again = draw_waves(
        frame,
        **{name: certificate[name] for name in ("unit", "strata", "waves", "seed")},
        sizes=certificate["places"],
        drawn_on=dt.date.fromisoformat(certificate["drawn_on"]),
    )
    own = again.certificate()
    if own["inputs_sha256"] != certificate["inputs_sha256"]:
        hashes = {"found": own["inputs_sha256"][:12], "certified": str(certificate["inputs_sha256"])[:12]}
        problem = Message("designs.lottery.other_inputs", **hashes)
        raise DesignError(paragraph(problem, *_strangers(own["result"], certificate["result"])))
    other = [row for row in certificate["result"] if list(row) not in own["result"]]
    if other or len(own["result"]) != len(certificate["result"]):
        raise DesignError(Message("designs.lottery.other_waves", n=len(other), units=[str(row[0]) for row in other]))
    if own["result_sha256"] != certificate["result_sha256"]:
        raise DesignError(Message("designs.lottery.other_result"))
    return again


def _strangers(own: list[list[str]], certified: Sequence[Sequence[str]]) -> list[Message]:
    ours, theirs = ({row[0] for row in rows} for rows in (own, certified))
    strangers = [Message("designs.lottery.not_certified", units=sorted(ours - theirs))] if ours - theirs else []
    return strangers + ([Message("designs.lottery.not_listed", units=sorted(theirs - ours))] if theirs - ours else [])


# ------------------------------------------------------------------------------------------------------- what goes in


def _name(unit: object) -> str:
    """Return a unit as the text that is hashed; 7 and 7.0 are one unit."""
    value = unit.item() if hasattr(unit, "item") else unit
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _units(frame: Any, unit: str, strata: str | None) -> pd.DataFrame:  # noqa: ANN401
    """Return units and strata, one row each."""
    lazy = nw.from_native(frame).lazy()
    columns = lazy.collect_schema().names()
    for name in (unit, *([strata] if strata is not None else [])):
        if name not in columns:
            problem = Message("designs.lottery.no_column", name=name)
            known = Message("designs.lottery.columns", names=columns[:20])
            raise InputError(paragraph(problem, did_you_mean(name, columns), known))
    table = in_pandas(frame, list(dict.fromkeys([unit, *([strata] if strata else [])])))
    for name in table.columns:
        if (missing := int(table[name].isna().sum())) > 0:
            raise InputError(Message("designs.lottery.missing", name=name, n=missing, total=len(table)))
    stratum = table[strata].map(_name) if strata is not None else ALL
    units = pd.DataFrame({"unit": table[unit].to_list(), "stratum": stratum}).reset_index(drop=True)
    if (twice := units["unit"].map(_name).duplicated()).any():
        raise InputError(Message("designs.lottery.double", n=int(twice.sum()), units=units["unit"][twice].tolist()))
    return units


def _labels(waves: Sequence[Any]) -> tuple[str, ...]:
    if isinstance(waves, str) or not len(waves):
        raise InputError(Message("designs.lottery.no_waves", waves=repr(waves)))
    line, position = Timeline.read(pd.Series(list(waves), dtype=object), column="waves")
    if (np.diff(position) <= 0).any():
        raise InputError(Message("designs.lottery.order", waves=[str(wave) for wave in waves]))
    return line.labels


# ------------------------------------------------------------------------------------------------------------- places


def _places(
    stratum: pd.Series, sizes: Sequence[int] | Mapping[str, Sequence[int]], waves: tuple[str, ...]
) -> dict[str, tuple[int, ...]]:
    """Return stratum -> places in each wave, strata in order of their names."""
    counts = {str(name): int(count) for name, count in stratum.value_counts().sort_index().items()}
    for row in sizes.values() if isinstance(sizes, Mapping) else [sizes]:
        if len(row) != len(waves) or any(isinstance(k, bool) or k != int(k) or k < 0 for k in row):
            raise DesignError(Message("designs.lottery.sizes", sizes=repr(list(row)), n=len(waves)))
    if isinstance(sizes, Mapping):
        places = _check_by_stratum({str(name): tuple(map(int, row)) for name, row in sizes.items()}, counts)
    else:
        places = _in_proportion([int(k) for k in sizes], counts)
    empty = [wave for j, wave in enumerate(waves) if not sum(row[j] for row in places.values())]
    if empty:
        raise DesignError(Message("designs.lottery.empty_wave", wave=empty[0]))
    if len(waves) == 1 and sum(map(sum, places.values())) == sum(counts.values()):
        raise DesignError(Message("designs.lottery.all_at_once", n=sum(counts.values())))
    return places


def _check_by_stratum(sizes: dict[str, tuple[int, ...]], counts: dict[str, int]) -> dict[str, tuple[int, ...]]:
    if set(sizes) != set(counts):
        raise DesignError(Message("designs.lottery.other_strata", given=sorted(sizes), found=sorted(counts)))
    for name, row in sizes.items():
        if sum(row) > counts[name]:
            raise DesignError(Message("designs.lottery.stratum_full", name=name, units=counts[name], places=sum(row)))
    return {name: sizes[name] for name in counts}


def _in_proportion(sizes: Sequence[int], counts: dict[str, int]) -> dict[str, tuple[int, ...]]:
    total = sum(counts.values())
    if sum(sizes) > total:
        raise DesignError(Message("designs.lottery.too_many", places=sum(sizes), units=total))
    columns = np.array([*sizes, total - sum(sizes)], dtype=np.int64)  # the last: not drawn
    exact = np.array(list(counts.values()), dtype=np.int64)[:, None] * columns[None, :]
    table = _round(exact, total)
    return {name: tuple(int(k) for k in row[:-1]) for name, row in zip(counts, table, strict=True)}


def _round(exact: Int, total: int) -> Int:
    """(S, W) whole numbers, each ``exact / total`` rounded up or down, with the same sums over rows and columns.

    Rounded down first; each row then places what it lacks on its largest remainders. Where a column is full, a place
    given there before moves on (augmenting paths), which always succeeds because the fractions themselves fit.
    """
    table, rest = exact // total, exact % total
    lacking = (rest.sum(axis=1) // total).astype(np.int64)
    room = (rest.sum(axis=0) // total).astype(np.int64)
    extra = np.zeros_like(table)
    for row in range(len(table)):
        for _ in range(int(lacking[row])):
            for s, w, step in _path(row, rest, extra, room - extra.sum(axis=0)):
                extra[s, w] += step
    return table + extra


def _path(row: int, rest: Int, extra: Int, room: Int) -> list[tuple[int, int, int]]:
    """Return the shortest way to place one more in a row: cells to add to and to take from, in turn."""
    came: dict[int, list[tuple[int, int, int]]] = {row: []}
    queue = [row]
    visits: set[int] = set()
    while queue:
        s = queue.pop(0)
        for w in sorted(range(rest.shape[1]), key=lambda column: (-int(rest[s, column]), column)):
            if w in visits or extra[s, w] or not rest[s, w]:
                continue
            visits.add(w)
            way = [*came[s], (s, w, 1)]
            if room[w] > 0:
                return way
            for other in np.flatnonzero(extra[:, w]):
                if int(other) not in came:
                    came[int(other)] = [*way, (int(other), w, -1)]
                    queue.append(int(other))
    raise AssertionError("fractions that fit can always be rounded")


# -------------------------------------------------------------------------------------------------------------- draw


def _deal(
    units: pd.DataFrame, places: Mapping[str, tuple[int, ...]], waves: tuple[str, ...], seed: int | str
) -> pd.DataFrame:
    """Return the units in the order of stratum and lottery number, with their waves."""
    table = units[["unit", "stratum"]].copy()
    full = [
        hashlib.sha256(f"{seed}|{stratum}|{_name(unit)}".encode()).hexdigest()
        for unit, stratum in zip(table["unit"], table["stratum"], strict=True)
    ]
    order = sorted(range(len(full)), key=lambda i: (table["stratum"].iloc[i], full[i]))
    table = table.iloc[order].reset_index(drop=True).assign(number=[full[i][:_DIGITS] for i in order], wave="")
    for stratum, row in places.items():
        members = np.flatnonzero(table["stratum"] == stratum)
        wave = [label for label, size in zip(waves, row, strict=True) for _ in range(size)]
        table.loc[members[: len(wave)], "wave"] = wave
    return table


def _inputs_hash(lottery: Lottery) -> str:
    """Hash of everything that decides the draw; the day of the draw does not."""
    units = sorted(
        [_name(unit), stratum] for unit, stratum in lottery.table[["unit", "stratum"]].itertuples(index=False)
    )
    places = [[name, *row] for name, row in sorted(lottery.places.items())]
    return _hash([ALGORITHM, str(lottery.seed), lottery.unit, lottery.strata, list(lottery.waves), places, units])


def _hash(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# -------------------------------------------------------------------------------------------------------------- words


def _page_lines(lottery: Lottery, language: Language) -> list[str]:
    certificate = lottery.certificate()
    facts = Message(
        "designs.page.facts",
        day=lottery.drawn_on,
        seed=str(lottery.seed),
        algorithm=ALGORITHM,
        inputs=certificate["inputs_sha256"],
        result=certificate["result_sha256"],
    )
    everybody = Message("designs.page.everybody").text(language)
    none, order = Message("designs.page.comparison").text(language), [*lottery.waves, ""]
    places = [
        f"  {everybody if lottery.strata is None else name}: "
        + "; ".join(f"{wave}: {size}" for wave, size in zip(lottery.waves, row, strict=True))
        for name, row in lottery.places.items()
    ]
    rows = sorted(certificate["result"], key=lambda row: (order.index(row[3]), row[1], row[2]))
    result = [f"  {wave or none}; {unit}; {stratum}; {lot}" for unit, stratum, lot, wave in rows]
    parts: list[list[Message | str]] = [
        [Message("designs.page.title")],
        [facts],
        [Message("designs.page.how")],
        [Message("designs.page.places"), *places],
        [Message("designs.page.result"), *result],
    ]
    return [line if isinstance(line, str) else line.text(language).text for part in parts for line in [*part, ""]]
