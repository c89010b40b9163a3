"""Regencies with a dozen files and three courses, one of which changed something: what a programme says of each claim.

    python benchmarks/programmes.py                          # 30 seeds of both layouts, 5 through files, 2 to pages
    python benchmarks/programmes.py --files 30 --pages 0     # all of them through their files: an hour
    python benchmarks/programmes.py --only sixteen --seeds 300 --files 0 --pages 0

Files are written as offices keep them (`synthetic.programme`), and the study is ten lines and the claims. Three
questions: how often an interval holds the truth (27 of 30 and more), how often a claim without an effect is claimed
(family-wise p below 0.05 in under 5 % of the regencies), and how often a page names a course or an office that is not
its own (never). The first two are counted on records as they were drawn, which are tabulated, compared and inferred as
a study does; ``--files`` says of how many seeds the study itself is read from its files and must give the same numbers
to nine digits, ``--pages`` of how many the whole run is done.
"""

from __future__ import annotations

import argparse
import html
import re
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import narwhals as nw
import numpy as np
import pandas as pd

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "data"))

import asn_impact as ai  # noqa: E402
from asn_impact.intake.ledger import Ledger  # noqa: E402
from asn_impact.intake.records import Observations  # noqa: E402
from asn_impact.measures.panel import Panel  # noqa: E402
from asn_impact.reporting.family import family_of  # noqa: E402
from asn_impact.reporting.findings import Finding, Role  # noqa: E402
from asn_impact.study.claims import Claim  # noqa: E402
from asn_impact.study.prepared import prepared  # noqa: E402
from asn_impact.study.whole import run_programme  # noqa: E402
from asn_impact.topics.learning.learning import Learning  # noqa: E402
from asn_impact.topics.surveys.answers import SurveyAggregates  # noqa: E402
from asn_impact.topics.surveys.satisfaction import satisfaction_panel  # noqa: E402
from asn_impact.words import verbatim  # noqa: E402
from synthetic.programme import Handed, Layout, Town, hand_over, write_town  # noqa: E402
from synthetic.programme.records import ELEMENTS, HORIZON, LIMITS  # noqa: E402
from synthetic.programme.town import COURSES  # noqa: E402

LAYOUTS: Final[tuple[Layout, ...]] = ("twelve", "sixteen")
CLAIMED: Final = 0.05
LANGUAGES: Final = ("id", "en")


@dataclass(frozen=True)
class Held:
    """A claim against its truth."""

    claim: str
    estimate: float
    low: float
    high: float
    p: float
    truth: float
    none: bool

    @property
    def holds(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low <= self.truth <= self.high


# ------------------------------------------------------------------------------------------ records as they were drawn


def drawn_panels(handed: Handed) -> dict[str, Panel]:
    """Return the panel of every claim from the records as they were drawn: what reading the files must give."""
    calendar, names, tables = ai.WorkCalendar.indonesia(), handed.drawn.names, handed.tables
    as_of = np.datetime64(handed.town.as_of)
    end = int(calendar.number(as_of.reshape(1))[0])

    def counted(table: pd.DataFrame, date: str, columns: Mapping[str, Any], per: str = "month") -> dict[str, Panel]:
        when = pd.DatetimeIndex(table[date])
        plain = {"office": names[table["office"]], "month": np.asarray(12 * when.year + when.month - 1, dtype=np.int32)}
        frame = pd.DataFrame({**plain, "day": np.zeros(len(table), dtype=np.int32), **columns})
        records = nw.from_native(frame).lazy()
        seen = Observations(records, handed.town.as_of, Ledger(len(table), len(table), {}))
        return {c: ai.tabulate(seen, ai.Score(c), per=per) for c in columns}

    def waits(table: pd.DataFrame) -> tuple[Any, Any]:
        begun = calendar.number(table["received"].to_numpy().astype("datetime64[D]"))
        far = pd.Timestamp(handed.town.as_of) + pd.Timedelta(days=999)
        ended = table["decided"].fillna(far).to_numpy().astype("datetime64[D]")
        return end - begun, np.where(table["decided"].isna(), 10_000, calendar.number(ended) - begun)

    def followed(table: pd.DataFrame, enough: Any, per: str) -> pd.DataFrame:
        period = pd.DatetimeIndex(table["received"]).to_period(per)
        return table[pd.Series(enough).groupby(period).transform("all").to_numpy()]

    permits, lapor, paket = tables["permits"], tables["complaints"], tables["projects"]
    since, days = waits(permits)
    limit = permits["service"].map(dict(LIMITS)).to_numpy()
    timed = permits.assign(waktu=np.fmin(days, HORIZON), janji=(days <= limit).astype(float))
    mature, promised = followed(timed, since >= HORIZON, "M"), followed(timed, since >= limit, "M")
    panels = counted(mature, "received", {"waktu": mature["waktu"].to_numpy(float)})
    panels |= counted(promised, "received", {"janji": promised["janji"].to_numpy()})
    panels |= counted(permits, "received", {"daring": permits["online"].to_numpy(float)})
    answers = tables["survey"]
    index = {"puas": 25 * answers[list(ELEMENTS)].mean(axis=1).to_numpy()}
    index |= {f"puas-{e}": answers[e].to_numpy(float) for e in ("persyaratan", "sarana")}
    panels |= counted(answers, "moment", index)
    since, days = waits(lapor)
    answered = followed(lapor.assign(aduan=np.fmin(days, HORIZON)), since >= HORIZON, "Q")
    panels |= counted(answered, "received", {"aduan": answered["aduan"].to_numpy(float)}, "quarter")
    late = np.fmin((paket["ended"] - paket["planned"]).dt.days.fillna(60), 60).to_numpy(float)
    old = (as_of - paket["planned"].to_numpy()).astype("timedelta64[D]").astype(int) >= 60
    panels |= counted(paket[old], "start", {"lambat": late[old]}, "half_year")
    panels |= counted(paket, "start", {"serapan": paket["spent"].to_numpy()}, "half_year")
    recap = tables["recap"]
    first = 12 * recap["year"] + 6 * (recap["half"] - 1)
    rows = {"office": names[recap["office"]], "period": "", "month": first, "months": 6, "respondents": recap["people"]}
    means = SurveyAggregates(recap.assign(**rows), tuple(ELEMENTS), Ledger(len(recap), len(recap), {}))
    return {**panels, "rekap": satisfaction_panel(means, "perilaku")}


def drawn_gain(handed: Handed) -> Finding:
    """Return the finding on the tests before and after."""
    tests, names = handed.tables["tests"], ("score",)
    sides = {side: tests[[side]].to_numpy(float) for side in ("before", "after")}
    office = tuple(map(str, handed.drawn.names[tests["office"]]))
    learning = Learning({"score": names}, names, **sides, office=office, trained=tests["taught"].to_numpy())
    panel = replace(learning.panel("score"), covariates=(), x=np.zeros((0, 0, 0)))
    design = ai.assign(panel, learning.rollout, cluster="office")
    answer = ai.infer(ai.TwoWay()(design).overall(), ai.BiasReduced())
    return Finding(id="belajar", label=verbatim("belajar"), inference=answer)


def drawn_findings(handed: Handed) -> list[Finding]:
    """Return the findings of all claims on the records: the numbers of the study, without its files."""
    found, january = [], pd.Period("2023-01", "M")
    for name, panel in drawn_panels(handed).items():
        course = handed.truth["claims"][name]["course"]
        when = {o: m for o, m in zip(handed.drawn.names, handed.drawn.adopted[course], strict=True) if o in panel.units}
        starts = pd.Series({o: january + int(m) for o, m in when.items() if np.isfinite(m)})
        design = ai.assign(panel, ai.Rollout(starts, label=course), cluster="office")
        answer = ai.infer(ai.GLSImputation()(design).overall(), ai.BiasReduced())
        role: Role = "placebo" if name.startswith("puas-") else "primary"
        found.append(Finding(id=name, label=verbatim(name), inference=answer, role=role))
    return [*found, drawn_gain(handed)]


# ------------------------------------------------------------------------------------------------------ the numbers


def quick_finding(claim: Claim) -> Finding:
    """Return the finding of a claim without what stands beside it and without checks: the number is the same."""
    ready = prepared(claim.study)
    if ready.design is None:
        return Finding(id=claim.id, label=claim.label, inference=None, refusal=ready.refusal, panel=ready.panel)
    answer = ai.infer(claim.study.estimator.made()(ready.design).overall(), claim.study.rule.made())
    return Finding(id=claim.id, label=claim.label, inference=answer, role=claim.role, course=claim.course_label)


def held_against(findings: Sequence[Finding], truth: Mapping[str, Any]) -> Iterator[Held | str]:
    """Give each finding against its truth, or the reason why there is none."""
    for finding in findings:
        if finding.inference is None:
            yield f"{finding.id}: {finding.refusal}"
            continue
        (low,), (high,) = finding.inference.interval(0.95)
        known = truth["claims"][finding.id]
        number, p = float(finding.inference.estimate[0]), float(finding.inference.p_value[0])
        yield Held(finding.id, number, float(low), float(high), p, known["effect"], known["none"])


def falsely_claimed(findings: Sequence[Finding], truth: Mapping[str, Any]) -> list[str]:
    """Return the primary claims without an effect whose family-wise p-value is below 0.05."""
    adjusted = family_of(findings).adjusted
    return [name for name, p in adjusted.items() if truth["claims"][name]["none"] and p < CLAIMED]


# -------------------------------------------------------------------------------------------------------- the pages


def sections_of(page: Path) -> dict[str, str]:
    """Return the text of every section of a report, what stands for a picture too."""
    text = re.sub(r'<img[^>]*alt="([^"]*)"[^>]*>', r"\1", page.read_text(encoding="utf-8"))
    plain = {}
    for part in re.findall(r"<section>(.*?)</section>", text, flags=re.DOTALL):
        if name := re.search(r'<h\d id="([^"]*)"', part):
            plain[name[1]] = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", part)))
    return plain


ABOUT_LISTS = {"study.offices_without_rows", "intake.office.joined", "intake.office.many_joined"}


def strangers_on(
    findings: Sequence[Finding],
    claims: Sequence[Claim],
    truth: Mapping[str, Any],
    folder: Path,
    languages: Sequence[str] = LANGUAGES,
) -> list[str]:
    """Return every course and office that a page of a claim names and that is not its own.

    Some sentences have to name others: the check that asks which other courses an office completed in the same months,
    and the notes on offices of the list that have nothing in the file and on spellings in the lists.
    """
    held = {"izin": "permits", "skm": "survey", "rekap": "recap", "paket": "projects", "lapor": "complaints"}
    every = {office for names in truth["files"].values() for office in names}
    found = []
    for language in languages:
        sections = sections_of(folder / f"report_{language}" / "report.html")
        for number, (finding, claim) in enumerate(zip(findings, claims, strict=True), start=1):
            text = sections[f"claim-{number}"]
            checks = () if finding.scrutiny is None else finding.scrutiny.checks
            about_others = [check.answer for check in checks if check.name == "coincidence"]
            about_others += [note for note in finding.notes if note.key in ABOUT_LISTS]
            for sentence in about_others:
                text = text.replace(" ".join(sentence.text(language).text.split()), "")
            own = set(truth["files"][held.get(claim.file, "tests")])
            names = [n for c in COURSES if c.key != claim.course for n in (getattr(c, language), *c.titles)]
            named = [n for n in (*names, *sorted(every - own)) if n.casefold() in text.casefold()]
            found += [f"{language}, {claim.id}: {name}" for name in named]
    return found


# --------------------------------------------------------------------------------------------------------- counting


@dataclass(frozen=True, eq=False)
class Counted:
    """The claims of a regency against their truth, the false ones, and what was refused."""

    held: tuple[Held, ...]
    false: tuple[str, ...]
    refused: tuple[str, ...]


def counted(handed: Handed, findings: Sequence[Finding]) -> Counted:
    """Count the findings of a regency."""
    against = list(held_against(findings, handed.truth))
    return Counted(
        tuple(one for one in against if isinstance(one, Held)),
        tuple(falsely_claimed(findings, handed.truth)),
        tuple(one for one in against if isinstance(one, str)),
    )


def read_run(handed: Handed) -> Counted:
    """Write the files of a regency, read its study and count what it says."""
    with tempfile.TemporaryDirectory() as folder:
        programme = ai.open_study(write_town(handed, folder))
        return counted(handed, [quick_finding(claim) for claim in programme.claims])


def differing(one: Counted, other: Counted) -> list[str]:
    """Return the claims whose numbers are not the same to nine digits."""
    numbers = {h.claim: np.array([h.estimate, h.low, h.high]) for h in other.held}
    return [
        h.claim
        for h in one.held
        if h.claim not in numbers
        or not np.allclose(numbers[h.claim], [h.estimate, h.low, h.high], rtol=1e-9, atol=1e-9)
    ]


def whole_run(town: Town) -> None:
    """Do the whole run of one regency, as the program does; print times and what a page should not have named."""
    with tempfile.TemporaryDirectory() as folder:
        handed = hand_over(town)
        file = write_town(handed, folder)
        wall, cpu = time.perf_counter(), time.process_time()
        programme = ai.open_study(file)
        finished = run_programme(programme)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        found = strangers_on(programme.findings, programme.claims, handed.truth, finished.folder)
        letters = Counter(str(programme[c.id].grade.letter) for c in programme.claims if programme[c.id].grade)
    times = f"{cpu:.0f} s of CPU, {wall:.0f} s by the clock"
    print(f"{town.layout}, seed {town.seed}: whole run {times}; grades {dict(letters)}; not its own: {len(found)}")
    for one in found:
        print(f"    {one}")


def report(layout: Layout, runs: Sequence[Counted]) -> None:
    """Print a table of the claims of a layout."""
    print(f"\n{layout} offices, {len(runs)} regencies")
    print(f"{'claim':<18}{'effect':<8}{'holds the truth':>16}{'mean error':>12}{'mean width':>12}{'p < 0.05':>10}")
    for claim in dict.fromkeys(h.claim for run in runs for h in run.held):
        of = [h for run in runs for h in run.held if h.claim == claim]
        error = np.mean([h.estimate - h.truth for h in of])
        width = np.mean([h.high - h.low for h in of])
        count = f"{sum(h.holds for h in of)} of {len(of)}"
        small = sum(h.p < CLAIMED for h in of)
        print(f"{claim:<18}{'none' if of[0].none else 'yes':<8}{count:>16}{error:>12.3f}{width:>12.3f}{small:>10}")
    false = Counter(name for run in runs for name in run.false)
    wrong = sum(bool(run.false) for run in runs)
    print(f"regencies with a false claim (family-wise p < {CLAIMED}): {wrong} of {len(runs)} {dict(false) or ''}")
    for why, n in Counter(why for run in runs for why in run.refused).items():
        print(f"refused {n} times: {why}")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--files", type=int, default=5, help="seeds of each layout whose files are written and read")
    parser.add_argument("--pages", type=int, default=2, help="seeds of each layout of which pages are written")
    parser.add_argument("--only", choices=LAYOUTS)
    parser.add_argument("--size", type=float, default=1.0)
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore", ai.DataWarning)
    for layout in [options.only] if options.only else LAYOUTS:
        towns = [Town(seed=options.first + i, layout=layout, size=options.size) for i in range(options.seeds)]
        runs = []
        for town in towns:
            handed = hand_over(town)
            runs.append(counted(handed, drawn_findings(handed)))
        report(layout, runs)
        for town, run in list(zip(towns, runs, strict=True))[: options.files]:
            began = time.process_time()
            read = read_run(hand_over(town))
            used = time.process_time() - began
            print(
                f"{layout}, seed {town.seed}: read from files in {used:.0f} s of CPU, {len(read.held)} claims; ", end=""
            )
            print(
                f"other numbers than the records: {differing(run, read) or 'none'}; refused: {read.refused or 'none'}"
            )
            sys.stdout.flush()
        for town in towns[: options.pages]:
            whole_run(town)


if __name__ == "__main__":
    main()
