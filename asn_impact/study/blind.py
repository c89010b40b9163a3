"""A blind run: everything is computed and written as it will be, with the training dealt out anew among the offices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from asn_impact.words import Message

if TYPE_CHECKING:
    import pandas as pd

    from asn_impact.intake.readers.rollout import Rollout
    from asn_impact.study.gains import Tests
    from asn_impact.study.settings import Study

BLIND: Final = "_blind"  # behind the name of the folder of results


def blinded(study: Study, seed: int) -> Study:
    """Return a study that knows who was trained no better than chance, with a folder of its own.

    Notebooks are not run, and no cells or second figures leave: they would show the training as it was.
    """
    folder = study.folder.with_name(study.folder.name + BLIND)
    return replace(study, blind=seed, folder=folder, notebooks=(), figures=None, cells=False)


def dealt_anew(rollout: Rollout, labels: Sequence[object], seed: int) -> Rollout:
    """Return a rollout in which every unit of a panel has the training of another one, drawn by a seed.

    A whole history goes from one unit to another: month, doses, status and provider. As many are trained, in the same
    waves.
    """
    units = sorted(dict.fromkeys(labels), key=str)
    order = [units[i] for i in np.random.default_rng(abs(seed)).permutation(len(units))]
    other = dict(zip(order, [*order[1:], *order[:1]], strict=True))  # a circle: none stays but where all are alike
    return replace(
        rollout,
        adopted=rollout.adopted.rename(index=other),
        doses=_of_others(rollout.doses, "office", other),
        status=_of_others(rollout.status, "unit", other),
        providers=None if rollout.providers is None else rollout.providers.rename(index=other),
    )


def turned_at_random(tests: Tests, seed: int) -> Tests:
    """Return tests of persons with before and after exchanged for about half: what was gained cannot be seen."""
    turned = np.random.default_rng(abs(seed)).random(len(tests.before)) < 0.5
    before, after = np.where(turned, (tests.after, tests.before), (tests.before, tests.after))
    return replace(tests, before=before, after=after)


def said_of(study: Study, text: Message) -> Message:
    """Return a title or a source with what every page must say: made-up data, or a blind run.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from asn_impact.words import verbatim
    >>> str(said_of(SimpleNamespace(synthetic=True, blind=None), verbatim("Demo")))
    'Demo (synthetic data)'
    """
    text = Message("study.synthetic", text=text) if study.synthetic else text
    return text if study.blind is None else Message("study.blind", text=text)


def _of_others(frame: pd.DataFrame | None, column: str, other: dict[object, object]) -> pd.DataFrame | None:
    return None if frame is None else frame.assign(**{column: frame[column].map(lambda unit: other.get(unit, unit))})
