"""A claim as a notebook: the calls of the library that the study made, its values filled in, to go on from."""

from __future__ import annotations

import dataclasses
import datetime as dt
import inspect
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asn_impact.study.counted import asked_of_records
from asn_impact.study.evidence import source_of
from asn_impact.study.happened import RISE
from asn_impact.study.measured import flag_of
from asn_impact.study.named import cells_asked
from asn_impact.study.prepared import asked_of_training
from asn_impact.study.stepped import SHOWN, asked_of_log, asked_of_split
from asn_impact.words import Language, Message, spoken_of

if TYPE_CHECKING:
    from asn_impact.reporting.findings import Finding
    from asn_impact.study.claims import Claim
    from asn_impact.study.keys import Setting
    from asn_impact.study.settings import Study

WIDTH: Final = 88
LITERAL: Final = ("records", "steps", "survey", "observations", "survey_recap")


@dataclass(frozen=True, eq=False)
class Notebook:
    """The cells of a notebook: a text above each, and its lines ("" for a text alone)."""

    cells: tuple[tuple[Message, str], ...]

    def written(self, language: Language) -> bytes:
        """Return the notebook, not run yet."""
        import nbformat

        form: Any = nbformat  # it has no types
        cells = []
        for number, (text, lines) in enumerate(self.cells, start=1):
            cells.append(form.v4.new_markdown_cell(text.text(language).text, id=f"text-{number:02d}"))
            if lines:
                cells.append(form.v4.new_code_cell(lines, id=f"code-{number:02d}"))
        return f"{form.writes(form.v4.new_notebook(cells=cells)).rstrip()}\n".encode()


def notebook_of(claim: Claim, finding: Finding, folder: Path, language: Language, *, opened: bool = False) -> Notebook:
    """Return the notebook of a claim, as it will lie in `folder`.

    What the library's own calls cannot say (`opened`: nothing before the estimate) is taken from the study file.
    """
    writer = _Writer(claim, finding, folder, language, opened)
    return Notebook(tuple(writer.cells()))


@dataclass(frozen=True)
class _Writer:
    claim: Claim
    finding: Finding
    folder: Path
    language: Language
    opened: bool

    @property
    def study(self) -> Study:
        return self.claim.study

    def cells(self) -> Iterator[tuple[Message, str]]:
        """Give every cell, from the files to the number of the report."""
        measure = self.finding.measure or self.study.outcome.name
        yield Message("notebook.claim.title", asks=self.claim.label, measure=measure), self._start()
        if self.finding.inference is None:
            yield from self._of_two() if self.finding.value is not None else self._nothing()
            return
        yield from self._design()
        estimator, rule = self.study.estimator.made(), self.study.rule.made()
        lines = [f"effects = {_literal(estimator, self._path)}(design)", f"rule = {_literal(rule, self._path)}"]
        yield (
            Message("notebook.claim.effect"),
            "\n".join([*lines, "answer = ai.infer(effects.overall(), rule)", f"answer.table({self.study.level:g})"]),
        )
        if self.finding.scrutiny is not None:
            call = f"scrutiny = programme.scrutinise({_literal(self.claim.id)}, effects, rule=rule)"
            lines = [call, f"ai.tables.checks(scrutiny).to_frame({_literal(self.language)})"]
            yield Message("notebook.claim.checks"), "\n".join(lines)
        grade = "" if self.finding.scrutiny is None else ", grade=scrutiny.grade"
        yield from self._steps(grade)
        if self.finding.events is not None:
            lines = [
                "by_time = ai.infer(effects.event_study(), rule)",
                f"ai.figures.event_study(by_time{grade}{self._look()})",
            ]
            yield Message("notebook.time"), "\n".join(lines)
        last = f"ai.tables.results(answer, level={self.study.level:g}).to_frame({_literal(self.language)})"
        yield Message("notebook.claim.last"), last

    def _steps(self, grade: str) -> Iterator[tuple[Message, str]]:
        """Give where the days of a wait went, for a claim on a log of steps."""
        changes: Any = self.finding.value
        if changes is None:
            return
        lines = [self._found(), "changes = finding.value"]
        if self._is_literal():
            from asn_impact.topics.clocks.split import split_days
            from asn_impact.topics.clocks.step_log import read_step_log

            given = asked_of_log(self.study)
            path = _literal(given.pop("source"), self._path)
            waiting = {"waiting": "next"} if any(note.key == "clocks.days_next" for note in changes.notes) else {}
            how = {**asked_of_split(self.study), **SHOWN, **waiting}
            outcome = _literal(self.study.outcome.made(), self._path)
            lines = [
                f"log = {self._call('ai.read_step_log', read_step_log, given, path)}",
                f"split = {self._call('ai.split_days', split_days, how, 'log', 'calendar', outcome)}",
                "changes = ai.changes_by_step(answer, split)",
            ]
        shown = f"ai.tables.days_by_step_table(changes).to_frame({_literal(self.language)})"
        yield Message("notebook.claim.steps"), "\n".join([*lines, shown])
        yield Message("notebook.claim.steps_drawn"), f"ai.figures.days_by_step(changes{grade}{self._look()})"

    def _nothing(self) -> Iterator[tuple[Message, str]]:
        why = self.finding.refusal or Message("programme.several_terms")
        yield Message("notebook.claim.nothing", why=why), f"{self._found()}\nprogramme.matrix([finding]{self._in()})"

    def _of_two(self) -> Iterator[tuple[Message, str]]:
        """Give what rests on the effect of another claim: groups, or costs and what they gave back."""
        from asn_impact.topics.planning.returns import returns

        said = self.finding.said[0] if self.finding.refusal is None else self.finding.refusal
        why, table = spoken_of(said, self.finding.nouns), f".table({self.study.level:g})"
        worth, back = self.claim.worth, self.finding.value
        if worth is None:
            yield Message("notebook.claim.groups", why=why), f"{self._found()}\nfinding.value{table}"
            return
        asked = {"match": worth.course, "others": worth.others}
        read = self._of_setting(worth.costs, worth.costs.arguments(source=worth.costs.parameters["path"], **asked))
        yield Message("notebook.claim.costs"), f"costs = {read}\ncosts"
        names = ("cases_per_month", "value_of_a_day", "years", "discount", "seed", "fade_half_life", "across_offices")
        choices = {"reps": len(back.draws), **{name: getattr(back, name) for name in names}}
        call = self._call("ai.returns", returns, choices, "answer", "costs")
        say = f'print(*back.sentences({_literal(self.language)}), sep="\\n")'
        lines = [self._found(), "answer = finding.value.inference", f"back = {call}", say]
        yield Message("notebook.claim.worth", why=why), "\n".join(lines)
        yield Message("notebook.claim.last"), f"back{table}"

    def _in(self) -> str:
        return f", language={_literal(self.language)}"

    def _look(self) -> str:
        return f"{self._in()}, source=source"

    def _start(self) -> str:
        home = os.path.relpath(self.study.file.parent.resolve(), self.folder.resolve())
        opened = f"programme = ai.open_study(here / {_literal(self.study.file.name)})"
        lines = ("from pathlib import Path", "", "import asn_impact as ai", "")
        source = f"source = {_literal(source_of(self.study).text(self.language).text)}"
        return "\n".join([*lines, f"here = Path({_literal(Path(home).as_posix())})", source, opened, "programme"])

    def _found(self) -> str:
        return f"finding = programme[{_literal(self.claim.id)}]"

    def _path(self, path: Path) -> str:
        """Return a file as it is found from the folder of the study."""
        name = os.path.relpath(path.resolve(), self.study.file.parent.resolve())
        return f"here / {_literal(Path(name).as_posix())}"

    def _call(self, name: str, target: Callable[..., Any], given: Mapping[str, Any], *first: str) -> str:
        usual = {n: p.default for n, p in inspect.signature(target).parameters.items()}
        kept = {n: v for n, v in given.items() if not _same(v, usual.get(n)) and (v or v == 0)}
        return _written(name, [*first, *(f"{n}={_literal(v, self._path)}" for n, v in kept.items())])

    # ------------------------------------------------------------------------------------------ before the estimate

    def _design(self) -> Iterator[tuple[Message, str]]:
        from asn_impact.designs import assign

        study, shown = self.study, f"ai.figures.who_is_compared(design{self._look()})"
        if not self._is_literal():
            lines = [self._found(), "panel, design = finding.panel, finding.design", shown]
            yield Message("notebook.claim.opened"), "\n".join(lines)
            return
        yield from self._panel()
        choices = {"cluster": study.cluster, "weights": study.weights, "by": study.by, "partly": study.partly}
        together = self._call("ai.assign", assign, choices, "panel", "rollout")
        yield Message("notebook.training"), "\n".join([f"rollout = {self._training()}", f"design = {together}", shown])

    def _is_literal(self) -> bool:
        """Return whether the library's own calls say all that is done before the estimate."""
        study = self.study
        renamed = study.data.name not in {"records", "steps"} and study.data.parameters.get("offices")
        other = renamed or study.cells or study.outcome.name == RISE or self.opened
        trained = study.rollout is not None and study.rollout.name == "training"
        return study.data.name in LITERAL and trained and not other

    def _training(self) -> str:
        assert self.study.rollout is not None
        return self._of_setting(self.study.rollout, asked_of_training(self.study))

    def _of_setting(self, setting: Setting, given: Mapping[str, Any]) -> str:
        """Return the call of what a table becomes; files come first."""
        home = setting.keys.home
        assert home is not None
        rest = {name: value for name, value in given.items() if name != "source"}
        first = [_literal(given["source"], self._path)] if "source" in given else []
        return self._call(f"ai.{home.__qualname__}", home, rest, *first)

    def _panel(self) -> Iterator[tuple[Message, str]]:
        study = self.study
        if study.data.name == "survey_recap":
            from asn_impact.topics.surveys.satisfaction import satisfaction_panel

            read = self._of_setting(study.data, study.data.arguments(source=study.data.parameters["path"]))
            yield Message("notebook.claim.files"), f"recap = {read}\nrecap"
            of = {"of": study.outcome.made().column}
            yield (
                Message("notebook.claim.cells"),
                f"panel = {self._call('ai.satisfaction_panel', satisfaction_panel, of, 'recap')}\npanel",
            )
            return
        records = "cases" if study.data.name in {"records", "steps"} else "records"
        yield (
            Message("notebook.claim.files"),
            f"{records} = {self._of_setting(study.data, asked_of_records(study))}\n{records}",
        )
        lines = self._times() if records == "cases" else []
        yield Message("notebook.claim.cells"), "\n".join([*lines, *self._cells("times" if lines else records), "panel"])

    def _times(self) -> list[str]:
        """Return the lines that count the days of cases."""
        from asn_impact.measures.durations import measure

        calendar, given = self.study.calendar, self.study.calendar.parameters
        made = self._of_setting(calendar, calendar.arguments())
        choices: dict[str, Any] = {"clock": given.get("clock", "working_days")}
        if choices["clock"] == "working_hours":
            own = tuple(opening.made() for opening in given.get("hours", ()))
            made += f".hours({'own=' + _literal(own) if own else ''})"
            choices = {"times": given.get("times", {})}
        return [f"calendar = {made}", f"times = {self._call('ai.measure', measure, choices, 'cases', 'calendar')}"]

    def _cells(self, records: str) -> list[str]:
        """Return the lines that make the column of the outcome where it needs one, and the panel."""
        from asn_impact.measures.tabulate import tabulate

        outcome, given = self.study.outcome.made(), self.study.outcome.parameters
        lines = []
        if self.study.outcome.name == "share" and "is" in given:
            outcome = dataclasses.replace(outcome, column=flag_of(self.study.outcome))
            words = [f"column={_literal(given['column'])}", f"true={_literal(given['is'])}"]
            lines = [f"{records} = {_written('ai.with_flag', [records, *words, f'name={_literal(outcome.column)}'])}"]
        elif self.study.outcome.name == "days_between":
            span = [f"{key}={_literal(given[key])}" for key in ("start", "end", "horizon")]
            lines = [f"{records} = {_written('ai.with_days', [records, *span, f'name={_literal(outcome.column)}'])}"]
        elif self.study.outcome.name == "kept":
            lines = self._kept(records, given["promises"])
        counted = self._call("ai.tabulate", tabulate, cells_asked(self.study), records, _literal(outcome, self._path))
        return [*lines, f"panel = {counted}"]

    def _kept(self, records: str, promises: Path) -> list[str]:
        clock = self.study.calendar.parameters.get("clock", "working_days")
        read = f"ai.read_promises({_literal(promises, self._path)})"
        if clock == "working_hours":
            return [f"{records} = ai.kept({records}, {read})"]
        other = "calendar_days" if clock == "working_days" else "working_days"
        beside = f'(times, ai.measure(cases, calendar, clock="{other}"))'
        return [f"promises = {read}", f"{records} = ai.kept({beside}, promises)"]


# --------------------------------------------------------------------------------------------------------- literals


def _literal(value: Any, path: Callable[[Path], str] = str) -> str:  # noqa: ANN401 - whatever a study file holds
    """Return a value as Python writes it.

    Examples
    --------
    >>> from asn_impact.measures.outcomes import RestrictedMean
    >>> _literal(RestrictedMean(30)), _literal(("Daring",)), _literal(dt.date(2025, 12, 31))
    ('ai.RestrictedMean(30)', '("Daring",)', '"2025-12-31"')
    """
    if isinstance(value, Path):
        return path(value)
    if isinstance(value, Message):
        gaps = [f"{name}={_literal(one)}" for name, one in value.values]
        return _written("ai.Message", [_literal(value.key), *gaps])
    if dataclasses.is_dataclass(value):
        return _constructed(value, path)
    if isinstance(value, dt.date):
        return _literal(value.isoformat())
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return _enclosed("{", [f"{_literal(k)}: {_literal(v, path)}" for k, v in value.items()], "}")
    if isinstance(value, tuple | list):
        items = [_literal(one, path) for one in value]
        return _enclosed("(", items, ",)" if len(items) == 1 else ")")
    return repr(value)


def _constructed(value: Any, path: Callable[[Path], str]) -> str:  # noqa: ANN401 - a dataclass
    """Return the call that makes a value: what is usual is not written."""
    parts = []
    for field in sorted(dataclasses.fields(value), key=lambda one: bool(one.kw_only)):
        own = getattr(value, field.name)
        usual = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        if field.init and not _same(own, usual):
            name = "" if usual is dataclasses.MISSING and not field.kw_only else f"{field.name}="
            parts.append(f"{name}{_literal(own, path)}")
    return _written(f"ai.{type(value).__name__}", parts)


def _same(value: object, usual: object) -> bool:
    return value is usual or (type(value) is type(usual) and value == usual)


def _written(name: str, arguments: list[str]) -> str:
    return _enclosed(f"{name}(", arguments, ")")


def _enclosed(start: str, items: list[str], end: str) -> str:
    """Return items between brackets, one a line where they do not fit on one."""
    line = f"{start}{', '.join(items)}{end}"
    if len(line) <= WIDTH - 12 and "\n" not in line:
        return line
    inner = "".join("    " + item.replace("\n", "\n    ") + ",\n" for item in items)
    return f"{start}\n{inner}{end.removeprefix(',')}"
