"""`plan`: what the next wave could detect, from the study's own past, and a lottery for it where one is asked for."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from asn_impact.errors import AsnImpactError, StudyError, nearest
from asn_impact.study.keys import Keys, Language, Place, Text, values
from asn_impact.study.paths import located
from asn_impact.study.prepared import Prepared, noted, prepared
from asn_impact.study.settings import Study

if TYPE_CHECKING:
    import pandas as pd

    from asn_impact.designs.lottery import Lottery
    from asn_impact.measures.panel import Panel
    from asn_impact.planning.power import Power

__all__ = ["Planned", "plan"]

_PLAN: Final = Keys(
    {
        "past": Literal["pre_period", "never_treated"],
        "direction": Literal["lower", "higher"],
        "power": float,
        "reps": int,
        "seed": int,
    },
    required=("reps", "seed"),
)
_LOTTERY: Final = Keys(
    {"path": str, "unit": str, "strata": str, "drawn_on": dt.date, "certificate": str}, required=("drawn_on",)
)
_GRID: Final = ("treated", "waves", "months", "offices")
_DIRECTION: Final = {"restricted_mean": "lower", "within": "higher"}
_HEAD: Final[Text] = {"id": "Efek terkecil yang dapat terlihat", "en": "Minimum detectable effect"}
_AT: Final[Text] = {"id": "Kuasa uji menurut ukuran efek", "en": "Power by size of effect"}


@dataclass(frozen=True, eq=False)
class Planned:
    """What `plan` found.

    Attributes
    ----------
    power
        What the studies of the [plan] section could detect.
    effects
        Sizes of effect, signed, at which the power is printed; empty for none.
    lottery
        The draw of [plan.lottery]; None where none was asked for.
    certificate
        File of the certificate, or None.
    notes
        What was left out or assumed, in sentences.
    """

    power: Power
    effects: tuple[float, ...] = ()
    lottery: Lottery | None = None
    certificate: Path | None = None
    notes: tuple[str, ...] = ()

    def text(self, language: Language) -> str:
        """Return what is printed: a sentence and a row a scenario, notes, and the certificate of the lottery."""
        parts = [
            "\n".join(self.power.sentences(language)),
            _block(_HEAD[language], self.power.minimum()),
            *([_block(_AT[language], self.power.table(self.effects))] if self.effects else []),
            f"{self.power.estimator.name}; {self.power.rule.name}",
            *(f"{ {'id': 'Catatan', 'en': 'Note'}[language] }: {note}" for note in self.notes),
            *([self.lottery.text(language)] if self.lottery is not None else []),
        ]
        return "\n\n".join(parts)


def plan(study: Study) -> Planned:
    """Return what the scenarios in the [plan] section of a study could detect, and draw the lottery it asks for.

    The past is what the study's data hold before the first wave, or the offices never trained; for a study without
    [rollout] it is everything. Only a certificate of a lottery is written, once; if it exists, it is verified.

    Raises
    ------
    StudyError
        There is no [plan], a key or scenario does not fit, or the past cannot be had.
    """
    place = Place(study.file, "plan")
    asked = _asked(study, place)
    scenario = {key: asked.grid[key] for key in _GRID if key in asked.grid}
    with noted() as said, _telling(place):
        ready = prepared(study)
        power = _power(study, _past(study, ready, asked.said.get("past", "pre_period")), scenario, asked.said)
        effects = tuple(sorted((-1 if power.direction == "lower" else 1) * abs(e) for e in asked.effects))
        drawn, certificate = _lottery(study, ready, asked.lottery, place) if asked.lottery is not None else (None, None)
    return Planned(power, effects, drawn, certificate, tuple(dict.fromkeys([*ready.notes, *said])))


# ----------------------------------------------------------------------------------------------------- what was asked


@dataclass(frozen=True, eq=False)
class _Asked:
    """The [plan] section: scalars, lists of scenarios, sizes of effect, and the lottery."""

    said: Mapping[str, Any]
    grid: Mapping[str, Sequence[Any]]
    effects: tuple[float, ...]
    lottery: Mapping[str, Any] | None


def _asked(study: Study, place: Place) -> _Asked:
    raw = tomllib.loads(study.file.read_bytes().decode("utf-8-sig"))
    if "plan" not in raw:
        raise StudyError(
            f"{study.file.as_posix()} has no [plan]. Say which studies are thought of, for instance: "
            "[plan] treated = [8, 14], waves = [1, 3], months = [24, 36], reps = 500, seed = 2026."
        )
    table = dict(raw["plan"])
    lottery = table.pop("lottery", None)
    effects = tuple(float(e) for e in _numbers(table.pop("effects", []), "effects", place, whole=False))
    grid = {}
    for key in _GRID:
        if key in table:
            grid[key] = _grid(table.pop(key), key, place)
        elif key != "offices":
            raise place.refuse(f"{key!r} is missing. Expected a whole number, or a list of them.")
    unknown = [key for key in table if key not in _PLAN.types]
    if unknown:
        known = (*_PLAN.types, *_GRID, "effects", "lottery")
        raise place.refuse(f"{unknown[0]!r} is not a key here.{nearest(unknown[0], known)} Keys: {', '.join(known)}.")
    said = dict(values(table, _PLAN, place))
    if "direction" not in said and study.outcome.name not in _DIRECTION:
        raise place.refuse(
            f"'direction' is missing: whether {study.outcome.name!r} is hoped to be lower or higher cannot be told."
        )
    return _Asked({"direction": _DIRECTION.get(study.outcome.name), **said}, grid, effects, lottery)


def _grid(value: object, key: str, place: Place) -> list[Any]:
    """Return a list of whole numbers; in `waves` an inner list holds the months before each wave begins."""
    items = value if isinstance(value, list) else [value]
    inner = [item for item in items if isinstance(item, list)]
    if key != "waves" and inner:
        raise place.refuse(f"{key} = {value!r}; expected a whole number, or a list of them.")
    return [
        tuple(_numbers(item, key, place, whole=True))
        if isinstance(item, list)
        else _numbers([item], key, place, whole=True)[0]
        for item in items
    ]


def _numbers(value: object, key: str, place: Place, *, whole: bool) -> list[Any]:
    kinds: tuple[type, ...] = (int,) if whole else (int, float)
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, bool) or not isinstance(item, kinds) for item in items):
        raise place.refuse(f"{key} = {value!r}; expected {'whole numbers' if whole else 'numbers'}.")
    return items


@contextmanager
def _telling(place: Place) -> Iterator[None]:
    """Say in which file and section an error has its cause."""
    try:
        yield
    except StudyError:
        raise
    except AsnImpactError as problem:
        raise place.refuse(str(problem)) from problem


# --------------------------------------------------------------------------------------------------------- the answer


def _past(study: Study, ready: Prepared, which: str) -> Panel:
    from asn_impact.planning.power import never_treated, pre_period

    if study.rollout is None:
        return ready.panel
    if ready.design is None:
        assert ready.refusal is not None
        raise Place(study.file, "plan").refuse(
            f"the months before training cannot be told from those after: {ready.refusal['en']}"
        )
    return never_treated(ready.design) if which == "never_treated" else pre_period(ready.design)


def _power(study: Study, panel: Panel, scenario: Mapping[str, Any], said: Mapping[str, Any]) -> Power:
    from asn_impact.planning.power import detectable

    given: dict[str, Any] = {key: said[key] for key in ("direction", "power", "reps", "seed") if key in said}
    return detectable(
        panel,
        cluster=study.cluster,
        estimator=study.estimator.made(),
        rule=study.rule.made(),
        weights=study.weights,
        level=study.level,
        **scenario,
        **given,
    )


def _lottery(study: Study, ready: Prepared, table: Any, place: Place) -> tuple[Lottery, Path | None]:  # noqa: ANN401
    from asn_impact.designs.lottery import draw_waves, read_certificate, verify

    inside = place.inside("lottery")
    if not isinstance(table, dict):
        raise place.refuse(f"lottery = {table!r}; expected a section [plan.lottery].")
    rest = dict(table)
    missing = [key for key in ("waves", "sizes", "seed") if key not in rest]
    if missing:
        raise inside.refuse(f"{missing[0]!r} is missing. Expected waves, sizes, seed and drawn_on.")
    waves, sizes, seed = (rest.pop(key) for key in ("waves", "sizes", "seed"))
    said = values(rest, _LOTTERY, inside)
    with _telling(inside):
        frame, unit = _offices(study, ready, said, inside)
        drawn = draw_waves(
            frame,
            unit=unit,
            strata=said.get("strata"),
            waves=waves,
            sizes=sizes,
            seed=seed,
            drawn_on=said["drawn_on"],
        )
        if "certificate" not in said:
            return drawn, None
        path = study.file.parent / said["certificate"]
        if not path.exists():
            return drawn, drawn.save(path)
        if read_certificate(path) != drawn.certificate():
            verify(read_certificate(path), frame)
            raise inside.refuse(
                f"{path.name} is the certificate of another draw. A lottery is drawn once: "
                "name another file for another."
            )
        return drawn, path


def _offices(study: Study, ready: Prepared, said: Mapping[str, Any], place: Place) -> tuple[pd.DataFrame, str]:
    """Return who takes part, one row each: a file of offices, or the clusters not trained so far."""
    import pandas as pd

    if "path" in said:
        from asn_impact.intake.exports import explaining, gather

        if "unit" not in said:
            raise place.refuse("'unit' is missing. Expected the column of the file that names the offices.")
        path = located(said["path"], place)
        names = tuple(said[key] for key in ("unit", "strata") if key in said)
        with explaining(path):
            rows = gather(path, (), columns={n: n for n in names}, dates=None, keep=names, required=())
            return pd.DataFrame(rows.frame.select(*names).collect().to_pandas()), said["unit"]
    panel = ready.panel if ready.design is None else ready.design.panel
    attributes = panel.attributes
    if ready.design is not None:
        import numpy as np

        trained = set(ready.design.cluster[np.isfinite(ready.design.adopted)].tolist())
        attributes = attributes.loc[[c not in trained for c in ready.design.cluster]]
    columns = list(dict.fromkeys([study.cluster, *([said["strata"]] if "strata" in said else [])]))
    unknown = [name for name in columns if name not in attributes.columns]
    if unknown:
        raise place.refuse(
            f"{unknown[0]!r} is not an attribute of the units.{nearest(unknown[0], attributes.columns)} Available: "
            f"{', '.join(map(str, attributes.columns))}; or name a file of offices with path and unit."
        )
    return attributes[columns].drop_duplicates().reset_index(drop=True), study.cluster


def _block(title: str, table: pd.DataFrame) -> str:
    return f"{title}\n{table.round(3).to_string(index=False)}"
