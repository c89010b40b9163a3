"""A programme: many claims on the files of one place, each a study, together one evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asn_impact.arguments import did_you_mean
from asn_impact.errors import AsnImpactError, EstimationError, InferenceError, InputError, PrivacyError
from asn_impact.study.answers import found_of, refused_of
from asn_impact.study.blind import blinded, said_of
from asn_impact.study.claims import Claim, Shared, claims_of
from asn_impact.study.derived import by_groups, named, worth_it
from asn_impact.study.evidence import Evidence, imprint_of, scrutiny_of, source_of
from asn_impact.study.keys import reading_once
from asn_impact.study.prepared import prepared
from asn_impact.study.settings import read_study, tables_of
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, paragraph

if TYPE_CHECKING:
    from asn_impact.estimation.effects import Effects
    from asn_impact.estimation.inference import Rule
    from asn_impact.measures.panel import Panel
    from asn_impact.reporting.contents import Report
    from asn_impact.reporting.family import Family
    from asn_impact.reporting.findings import Finding, Role
    from asn_impact.reporting.tables import Table
    from asn_impact.scrutiny.scrutinise import Scrutiny
    from asn_impact.study.looked import Looked
    from asn_impact.study.settings import Study

ALONE: Final = "study"  # the one claim of a study without [[claim]]


@public_verb
def open_study(path: str | Path) -> Programme:
    """Return the programme that a study file describes; a study without claims is a programme of one.

    Every key is checked and every path found. No data are read until something is asked.

    Parameters
    ----------
    path
        ``study.toml``, or its folder.

    Raises
    ------
    StudyError
        Naming the place in the file, the key, what was found, what was expected and the nearest match.

    Examples
    --------
    >>> open_study("nowhere/study.toml")
    Traceback (most recent call last):
    ...
    asn_impact.errors.StudyError: nowhere/study.toml does not exist. Make one with: asn-impact new nowhere
    """
    file = Path(path)
    file = file / "study.toml" if file.is_dir() else file
    raw, digest = tables_of(file)
    if "claim" in raw:
        shared, claims = claims_of(file, raw)
        return Programme(replace(shared, sha256=digest), claims)
    return alone(read_study(file))


def alone(study: Study) -> Programme:
    """Return a study without claims as a programme of one."""
    shared = Shared(study.file, study.title, study.source, "romano_wolf", None, {}, study.sha256)
    return Programme(shared, (Claim(ALONE, study.title, None, None, "data", "primary", None, None, study),))


@dataclass(frozen=True, eq=False)
class Programme:
    """The claims of a study file; what is asked of it is read and computed when it is asked, once.

    Attributes
    ----------
    shared
        What the file says once.
    claims
        Each with its study.

    Examples
    --------
    >>> open_study("nowhere/study.toml")
    Traceback (most recent call last):
    ...
    asn_impact.errors.StudyError: nowhere/study.toml does not exist. Make one with: asn-impact new nowhere

    On a file with claims::

        import asn_impact as ai
        programme = ai.open_study("study.toml")                # offices, courses, files, claims; reads when asked
        print(programme.check())                               # who is in which file, labels nobody knows, rows lost
        programme.matrix(language="id")                        # the first page
        satisfied = programme["puas"]                          # .panel .design .effects .inference .scrutiny .notes
        ai.figures.event_study(satisfied.events, language="id")
        robust = satisfied.again(period="half_year", estimator=ai.GroupTime())
        programme.family.said                                  # how the claims are judged together, and why
        programme.publish([*programme.findings, robust])       # a report and a brief in each language
    """

    shared: Shared
    claims: tuple[Claim, ...]
    _made: dict[str, tuple[Finding, Evidence]] = field(default_factory=dict, repr=False)

    @property
    def about(self) -> Study:
        """The study of the first claim: languages, folder, level and formats are those of all."""
        return self.claims[0].study

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The finding of every claim, in the order of the file; of one whose file is refused it says why."""
        return self.found()

    def found(
        self, tell: Callable[[Claim], object] = bool, heard: Callable[[Finding], object] = bool
    ) -> tuple[Finding, ...]:
        """Return the findings; `tell` is told of each claim before, and `heard` hears of its finding.

        Raises
        ------
        AsnImpactError
            No file can be read; or something that identifies a person was about to leave.
        """
        found, problems = [], []
        with reading_once():
            for claim in self.claims:
                tell(claim)
                try:
                    found.append(self[claim.id])
                except PrivacyError:
                    raise
                except AsnImpactError as problem:
                    problems.append(problem)
                    found.append(refused_of(claim, problem))
                heard(found[-1])
        if len(problems) == len(found):
            raise problems[0]
        return tuple(found)

    @property
    def family(self) -> Family:
        """The p-values of the primary claims, judged together."""
        return self._family_of(self.findings)

    def _family_of(self, findings: Sequence[Finding]) -> Family:
        from asn_impact.reporting.family import family_of

        return family_of(findings, correction=self.shared.correction)

    def claim(self, name: str) -> Claim:
        """Return a claim by its id.

        Raises
        ------
        InputError
            There is no claim of this id: with those there are.
        """
        for claim in self.claims:
            if claim.id == name:
                return claim
        known = tuple(claim.id for claim in self.claims)
        unknown = Message("programme.no_claim", id=name)
        raise InputError(paragraph(unknown, did_you_mean(name, known), Message("programme.known", names=known)))

    def __getitem__(self, name: str) -> Finding:
        """Return the finding of a claim, read and estimated when first asked for."""
        claim = self.claim(name)
        if name not in self._made:
            self._made[name] = found_of(claim) if claim.of is None else self._derived(claim, claim.of)
        finding, _ = self._made[name]
        return finding

    def _derived(self, claim: Claim, of: Claim) -> tuple[Finding, Evidence]:
        """Return the finding of a claim on the effect of another, and the evidence it rests on."""
        from asn_impact.reporting.findings import NOTHING_BESIDE

        finding, (_, evidence) = self[of.id], self._made[of.id]
        if finding.inference is None or evidence.headline is None:
            why = finding.refusal or Message("programme.several_terms")
            refused = Message("programme.of_refused", label=of.label, why=why)
            return replace(finding, **named(claim), refusal=refused, means=None, remake=None), evidence
        if claim.worth is not None:
            return worth_it(claim, finding, claim.worth)
        assert claim.by is not None
        try:
            return replace(by_groups(of.study, evidence, finding, claim.by), **named(claim)), evidence
        except (EstimationError, InferenceError) as problem:  # too few, too alike: an answer, not a slip
            none = {**dict.fromkeys(("inference", "events", "scrutiny", "remake")), "refusal": problem.message}
            return replace(finding, **named(claim), **none, **NOTHING_BESIDE), evidence
        except InputError as problem:
            raise claim.study.place("outcome").refuse(problem.message) from problem

    def check(self, language: Language | None = None) -> Looked:
        """Return what the claims would use and lose: offices by file, labels nobody knows, rows lost; no estimate."""
        from asn_impact.study.looked import looked_at_all

        return looked_at_all(self, language or self.about.languages[0])

    def matrix(self, findings: Sequence[Finding] | None = None, *, language: Language | None = None) -> Table:
        """Return the first page: a row a claim, see `matrix`; with a language its texts are in that language."""
        from asn_impact.reporting.matrix import matrix, spoken

        shown = self.findings if findings is None else tuple(findings)
        table = matrix(shown, level=self.about.level, family=self._family_of(shown))
        return table if language is None else spoken(table, language)

    def finding(
        self,
        id: str,
        panel: Panel,
        *,
        course: str,
        label: Any,  # noqa: ANN401 - Words
        role: Role = "exploratory",
    ) -> Finding:
        """Return a finding on a panel of your own, computed as the first claim on the course is.

        Raises
        ------
        InputError
            No claim is on this course.
        """
        from asn_impact.reporting.tables.cells import as_message

        like = next((claim for claim in self.claims if claim.course == course), None)
        if like is None:
            known = tuple(dict.fromkeys(claim.course for claim in self.claims if claim.course is not None))
            unknown = Message("programme.no_course", course=course)
            raise InputError(paragraph(unknown, did_you_mean(course, known), Message("programme.known", names=known)))
        return found_of(replace(like, id=id, label=as_message(label), role=role, hoped=None), panel)[0]

    def scrutinise(self, name: str, effects: Effects, *, rule: Rule) -> Scrutiny:
        """Return effects of your own held against everything that a claim is: its events, courses, mix and placebo.

        Parameters
        ----------
        name
            Of the claim.
        effects
            Of the same files: ``ai.GroupTime()(design)``.
        rule
            The rule of inference of the finding.
        """
        claim, study = self.claim(name), self.claim(name).study
        read = name in self._made and claim.of is None and not study.cells
        ready = self._made[name][1].ready if read else prepared(study)
        return scrutiny_of(study, ready, effects, rule)

    def blinded(self, seed: int = 1) -> Programme:
        """Return the programme with the training dealt out anew among the offices, by a seed: to see every page early.

        Its reports stand in a folder of their own and say so in each title and below each figure.

        Parameters
        ----------
        seed
            Whole number that draws who gets whose training; the same one gives the same report.
        """
        claims = {claim.id: replace(claim, study=blinded(claim.study, seed)) for claim in self.claims}
        return Programme(
            self.shared,
            tuple(replace(one, of=None if one.of is None else claims[one.of.id]) for one in claims.values()),
        )

    @property
    def computed(self) -> tuple[tuple[Claim, Evidence], ...]:
        """The claims that were asked for so far, with what each rests on."""
        return tuple((self.claim(name), evidence) for name, (_, evidence) in self._made.items())

    @property
    def sources(self) -> tuple[Any, ...]:
        """The files read so far, each once."""
        every = (source for _, evidence in self.computed for source in evidence.ready.sources)
        return tuple({(source.name, source.sha256): source for source in every}.values())

    def report(self, language: Language, findings: Sequence[Finding] | None = None) -> Report:
        """Return the report of the claims, or of the findings given, in a language."""
        from asn_impact.reporting.contents import Report
        from asn_impact.study.registered import deviations

        shown = self.findings if findings is None else tuple(findings)
        about = self.about
        days = [evidence.ready.as_of for _, evidence in self._made.values() if evidence.ready.as_of is not None]
        return Report(
            title=said_of(about, self.shared.title).text(language),
            source=source_of(about).text(language),
            imprint=imprint_of(about),
            findings=shown,
            family=self._family_of(shown),
            inputs=self.sources,
            beside=deviations(self),
            as_of=max(days, default=None),
            level=about.level,
            words={chapter: text.text(language) for chapter, text in about.words.items()},
        )

    @public_verb
    def publish(self, findings: Sequence[Finding] | None = None, *, folder: str | Path | None = None) -> list[Path]:
        """Write a report in each language of the study, ``report_id`` and ``report_en``; return the files.

        All is put in its place at once, with the record of `run`: no report in one language is newer than the other.

        Parameters
        ----------
        findings
            Those of the file without it: ``[*programme.findings, robust, mine]``.
        folder
            The folder of [report] without it; replaced as a whole. It must be new, empty or of an earlier run.

        Raises
        ------
        StudyError
            The folder cannot be written or holds something else.
        """
        from asn_impact.study.whole import put_reports

        place = self.about.folder if folder is None else Path(folder)
        return put_reports(self, self.findings if findings is None else tuple(findings), place)

    def write(
        self, language: Language, folder: Path, findings: Sequence[Finding] | None = None, earlier: Path | None = None
    ) -> list[Path]:
        """Write the report of one language into a folder, which may be held against an earlier one."""
        from asn_impact.study.running import publish_report

        folder.mkdir(parents=True, exist_ok=True)
        return publish_report(
            self.about, self.report(language, findings), folder / f"report_{language}", language, earlier
        )

    def __repr__(self) -> str:
        names = ", ".join(claim.id for claim in self.claims)
        return f"Programme({self.shared.title.text(self.about.languages[0])!r}: {len(self.claims)} claims: {names})"
