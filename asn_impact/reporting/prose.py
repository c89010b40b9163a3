"""The paragraphs of the report: what was found, who was compared, what was left out, how it was done and its limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from asn_impact.designs import Design
from asn_impact.estimation import Inference
from asn_impact.intake.ledger import Ledger
from asn_impact.measures.panel import Panel
from asn_impact.reporting.charts import headline
from asn_impact.reporting.tables import counts_records
from asn_impact.reporting.words import (
    Language,
    Quantity,
    Sentence,
    Text,
    both,
    decimals_for,
    joined,
    limit_words,
    outcome_words,
    period,
    say,
    unit_noun,
)

__all__ = [
    "CAPTIONS",
    "HEADINGS",
    "SEE_APPENDIX",
    "compared",
    "found",
    "glossary_terms",
    "left_out",
    "limits",
    "method",
]

HEADINGS: Final[Mapping[str, Text]] = {
    "foreword": both(id="Kata pengantar", en="Foreword"),
    "summary": both(id="Ringkasan eksekutif", en="Executive summary"),
    "introduction": both(id="Pendahuluan", en="Introduction"),
    "framework": both(id="Kerangka", en="Framework"),
    "methods": both(id="Metodologi", en="Methods"),
    "compared": both(id="Siapa dibandingkan dengan siapa", en="Who was compared with whom"),
    "left_out": both(id="Data yang tidak dipakai", en="What was left out"),
    "calculation": both(id="Cara menghitung", en="How it was computed"),
    "limits": both(id="Keterbatasan", en="Limits"),
    "results": both(id="Hasil dan pembahasan", en="Results"),
    "strength": both(id="Seberapa kuat buktinya", en="Strength of the evidence"),
    "conclusion": both(id="Simpulan dan rekomendasi", en="Conclusion and recommendations"),
    "references": both(id="Daftar pustaka", en="References"),
    "tables": both(id="Lampiran: tabel", en="Appendix: tables"),
    "glossary": both(id="Lampiran: arti istilah", en="Appendix: what the words mean"),
    "provenance": both(id="Lampiran: asal-usul", en="Appendix: provenance"),
    "problem": both(id="Masalah", en="The problem"),
    "evidence": both(id="Bukti", en="The evidence"),
    "options": both(id="Arti bagi keputusan", en="What it means for the decision"),
    "recommendations": both(id="Rekomendasi", en="Recommendations"),
    "contents": both(id="Daftar isi", en="Contents"),
    "brief": both(id="Risalah kebijakan", en="Policy brief"),
    "figure": both(id="Gambar", en="Figure"),
    "table": both(id="Tabel", en="Table"),
    "source": both(id="Sumber", en="Source"),
    "as_of": both(id="Data per", en="Data as of"),
    "inputs": both(id="Berkas masukan", en="Input files"),
    "file": both(id="Berkas", en="File"),
    "rows": both(id="Baris", en="Rows"),
    "hash": both(id="Sidik SHA-256", en="SHA-256"),
    "versions": both(id="Perangkat lunak", en="Software"),
    "commit": both(id="Versi kode", en="Code version"),
    "manifest": both(
        id="Berkas manifest.json di samping laporan ini mencatat asal setiap angka dalam kalimat, catatan teknis, dan "
        "sidik setiap berkas.",
        en="The file manifest.json beside this report lists where every number in a sentence came from, the technical "
        "notes, and the hash of every file.",
    ),
    "notes": both(id="Catatan", en="Notes of the analysis"),
}

SEE_APPENDIX: Final = both(
    id="Daftar lengkap ada di bagian Lampiran: tabel.", en="The complete list is in Appendix: tables."
)
CAPTIONS: Final[Mapping[str, Text]] = {
    "event_study": both(
        id="Dampak menurut waktu sejak pelatihan. Sebelum garis putus-putus, titik seharusnya dekat nol.",
        en="The effect by time since training. Left of the dashed line the points should be close to zero.",
    ),
    "raw_trends": both(
        id="Nilai rata-rata setiap gelombang pelatihan dan kelompok yang tidak pernah dilatih.",
        en="The mean of each training wave and of those never trained.",
    ),
    "who_is_compared": both(
        id="Siapa yang dilatih dan kapan; yang belum dan tidak pernah dilatih menjadi pembanding.",
        en="Who was trained when; those not yet and never trained are the comparison.",
    ),
    "maturity": both(
        id="Bulan yang permohonannya sudah cukup lama diikuti, dan bulan yang terlalu baru.",
        en="Months whose applications have been followed long enough, and months that are too recent.",
    ),
    "forest": both(
        id="Perkiraan dampak untuk setiap ukuran; garis adalah selang kepercayaan.",
        en="The estimated effect on each measure; lines are confidence intervals.",
    ),
    "completion_curve": both(
        id="Bagian permohonan yang sudah diputuskan menurut hari sejak diterima, dengan dan tanpa pelatihan.",
        en="The share of applications decided by each day since receipt, with and without training.",
    ),
    "returns": both(
        id="Sebaran nilai kini bersih program menurut ketidakpastian dampaknya; garis tegak adalah titik impas.",
        en="The net present value of the programme over the uncertainty of its effect; break-even at the upright line.",
    ),
    "satisfaction": both(
        id="Nilai rata-rata setiap unsur kepuasan masyarakat, yang terendah di atas.",
        en="The mean answer to each element of public satisfaction, the lowest at the top.",
    ),
    "sensitivity": both(
        id="Selang kepercayaan bila tren tanpa pelatihan boleh menyimpang sebesar itu; garis tegak adalah nol.",
        en="Confidence intervals when trends without training may depart that much; zero at the vertical line.",
    ),
    "specifications": both(
        id="Perkiraan dampak menurut setiap pilihan yang wajar, diurutkan; titik di bawah menunjukkan pilihannya.",
        en="The estimated effect under every defensible choice, sorted; dots below show which choice was made.",
    ),
    "waits_calendar": both(
        id="Rata-rata menurut tahun dan bulan diterima; bulan yang diarsir terlalu baru untuk dinilai.",
        en="The mean by year and month of receipt; hatched months are too recent to judge.",
    ),
}

# ---------------------------------------------------------------------------------------------- summary

_CLEAR: Final = both(
    id="Selang itu memuat besar dampak yang masih sesuai dengan data; nol tidak termasuk di dalamnya.",
    en="The interval holds the effects that agree with the data; zero is not among them.",
)
_UNCLEAR: Final = both(
    id="Ini bukan bukti bahwa tidak ada dampak: perubahan dari {low} sampai {high} {unit} masih sesuai dengan data.",
    en="This does not show that there is no effect: changes from {low} to {high} {unit} agree with the data.",
)


def found(inference: Inference, *, language: Language, level: float) -> Sentence:
    """Return the finding and, for one number, what its interval means."""
    opening = headline(inference, language=language, level=level)
    sentence = Sentence(f"{opening.text}.", opening.numbers)
    if len(inference.estimate) != 1 or not np.isfinite(inference.variance).all():
        return sentence
    outcome = inference.effects.design.panel.outcome
    words = outcome_words(outcome)
    low, high = (words.scale * float(end[0]) for end in inference.interval(level))
    decimals = decimals_for([low, high], words.decimals)
    meaning = say(
        _CLEAR if low > 0 or high < 0 else _UNCLEAR,
        language,
        low=Quantity(low, f"{outcome.name}.overall.conf_low", decimals),
        high=Quantity(high, f"{outcome.name}.overall.conf_high", decimals),
        unit=words.unit[language],
    )
    return sentence + Sentence(meaning.text.replace("  ", " "), meaning.numbers)


# --------------------------------------------------------------------------------------------- compared

_WHO: Final = both(
    id="{treated} {many} dilatih{course}, dalam {waves} gelombang: {list}. {never} {many} tidak pernah dilatih antara "
    "{first} dan {last}.",
    en="{treated} {treated_noun} received training{course}, in {waves} {wave_noun}: {list}. {never} {never_noun} were "
    "never trained between {first} and {last}.",
)
_WAVE: Final = both(id="{when} ({n})", en="{when} ({n})")
_SEEN: Final = both(
    id="Perbandingan memakai {records} permohonan dalam {cells} pasangan {one} dan periode.",
    en="The comparison uses {records} applications in {cells} pairs of {one} and period.",
)
_SEEN_READY: Final = both(
    id="Perbandingan memakai {cells} pasangan {one} dan periode.",
    en="The comparison uses {cells} pairs of {one} and period.",
)
_TREATED_CLUSTERS: Final = both(
    id="Ketidakpastian dihitung dari {clusters} gugus, {treated} di antaranya terlatih.",
    en="Uncertainty is computed from {clusters} clusters, {treated} of them trained.",
)


def compared(design: Design, *, language: Language) -> list[Sentence]:
    """Return who was trained, in which waves, and who serves as comparison."""
    one, many = unit_noun(design.panel)
    labels = design.panel.timeline.labels
    counts = [int((design.adopted == step).sum()) for step in design.cohorts]
    waves = [
        say(_WAVE, language, when=period(design.cohort_label(step), language), n=Quantity(n, f"units of wave {i + 1}"))
        for i, (step, n) in enumerate(zip(design.cohorts, counts, strict=True))
    ]
    treated, never = sum(counts), len(design.adopted) - sum(counts)
    named = design.treatment not in {"", "treatment"} and counts_records(design.panel)
    who = say(
        _WHO,
        language,
        treated=Quantity(treated, "units with an adoption time"),
        treated_noun=(one if treated == 1 else many)[language],
        many=many[language],
        course=f" ({design.treatment})" if named else "",
        waves=Quantity(len(waves), "len(design.cohorts)"),
        wave_noun="wave" if len(waves) == 1 else "waves",
        list=Sentence(joined([w.text for w in waves], language), tuple(q for w in waves for q in w.numbers)),
        never=Quantity(never, "units without an adoption time"),
        never_noun=(one if never == 1 else many)[language],
        first=period(labels[0], language),
        last=period(labels[-1], language),
    )
    seen = say(
        _SEEN if counts_records(design.panel) else _SEEN_READY,
        language,
        records=Quantity(int(design.panel.n.sum()), "panel.n.sum()"),
        cells=Quantity(int(design.panel.observed.sum()), "panel.observed.sum()"),
        one=one[language],
    )
    return [who, seen + _cluster_sentence(design, language)]


def _cluster_sentence(design: Design, language: Language) -> Sentence:
    return say(
        _TREATED_CLUSTERS,
        language,
        clusters=Quantity(len(design.clusters), "len(design.clusters)"),
        treated=Quantity(design.treated_clusters, "design.treated_clusters"),
    )


# --------------------------------------------------------------------------------------------- left out

_LEDGER: Final = both(
    id="Dari {read} baris yang dibaca, {kept} baris ({share}) dipakai.",
    en="Of {read} rows read, {kept} ({share}) were kept.",
)
_IMMATURE: Final = both(
    id="{n} bulan terlalu baru untuk dinilai dan tidak dipakai: {list}. Permohonan pada bulan itu belum semuanya cukup "
    "lama diikuti, sehingga rata-ratanya akan tampak terlalu cepat.",
    en="{n} {noun} too recent to judge and left out: {list}. Not all applications of these months have been followed "
    "long enough, so their mean would look too fast.",
)
_NOTHING: Final = both(id="Semua periode dipakai.", en="All periods were used.")


def left_out(panel: Panel, record: Ledger | None, *, language: Language) -> list[Sentence]:
    """Return what did not enter: rows, and months that cannot answer yet."""
    sentences = []
    if record is not None:
        sentences.append(
            say(
                _LEDGER,
                language,
                read=Quantity(record.read, "ledger.read"),
                kept=Quantity(record.kept, "ledger.kept"),
                share=Quantity(record.kept / max(record.read, 1), "ledger.kept / ledger.read", 1, "percent"),
            )
        )
    if panel.immature:
        sentences.append(
            say(
                _IMMATURE,
                language,
                n=Quantity(len(panel.immature), "len(panel.immature)"),
                noun="month is" if len(panel.immature) == 1 else "months are",
                list=joined([period(label, language) for label in panel.immature], language),
            )
        )
    return sentences or [say(_NOTHING, language)]


# ------------------------------------------------------------------------------------- method and limits

_OUTCOMES: Final[Mapping[str, Text]] = {
    "RestrictedMean": both(
        id="Lama proses dihitung dari hari diterima sampai hari diputuskan. Setiap permohonan dihitung paling lama "
        "{limit} {unit}; yang belum selesai atau ditarik pada batas itu dihitung sebesar batas itu. Dengan cara ini "
        "permohonan yang belum selesai ikut berbicara dan bulan terakhir tidak tampak lebih cepat daripada "
        "kenyataannya.",
        en="The wait runs from receipt to decision. Each application counts up to {limit} {unit}; one that is open or "
        "withdrawn by then counts as the limit. So open applications have their say, and recent months do not look "
        "faster than they are.",
    ),
    "Within": both(
        id="Yang dihitung adalah bagian permohonan yang diputuskan dalam {limit} {unit}; permohonan yang belum "
        "selesai atau ditarik pada batas itu dihitung tidak selesai.",
        en="What counts is the share of applications decided within {limit} {unit}; one that is open or withdrawn "
        "by then counts as not finished.",
    ),
}
_GROUP_TIME: Final = both(
    id="Untuk setiap gelombang pelatihan dan setiap periode, perubahan sejak periode terakhir sebelum pelatihan "
    "dibandingkan dengan perubahan pada waktu yang sama di {controls} (Callaway dan Sant'Anna, 2021). Hasilnya "
    "dirata-ratakan menurut banyaknya unit dalam setiap gelombang.",
    en="For every training wave and period, the change since the last period before training is compared with the "
    "change over the same time among {controls} (Callaway and Sant'Anna, 2021). The results are averaged by the "
    "number of units in each wave.",
)
_CONTROLS: Final[Mapping[str, Text]] = {
    "never": both(id="unit yang tidak pernah dilatih", en="units that were never trained"),
    "not_yet": both(id="unit yang belum atau tidak pernah dilatih", en="units not yet or never trained"),
}
_ESTIMATORS: Final[Mapping[str, Text]] = {
    "TwoWay": both(
        id="Dampak dihitung dengan regresi dua arah: perbedaan tetap antarunit dan antarperiode dikeluarkan lebih "
        "dahulu. Bila dampak berbeda antargelombang, angka ini dapat menyimpang.",
        en="The effect comes from a two-way regression: lasting differences between units and periods are taken out "
        "first. Where effects differ between waves, this number can mislead.",
    ),
    "Imputation": both(
        id="Nilai tanpa pelatihan diperkirakan dari unit dan periode yang belum dilatih, lalu dikurangkan dari "
        "kenyataan (Borusyak, Jaravel, dan Spiess, 2024).",
        en="What would have been without training is predicted from units and periods not yet trained and taken "
        "from what was seen (Borusyak, Jaravel and Spiess, 2024).",
    ),
    "TwoStage": both(
        id="Nilai tanpa pelatihan diperkirakan dari unit dan periode yang belum dilatih, lalu selisihnya dengan "
        "kenyataan diregresikan (Gardner, 2022).",
        en="What would have been without training is predicted from units and periods not yet trained; the differences "
        "from what was seen are then regressed (Gardner, 2022).",
    ),
    "InteractionWeighted": both(
        id="Dampak setiap gelombang dihitung terpisah dalam satu regresi, lalu dirata-ratakan (Sun dan Abraham, 2021).",
        en="The effect of each wave is computed apart in one regression, then averaged (Sun and Abraham, 2021).",
    ),
    "Saturated": both(
        id="Setiap gelombang dan periode sesudah pelatihan mendapat dampaknya sendiri dalam satu regresi "
        "(Wooldridge, 2021).",
        en="Each wave and period after training has an effect of its own in one regression (Wooldridge, 2021).",
    ),
    "Stacked": both(
        id="Setiap gelombang dibandingkan dengan pembanding yang bersih dalam jendela waktu yang sama, lalu ditumpuk "
        "dengan bobot yang dikoreksi (Wing, Freedman, dan Hollingsworth, 2024).",
        en="Each wave is compared with clean controls over the same window of time, then stacked with corrected "
        "weights (Wing, Freedman and Hollingsworth, 2024).",
    ),
    "TripleDifference": both(
        id="Selisih antara layanan yang terkena dan yang tidak terkena di kantor yang sama dibandingkan antara kantor "
        "terlatih dan pembandingnya.",
        en="The gap between affected and unaffected services of the same office is compared between trained offices "
        "and their comparison.",
    ),
    "Dose": both(
        id="Perubahan dibandingkan menurut banyaknya pegawai yang dilatih.",
        en="Changes are compared by how much of the staff was trained.",
    ),
    "Efficient": both(
        id="Karena urutan gelombang diundi, pembanding dipilih agar perkiraannya setepat mungkin (Roth dan Sant'Anna, "
        "2023).",
        en="As the order of waves was drawn by lot, the comparison is chosen to make the estimate as precise as it can "
        "be (Roth and Sant'Anna, 2023).",
    ),
    "SyntheticDiD": both(
        id="Unit terlatih dibandingkan dengan campuran unit lain yang sebelum pelatihan paling mirip (Arkhangelsky "
        "dkk., 2021).",
        en="Trained units are compared with a mix of others that looked most alike before (Arkhangelsky et al., 2021).",
    ),
}
_ESTIMATOR_OTHER: Final = both(
    id="Perubahan pada unit terlatih dibandingkan dengan perubahan pada unit pembanding dalam waktu yang sama.",
    en="The change among trained units is compared with the change among comparison units over the same time.",
)
_RULES: Final[Mapping[str, Text]] = {
    "BiasReduced": both(
        id="Ketidakpastian dihitung per gugus, dengan koreksi untuk gugus yang sedikit dan derajat bebas dari bobot "
        "perkiraan itu sendiri (Bell dan McCaffrey, 2002): bila hanya sedikit gugus yang dilatih, selangnya melebar.",
        en="Uncertainty is computed by cluster, corrected for few clusters, with degrees of freedom from the weights "
        "of the estimate itself (Bell and McCaffrey, 2002): where few clusters were trained, intervals widen.",
    ),
    "Multiplier": both(
        id="Pita ketidakpastian berlaku untuk semua titik sekaligus, bukan titik demi titik.",
        en="The band of uncertainty holds for all points at once, not point by point.",
    ),
    "Jackknife": both(
        id="Ketidakpastian dihitung dengan menghilangkan satu gugus setiap kali dan melihat seberapa jauh hasilnya "
        "bergeser; cara ini lebih berhati-hati bila gugus terlatih hanya sedikit.",
        en="Uncertainty comes from leaving out one cluster at a time and seeing how far the result moves; this is the "
        "careful choice when few clusters are trained.",
    ),
    "ClusterRobust": both(
        id="Ketidakpastian dihitung dengan galat baku tergugus yang lazim; bila gugus terlatih sedikit, selangnya "
        "terlalu sempit.",
        en="Uncertainty comes from the usual clustered standard error; with few trained clusters its intervals are "
        "too narrow.",
    ),
    "WildBootstrap": both(
        id="Ketidakpastian dihitung dengan bootstrap gugus liar: tanda sisaan tiap gugus dibalik secara acak "
        "berulang kali.",
        en="Uncertainty comes from the wild cluster bootstrap: the signs of each cluster's residuals are flipped at "
        "random.",
    ),
    "Permutation": both(
        id="Ketidakpastian dihitung dengan membandingkan hasil dengan jadwal pelatihan lain yang mungkin terjadi.",
        en="Uncertainty comes from comparing the result with other training schedules that could have been.",
    ),
    "Classical": both(
        id="Galat baku biasa dipakai; cara ini menganggap semua data saling bebas.",
        en="Ordinary standard errors are used; they take all records as independent.",
    ),
}
_RULE_OTHER: Final = both(id="Ketidakpastian dihitung per gugus.", en="Uncertainty is computed by cluster.")
_LIMITS: Final[tuple[Text, ...]] = (
    both(
        id="Hasil ini benar bila, tanpa pelatihan, kelompok terlatih akan berubah sama besar dengan pembandingnya "
        "(tren paralel). Titik-titik sebelum pelatihan dapat meragukan anggapan ini, tetapi tidak dapat "
        "membuktikannya.",
        en="The result holds if without training the trained would have changed as much as their comparison (parallel "
        "trends). The points before training can cast doubt on this; they cannot prove it.",
    ),
    both(
        id="Perubahan lain yang terjadi pada waktu dan tempat yang sama dengan pelatihan, misalnya sistem baru atau "
        "tambahan pegawai, tidak dapat dipisahkan dari dampak pelatihan.",
        en="Other changes at the same time and place as the training, such as a new system or more staff, cannot be "
        "told from its effect.",
    ),
    both(
        id="Angka ini berlaku bagi yang dilatih dalam waktu yang diamati; bagi yang lain dampaknya dapat berbeda.",
        en="The number is about those trained in the time observed; for others the effect may differ.",
    ),
    both(
        id="Signifikan secara statistik tidak sama dengan berarti bagi masyarakat: besar dampaknya perlu dinilai "
        "sendiri.",
        en="Statistically significant is not the same as important to people: judge the size of the effect itself.",
    ),
)


def method(inference: Inference, *, language: Language) -> tuple[Sentence, Sentence, Sentence]:
    """Return how the outcome, the effect and its uncertainty were computed, in plain words.

    The first sentence is empty for an outcome that needs no explanation.
    """
    return _outcome_sentence(inference, language), _estimator_sentence(inference, language), _rule(inference, language)


def _outcome_sentence(inference: Inference, language: Language) -> Sentence:
    outcome = inference.effects.design.panel.outcome
    template = _OUTCOMES.get(type(outcome).__name__)
    if template is None:
        return Sentence("")
    limit = limit_words(outcome)
    shown = Quantity(limit.value, f"{outcome.name}.horizon", limit.decimals)
    return say(template, language, limit=shown, unit=limit.unit[language])


def _estimator_sentence(inference: Inference, language: Language) -> Sentence:
    estimator = inference.effects.estimator
    if type(estimator).__name__ != "GroupTime":
        return say(_ESTIMATORS.get(type(estimator).__name__, _ESTIMATOR_OTHER), language)
    controls = _CONTROLS[str(getattr(estimator, "controls", "not_yet"))]
    return say(_GROUP_TIME, language, controls=controls[language])


def _rule(inference: Inference, language: Language) -> Sentence:
    return say(_RULES.get(type(inference.rule).__name__, _RULE_OTHER), language)


def limits(*, language: Language) -> list[Sentence]:
    """Return what the result rests on and what it does not say."""
    return [say(text, language) for text in _LIMITS]


_TERMS: Final = ("impact", "comparison_group", "parallel_trends", "confidence_interval", "cluster")
_DURATION_TERMS: Final = ("processing_time", "censored")


def glossary_terms(inferences: Iterable[Inference]) -> list[str]:
    """Return the terms a newcomer needs for a report on some inferences."""
    terms = list(_TERMS)
    for inference in inferences:
        if type(inference.effects.design.panel.outcome).__name__ in _OUTCOMES:
            terms += _DURATION_TERMS
        if "event_time" in inference.effects.terms.columns:
            terms.append("event_study")
        else:
            terms += ["standard_error", "p_value"]
    return list(dict.fromkeys(terms))
