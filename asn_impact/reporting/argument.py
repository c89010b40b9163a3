"""The argument of the report: what was asked, how training could work, how strong the evidence is, what follows.

Every sentence is chosen by rule from the values. "Dampak" (impact) is said only of a comparison; where the interval
holds zero the report says that evidence is missing, not that there is no effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from asn_impact.estimation import Inference
from asn_impact.reporting.charts import headline
from asn_impact.reporting.tables import counts_records
from asn_impact.reporting.words import (
    Language,
    Quantity,
    Sentence,
    both,
    joined,
    outcome_words,
    period,
    say,
    unit_noun,
)
from asn_impact.scrutiny.scrutinise import Scrutiny

__all__ = ["advice", "conclusion", "framework", "graded", "question", "references", "strength"]

# --------------------------------------------------------------------------------------------- introduction

_QUESTION: Final = both(
    id="Laporan ini menjawab satu pertanyaan: apakah {what} mengubah {measures}?",
    en="This report answers one question: did {what} change {measures}?",
)
_TRAINING: Final = both(id="pelatihan {name}", en="the {name} training")
_ANY_TRAINING: Final = both(id="pelatihan", en="training")
_SCOPE: Final = both(
    id="Yang diamati adalah {units} {noun} dari {first} sampai {last}.",
    en="Observed are {units} {noun} from {first} to {last}.",
)
_WHY_NOT: Final = both(
    id="Membandingkan rata-rata sebelum dan sesudah pelatihan saja tidak menjawabnya, karena banyak hal lain ikut "
    "berubah. Karena itu perubahan pada yang dilatih dibandingkan dengan perubahan pada yang belum atau tidak dilatih "
    "dalam waktu yang sama.",
    en="Comparing the means before and after training does not answer it, because much else changes as well. So the "
    "change among the trained is compared with the change over the same time among those not, or not yet, trained.",
)


def question(inferences: Sequence[Inference], *, language: Language) -> list[Sentence]:
    """Return what the report asks, of whom, over which time, and why a before-after mean is not an answer."""
    if not inferences:
        return []
    design = inferences[0].effects.design
    labels = design.panel.timeline.labels
    measures = dict.fromkeys(_measure(i, language) for i in inferences)
    named = design.treatment not in {"", "treatment"}
    asked = say(
        _QUESTION,
        language,
        what=say(_TRAINING, language, name=design.treatment)
        if named
        else {"id": "pelatihan", "en": "training"}[language],
        measures=joined(list(measures), language),
    )
    many = unit_noun(design.panel)[1][language]
    scope = say(
        _SCOPE,
        language,
        units=Quantity(len(design.panel.units), "len(design.panel.units)"),
        noun=many,
        first=period(labels[0], language),
        last=period(labels[-1], language),
    )
    return [asked + scope, say(_WHY_NOT, language)]


def _measure(inference: Inference, language: Language) -> str:
    """Return the name of a measure within a sentence; English names of ours take the article."""
    outcome = inference.effects.design.panel.outcome
    label = outcome_words(outcome).label[language].split(" (")[0]
    article = "the " if language == "en" and label != outcome.name else ""
    return article + _lower(label)


def _lower(text: str) -> str:
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


_FRAMEWORK: Final = both(
    id="Pelatihan bekerja lewat empat langkah (Kirkpatrick): peserta menanggapinya, belajar darinya, memakainya dalam "
    "pekerjaan, dan pelayanan kepada masyarakat berubah. Laporan ini menilai langkah keempat, pada {measures}. Bila "
    "langkah itu tidak terlihat, penyebabnya dapat terletak pada langkah sebelumnya: materi tidak dikuasai, tidak "
    "dipakai, atau hambatannya memang bukan kemampuan pegawai.",
    en="Training works in four steps (Kirkpatrick): those trained respond to it, learn from it, use it at work, and "
    "the service to the public changes. This report judges the fourth step, on {measures}. Where it cannot be seen, "
    "the cause may lie in an earlier one: the content was not learned, not used, or skills were not what held the "
    "service up.",
)


def framework(inferences: Sequence[Inference], *, language: Language) -> list[Sentence]:
    """Return the theory of change in a paragraph, for studies of services; nothing for other panels."""
    if not inferences or not counts_records(inferences[0].effects.design.panel):
        return []
    measures = dict.fromkeys(_measure(i, language) for i in inferences)
    return [say(_FRAMEWORK, language, measures=joined(list(measures), language))]


# ----------------------------------------------------------------------------------- strength of evidence

_GRADE: Final = both(id="Mutu bukti: {letter} ({meaning}).", en="Grade of the evidence: {letter} ({meaning}).")
_KEPT: Final = both(id="Yang menahan nilai lebih tinggi: {reasons}", en="What kept it from the next grade: {reasons}")

_VERDICTS: Final = both(
    id="Setiap pemeriksaan di bawah ini mencoba menggoyahkan hasil utama. Putusannya tentang hasil itu: 'bertahan' "
    "berarti pemeriksaan itu tidak menggoyahkannya.",
    en="Each check below tries to shake the finding. The verdict is about the finding: 'holds' means that this check "
    "does not shake it.",
)


def graded(scrutiny: Scrutiny, *, language: Language) -> Sentence:
    """Return the grade and what it means."""
    grade = scrutiny.grade
    return say(_GRADE, language, letter=grade.letter, meaning=str(getattr(grade.meaning, language)))


def strength(scrutiny: Scrutiny, *, language: Language) -> list[Sentence]:
    """Return the grade with what kept it from the next one, and how to read the table of checks."""
    missing = [str(getattr(said, language)) for said in scrutiny.grade.missing]
    kept = [say(_KEPT, language, reasons=" ".join(missing))] if missing else []
    return [graded(scrutiny, language=language), *kept, say(_VERDICTS, language)]


# --------------------------------------------------------------------------- conclusion and recommendations

_CONCLUDED: Final = both(id="{finding}.", en="{finding}.")
_WEAK: Final = both(
    id="Dengan mutu bukti {letter}, angka ini sebaiknya dibaca sebagai petunjuk, bukan sebagai kepastian.",
    en="With evidence of grade {letter} this number is a pointer, not a certainty.",
)
_STRONG: Final = both(
    id="Dengan mutu bukti {letter}, angka ini layak dipakai dalam keputusan bersama biaya dan pertimbangan lain.",
    en="With evidence of grade {letter} this number can enter a decision, beside costs and other considerations.",
)


def conclusion(
    inferences: Sequence[Inference], scrutinies: Sequence[Scrutiny], *, language: Language, level: float
) -> list[Sentence]:
    """Return the findings once more, and how much weight the grade lets them carry."""
    said = [say(_CONCLUDED, language, finding=headline(i, language=language, level=level)) for i in inferences]
    for scrutiny in scrutinies[:1]:
        letter = scrutiny.grade.letter
        said.append(say(_STRONG if letter in {"A", "B"} else _WEAK, language, letter=letter))
    return said


_GO_ON: Final = both(
    id="Lanjutkan program ini ke gelombang berikut, dan tetap ukur: dampak dapat memudar.",
    en="Go on with the programme in the next wave, and keep measuring: effects can fade.",
)
_REVERSE: Final = both(
    id="Hentikan perluasan program ini sampai sebab perubahan ke arah yang tidak diinginkan diketahui.",
    en="Stop extending the programme until the cause of the unwanted change is known.",
)
_FIND_OUT: Final = both(
    id="Jangan memakai hasil ini untuk menghentikan ataupun memperluas program: data belum cukup untuk membedakan. "
    "Hitung dahulu dampak terkecil yang dapat dilihat gelombang berikut.",
    en="Do not use this result to end or to extend the programme: the data cannot tell yet. First work out the "
    "smallest effect the next wave could show.",
)
_BY_LOT: Final = both(
    id="Tentukan urutan gelombang berikut dengan undian: cara itu adil, murah, dan membuat jawaban berikutnya lebih "
    "pasti.",
    en="Decide the order of the next waves by lot: it is fair, cheap, and makes the next answer surer.",
)
_RECORD: Final = both(
    id="Catat tanggal selesai pelatihan dan tanggal terima serta putus setiap permohonan, juga yang belum selesai: "
    "tanpa itu pertanyaan ini tidak dapat dijawab lagi.",
    en="Keep the dates on which training was completed and every application was received and decided, the open ones "
    "too: without them this question cannot be answered again.",
)
_SHORTER_IS_BETTER: Final = frozenset({"RestrictedMean"})


def advice(
    inferences: Sequence[Inference], scrutinies: Sequence[Scrutiny], *, language: Language, level: float
) -> list[Sentence]:
    """Return recommendations that follow from the findings by rule; the office adds who, when and at what cost."""
    if not inferences:
        return []
    first = inferences[0]
    low, high = (float(end[0]) for end in first.interval(level))
    better = -1 if type(first.effects.design.panel.outcome).__name__ in _SHORTER_IS_BETTER else 1
    clear = np.isfinite([low, high]).all() and (low > 0 or high < 0)
    good = clear and np.sign(low) == better
    said = [_GO_ON if good else _REVERSE] if clear else [_FIND_OUT]
    if not any(s.grade.letter == "A" for s in scrutinies):
        said.append(_BY_LOT)
    if counts_records(first.effects.design.panel):
        said.append(_RECORD)
    return [say(text, language) for text in said]


# --------------------------------------------------------------------------------------------- references

_SOURCES: Final[Mapping[str, str]] = {
    "GroupTime": "Callaway, B., Sant'Anna, P. H. C. (2021). Difference-in-differences with multiple time periods. "
    "Journal of Econometrics 225(2), 200–230.",
    "TwoWay": "Goodman-Bacon, A. (2021). Difference-in-differences with variation in treatment timing. "
    "Journal of Econometrics 225(2), 254–277.",
    "Imputation": "Borusyak, K., Jaravel, X., Spiess, J. (2024). Revisiting event-study designs: robust and efficient "
    "estimation. Review of Economic Studies 91(6), 3253–3285.",
    "TwoStage": "Gardner, J. (2022). Two-stage differences in differences. arXiv:2207.05943.",
    "InteractionWeighted": "Sun, L., Abraham, S. (2021). Estimating dynamic treatment effects in event studies with "
    "heterogeneous treatment effects. Journal of Econometrics 225(2), 175–199.",
    "Stacked": "Wing, C., Freedman, S. M., Hollingsworth, A. (2024). Stacked difference-in-differences. NBER Working "
    "Paper 32054.",
    "SyntheticDiD": "Arkhangelsky, D., Athey, S., Hirshberg, D. A., Imbens, G. W., Wager, S. (2021). Synthetic "
    "difference-in-differences. American Economic Review 111(12), 4088–4118.",
    "BiasReduced": "Bell, R. M., McCaffrey, D. F. (2002). Bias reduction in standard errors for linear regression with "
    "multi-stage samples. Survey Methodology 28(2), 169–181.",
    "Jackknife": "Hansen, B. E. (2025). Jackknife standard errors for clustered regression. Working paper.",
    "WildBootstrap": "Cameron, A. C., Gelbach, J. B., Miller, D. L. (2008). Bootstrap-based improvements for inference "
    "with clustered errors. Review of Economics and Statistics 90(3), 414–427.",
    "Permutation": "Young, A. (2019). Channeling Fisher: randomization tests and the statistical insignificance of "
    "seemingly significant experimental results. Quarterly Journal of Economics 134(2), 557–598.",
    "scrutiny": "Rambachan, A., Roth, J. (2023). A more credible approach to parallel trends. Review of Economic "
    "Studies 90(5), 2555–2591.",
}


def references(inferences: Iterable[Inference]) -> list[str]:
    """Return the sources of the methods used, sorted by author."""
    used = {type(part).__name__ for i in inferences for part in (i.effects.estimator, i.rule)}
    return sorted(_SOURCES[name] for name in (used & set(_SOURCES)) | {"scrutiny"})
