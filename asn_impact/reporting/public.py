"""Public cells: what anyone needs to compute every estimate again, without a cell that points at few.

An estimate needs of the records only the cells: how many, their mean, their weight. Cells of one to nine are merged or
left out by the rule of the release, and what that costs is a number. The zip holds them with the rollout and a study
file: ``asn-impact run`` in its folder gives the same numbers.
"""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import DesignError, InputError
from asn_impact.estimation import ESTIMATORS, RULES, Inference
from asn_impact.intake.written import shielded
from asn_impact.measures.panel import Panel
from asn_impact.reporting.gate import MINIMUM, dominated, release
from asn_impact.reporting.recoding import counts_records
from asn_impact.verbs import public_verb
from asn_impact.words import Message

CELLS_ZIP: Final = "cells.zip"
OFTEN: Final = 0.2  # share of thin cells from which on a unit is merged with others of its wave, or loses the cells
DAY_ONE: Final = (1980, 1, 1, 0, 0, 0)  # the first a zip file can name: the same bytes on every day


@public_verb
def public_cells(design: Design) -> Design:
    """Return the design with cells that may be published: every cell holds nobody, or ten and more.

    Units that are thin in more than a fifth of their periods stand together with others of their wave, each still
    counting with its weight; a merged cell that is still thin, or of which the two largest members leave less than a
    tenth of the largest, is left out. So is any other cell of one to nine. What is left out altogether is nobody, or at
    least ten and one more for each cell: the number of rows kept gives none of them back.

    Parameters
    ----------
    design
        From `assign`. One whose cells are no sums over records comes back as it is.

    Raises
    ------
    DesignError
        Nothing is left to compare.

    Examples
    --------
    >>> from asn_impact.measures.panel import read_panel
    >>> from asn_impact.intake.readers.training import Rollout
    >>> from asn_impact.designs import assign
    >>> cells = [(office, year, n) for office, n in zip("ABCDEF", (40, 3, 50, 60, 55, 45)) for year in (2023, 2024)]
    >>> frame = pd.DataFrame(cells, columns=["office", "year", "n"]).assign(days=7.0)
    >>> panel = read_panel(frame, unit="office", period="year", outcome="days", sizes="n")
    >>> design = assign(panel, Rollout(pd.Series({"A": 2024, "D": 2024})), cluster="office")
    >>> public_cells(design).panel.n.tolist()
    [[40.0, 40.0], [60.0, 60.0], [153.0, 153.0]]
    """
    if not counts_records(design.panel):
        return design
    groups = _groups(design)
    panel = _merged_panel(design, groups)
    panel = _without(panel, _left_out(design.panel, panel, groups))
    first = np.array([members[0] for members in groups])
    made = replace(design, panel=panel, adopted=design.adopted[first], cluster=design.cluster[first])
    made = _named_clusters(made, groups)
    stays: Bool = np.asarray(panel.observed.any(axis=1))
    made = made if stays.all() else made.where(stays)
    if not np.isfinite(made.adopted).any() or len(np.unique(made.adopted)) < 2:
        raise DesignError(Message("release.nothing_left"))
    lost = int(design.panel.n.sum() - made.panel.n.sum())
    merged = sum(len(members) for members in groups if len(members) > 1)
    note = Message("release.cells", merged=merged, units=len(design.panel.units), lost=lost, least=MINIMUM)
    return replace(made, notes=(*made.notes, note) if merged or lost else made.notes)


def _groups(design: Design) -> list[Int]:
    """Return the units of each public unit, those merged together last of their wave."""
    n = design.panel.n
    thin = (n > 0) & (n < MINIMUM)
    often = thin.sum(axis=1) > OFTEN * np.maximum((n > 0).sum(axis=1), 1)
    coarse = len(design.clusters) < len(design.panel.units)
    cluster = design.cluster if coarse else np.zeros(len(n), dtype=np.int64)
    apart = pd.Series(list(zip(design.adopted, cluster, strict=True)))
    groups: list[Int] = []
    kinds = np.asarray(pd.factorize(apart)[0])
    for members in (np.flatnonzero(kinds == kind) for kind in range(int(kinds.max(initial=-1)) + 1)):
        order = members[np.argsort(n[members].sum(axis=1), kind="stable")]
        pool = [u for u in order if often[u]]
        others = [u for u in order if not often[u]]
        while pool and others and dominated(n[pool].sum(axis=1), k=1.0):
            pool.append(others.pop(0))
        pool = [] if dominated(n[pool].sum(axis=1), k=1.0) else pool  # of two each would know the other
        groups += [np.array([u]) for u in members if u not in set(pool)]
        groups += [np.sort(np.array(pool))] if pool else []
    return sorted(groups, key=lambda members: (len(members) > 1, int(members[0])))


def _merged_panel(design: Design, groups: list[Int]) -> Panel:
    """Return the panel of the public units: weights are added up, means are means over members by weight."""
    panel, p = design.panel, len(design.panel.covariates)
    names = [_name(design, members) for members in groups]
    weight = np.where(panel.observed, panel.weight, 0.0)
    values = np.concatenate([np.nan_to_num(panel.mean)[:, :, None], np.nan_to_num(panel.x)], axis=2)
    n, total = (np.stack([array[members].sum(axis=0) for members in groups]) for array in (panel.n, weight))
    sums = np.stack([(weight[members][:, :, None] * values[members]).sum(axis=0) for members in groups])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums / total[:, :, None]
    within = [_within(panel, members, values, mean[k]) for k, members in enumerate(groups)]
    traits = panel.attributes.iloc[[int(members[0]) for members in groups]].reset_index(drop=True)
    own = [column for column in traits if tuple(panel.attributes[column]) == panel.units]
    return replace(
        panel,
        units=tuple(names),
        n=n,
        mean=mean[:, :, 0],
        weight=total,
        within=np.stack(within),
        x=mean[:, :, 1:] if p else np.zeros((0, 0, 0)),
        attributes=traits.assign(**{str(column): names for column in own}),
        unusable=(),
    )


def _name(design: Design, members: Int) -> Any:  # noqa: ANN401 - a label as given, or ours
    if len(members) == 1:
        return design.panel.units[int(members[0])]
    when = design.cohort_label(float(design.adopted[members[0]]))
    alike = len(set(design.cluster[members].tolist())) == 1
    return f"other ({when})" if not alike else f"other ({design.clusters[design.cluster[members[0]]]}, {when})"


def _within(panel: Panel, members: Int, values: Float, mean: Float) -> Float:
    """Return centred cross-products of a merged cell: those inside its members, and between them."""
    away = np.nan_to_num(values[members] - mean[None])
    between = np.einsum("ut,utp,utq->tpq", panel.n[members], away, away) if len(members) > 1 else 0.0
    return np.asarray(panel.within[members].sum(axis=0) + between)


def _left_out(before: Panel, panel: Panel, groups: list[Int]) -> Bool:
    """(K, T) True for cells that are not shown: thin, dominated, and those beside which these could be worked out."""
    out = (panel.n > 0) & (panel.n < MINIMUM)
    for k, members in enumerate(groups):
        if len(members) > 1:
            parts = before.n[members]
            out[k] |= [bool(parts[:, t].any()) and dominated(parts[:, t], k=1.0) for t in range(parts.shape[1])]
    rest = iter(np.argsort(np.where(out | (panel.n == 0), np.inf, panel.n), axis=None))
    while out.any() and not out[panel.n > 0].all() and panel.n[out].sum() < MINIMUM + out.sum():
        out.flat[next(rest)] = True
    return np.asarray(out)


def _without(panel: Panel, cells: Bool) -> Panel:
    return replace(
        panel,
        n=np.where(cells, 0.0, panel.n),
        mean=np.where(cells, np.nan, panel.mean),
        weight=np.where(cells, 0.0, panel.weight),
        within=np.where(cells[:, :, None, None], 0.0, panel.within),
    )


def _named_clusters(design: Design, groups: list[Int]) -> Design:
    """Return the design in which a merged unit is its own cluster, where every unit was one."""
    codes, cluster = np.unique(design.cluster, return_inverse=True)
    labels = [design.clusters[code] for code in codes]
    for k, members in enumerate(groups):
        if len(members) > 1 and np.count_nonzero(cluster == cluster[k]) == 1:
            labels[cluster[k]] = design.panel.units[k]
    return replace(design, cluster=cluster, clusters=tuple(labels))


# ------------------------------------------------------------------------------------------------------ the zip


def cells_zip(inference: Inference, *, title: str, source: str, level: float) -> bytes:
    """Return the zip of an answer: ``cells.csv``, ``rollout.csv`` and ``study.toml``, through the gate.

    Raises
    ------
    InputError
        A cell holds one to nine records.
    PrivacyError
        A label looks like the number of a person.
    """
    design = inference.effects.design
    n = design.panel.n
    if counts_records(design.panel) and ((n > 0) & (n < MINIMUM)).any():
        raise InputError(Message("release.cells_small", n=int(((n > 0) & (n < MINIMUM)).sum()), least=MINIMUM))
    files = {
        "cells.csv": _cells_csv(inference),
        "rollout.csv": _rollout_csv(design),
        "study.toml": _study(inference, title=title, source=source, level=level),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            counts = ("n",) if counts_records(design.panel) else ()
            release(text, name if name.endswith(".csv") else f"{name}.txt", counts=counts)
            archive.writestr(zipfile.ZipInfo(name, DAY_ONE), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _outcome_column(inference: Inference) -> str:
    return str(inference.effects.design.panel.outcome.name)


def _cells_csv(inference: Inference) -> str:
    design = inference.effects.design
    panel = design.panel
    frame = panel.frame().rename(columns={"mean": _outcome_column(inference)})
    place = {unit: i for i, unit in enumerate(panel.units)}
    at = np.array([place[unit] for unit in frame["unit"]], dtype=np.int64)
    if design.weights == "records":  # the study multiplies by the number of records again
        frame = frame.assign(weight=frame["weight"] / frame["n"])
    frame = frame.assign(n=frame["n"].astype(np.int64), cluster=[design.clusters[g] for g in design.cluster[at]])
    for name in _attributes(inference):
        frame[name] = panel.attributes[name].to_numpy()[at]
    texts = frame.map(lambda cell: shielded(cell) if isinstance(cell, str) else cell)
    return texts.to_csv(index=False, float_format="%.17g", lineterminator="\n")


def _rollout_csv(design: Design) -> str:
    starts = [design.cohort_label(step) if np.isfinite(step) else "" for step in design.adopted]
    frame = pd.DataFrame({"unit": list(map(str, design.panel.units)), "adopted": starts})
    return frame.map(shielded).to_csv(index=False, lineterminator="\n")


def _attributes(inference: Inference) -> list[str]:
    """Return the attributes of units that the estimator or the rule names."""
    named = {value for home in (inference.effects.estimator, inference.rule) for value in _texts(home)}
    return [str(c) for c in inference.effects.design.panel.attributes.columns if str(c) in named - {"unit", "cluster"}]


def _texts(home: Any) -> Iterable[str]:  # noqa: ANN401 - an estimator or a rule
    for field in dataclasses.fields(home):
        value = getattr(home, field.name)
        if isinstance(value, str):
            yield value
        elif dataclasses.is_dataclass(value):
            yield from _texts(value)


def _study(inference: Inference, *, title: str, source: str, level: float) -> str:
    """Return the study file that runs on the cells."""
    design = inference.effects.design
    outcome = design.panel.outcome
    better = {"better": outcome.better} if outcome.better is not None else {}
    attributes = {"attributes": ["cluster", *_attributes(inference)]}
    covariates = {"covariates": list(design.panel.covariates)} if design.panel.covariates else {}
    columns = {"unit": "unit", "period": "period", "weights": "weight", "sizes": "n"}
    data = {"kind": "panel", "path": "cells.csv", "columns": columns, "numbers": "1,234.56"}
    sections: dict[str, Mapping[str, Any]] = {
        "study": {"title": title, "source": source},
        "data": {**data, **attributes, **covariates},
        "outcome": {"kind": "mean", "column": _outcome_column(inference), "unit": outcome.unit, **better},
        "rollout": {"kind": "panel", "path": "rollout.csv", "unit": "unit", "adopted": "adopted"},
        "design": {"cluster": "cluster", "weights": design.weights},
        "estimator": _chosen("name", inference.effects.estimator, ESTIMATORS, {}),
        "inference": {**_chosen("rule", inference.rule, RULES, {"rule": "errors"}), "level": level},
    }
    return "\n".join(
        f"[{name}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in section.items())
        for name, section in sections.items()
    )


def _chosen(key: str, value: Any, known: Mapping[str, type], names: Mapping[str, str]) -> dict[str, Any]:  # noqa: ANN401
    """Return a choice as a study writes it: its word, and the parameters that are not as usual."""
    word = next(name for name, home in known.items() if type(value) is home)
    table: dict[str, Any] = {key: word}
    for field in dataclasses.fields(value):
        own = getattr(value, field.name)
        usual = field.default_factory() if callable(field.default_factory) else field.default
        if not field.init or own is None or own == usual:
            continue
        if type(own) in ESTIMATORS.values():
            own = _chosen("name", own, ESTIMATORS, {})
        elif type(own) in RULES.values():
            own = _chosen("rule", own, RULES, names)
        table[names.get(field.name, field.name)] = own
    return table


def _toml(value: Any) -> str:  # noqa: ANN401 - what a study file holds
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, np.generic):
        value = value.item()
    return json.dumps(value, ensure_ascii=False)
