"""Groups of the trained: by provider, wave, service. Each has its effect, and the test says whether they differ."""

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.errors import EstimationError
from asn_impact.words import verbatim

MONTHS = pd.period_range("2023-01", periods=16, freq="M").astype(str)


def design_of(effects, *, never=6, noise=0.3, seed=0, starts=(9, 11), services=()):
    """A panel of offices trained at two times, office by office with its own effect."""
    rng = np.random.default_rng(seed)
    names = [f"O{i:02d}" for i in range(len(effects) + never)]
    rows, adopted = [], {}
    for i, name in enumerate(names):
        start = starts[i % len(starts)] if i < len(effects) else len(MONTHS)
        if i < len(effects):
            adopted[name] = MONTHS[start]
        for kind in services or ("",):
            level = rng.normal() * 3
            for t, month in enumerate(MONTHS):
                effect = effects[i] if t >= start else 0.0
                effect = effect * (kind != services[-1]) if services else effect
                rows.append((name, kind, month, level + effect + rng.normal() * noise))
    frame = pd.DataFrame(rows, columns=["office", "service", "month", "y"])
    frame["unit"] = frame["office"] + frame["service"]
    unit = "unit" if services else "office"
    keep = {"attributes": ["office", "service"]} if services else {}
    panel = ai.read_panel(frame, unit=unit, period="month", outcome="y", **keep)
    by = {"by": "office"} if services else {}
    return ai.assign(panel, ai.Rollout(pd.Series(adopted)), cluster="office", **by)


PROVIDERS = {f"O{i:02d}": ("BPSDM", "Universitas")[i // 4] for i in range(8)}


@pytest.mark.parametrize("estimator", [ai.GLSImputation(), ai.Imputation(), ai.GroupTime()])
def test_the_effects_of_the_groups_average_to_that_of_all(estimator):
    effects = estimator(design_of([-1.0] * 4 + [-3.0] * 4))
    found = ai.compare_groups(effects, "provider", ai.BiasReduced(), groups=PROVIDERS)
    treated = effects.design.treated().sum(axis=1)
    sizes = [sum(treated[i] for i, u in enumerate(effects.design.panel.units) if PROVIDERS.get(u) == g)
             for g in found.labels]  # fmt: skip
    assert np.average(found.inference.estimate, weights=sizes) == pytest.approx(
        effects.overall().estimate[0], abs=0.002
    )


def test_groups_that_differ_are_told_apart_and_equal_ones_are_not():
    apart = ai.compare_groups(
        ai.GLSImputation()(design_of([-1.0] * 4 + [-3.0] * 4)), "provider", ai.BiasReduced(), groups=PROVIDERS
    )
    assert apart.equal_p_value < 0.01
    said = apart.statements()[0].text("en")
    assert "differ" in said
    assert "BPSDM less Universitas" in said
    alike = ai.compare_groups(
        ai.GLSImputation()(design_of([-2.0] * 8, noise=1.0)), "provider", ai.BiasReduced(), groups=PROVIDERS
    )
    assert alike.equal_p_value > 0.05
    assert "4 perangkat daerah: dampaknya tidak dapat dibedakan" in alike.statements()[0].text("id")
    assert alike.table()["estimate"].between(-3, -1).all()


def test_a_group_with_its_own_comparison_is_the_study_of_its_rows():
    design = design_of([-2.0] * 6, services=("IMB", "SIP"))
    effects = ai.Imputation()(design)
    found = ai.compare_groups(effects, "service", ai.BiasReduced())
    for label, estimate in zip(found.labels, found.inference.estimate, strict=True):
        alone = ai.Imputation()(design.where(design.panel.attributes["service"].to_numpy() == label)).overall()
        assert estimate == pytest.approx(alone.estimate[0])
    assert found.equal_p_value < 0.01
    assert found.sizes == (6, 6)


def test_all_trained_in_waves_are_compared_with_those_not_yet_trained():
    design = design_of([-1.0] * 12, never=0, starts=(6, 10, 14))
    found = ai.compare_groups(
        ai.GLSImputation()(design), "provider", ai.BiasReduced(), groups={f"O{i:02d}": i % 2 for i in range(12)}
    )
    assert found.labels == (0, 1)
    assert np.isfinite(found.equal_p_value)


def test_the_luck_of_one_office_is_no_group():
    groups = {**PROVIDERS, "O07": "Swasta"}
    found = ai.compare_groups(ai.GLSImputation()(design_of([-1.0] * 8)), "provider", ai.BiasReduced(), groups=groups)
    assert found.labels == ("BPSDM", "Universitas")
    assert any("Swasta: a single trained office" in str(note) for note in found.notes)
    with pytest.raises(EstimationError, match="Expected two or more, each with two trained offices"):
        ai.compare_groups(
            ai.GLSImputation()(design_of([-1.0] * 8)), "provider", ai.BiasReduced(), groups={"O00": "a", "O01": "b"}
        )


def test_labels_may_be_messages_and_unknown_columns_are_named():
    effects = ai.GLSImputation()(design_of([-1.0] * 8))
    low, high = verbatim({"id": "rendah", "en": "low"}), verbatim({"id": "tinggi", "en": "high"})
    groups = {unit: low if name == "BPSDM" else high for unit, name in PROVIDERS.items()}
    assert ai.compare_groups(effects, "dose", ai.BiasReduced(), groups=groups).labels == (low, high)
    with pytest.raises(EstimationError, match="Did you mean 'wave'"):
        ai.compare_groups(effects, "waves", ai.BiasReduced())


def test_one_inference_holds_what_each_group_has_alone():
    effects = ai.GLSImputation()(design_of([-1.0] * 4 + [-3.0] * 4))
    found = ai.compare_groups(effects, "provider", ai.Jackknife(), groups=PROVIDERS)
    inference = found.inference
    assert inference.effects.loadings().shape == (2, *effects.design.panel.mean.shape)
    products = inference.effects.loadings() * np.nan_to_num(effects.design.panel.mean)
    assert products.sum(axis=(1, 2)) == pytest.approx(inference.estimate)
    assert np.linalg.eigvalsh(inference.variance).min() > 0


def test_an_estimator_that_compares_with_the_never_trained_leaves_the_other_groups_out():
    design = design_of([-1.0] * 4 + [-3.0] * 4)
    never = np.isinf(design.adopted)
    for estimator in (ai.GroupTime(controls="never"), ai.SyntheticDiD()):
        found = ai.compare_groups(estimator(design), "provider", ai.Jackknife(), groups=PROVIDERS)
        for label, estimate in zip(found.labels, found.inference.estimate, strict=True):
            own = np.array([PROVIDERS.get(unit) == label for unit in design.panel.units])
            assert estimate == pytest.approx(estimator(design.where(never | own)).overall().estimate[0])


def test_groups_hang_together_as_the_rule_sees_it_and_not_as_residuals_of_few_do():
    """By the raw influence equal groups of four offices differed in 12 % of draws at 5 %: coverage.py --groups."""
    effects = ai.GLSImputation()(design_of([-1.0] * 8, never=20))
    found = ai.compare_groups(effects, "provider", ai.BiasReduced(), groups=PROVIDERS)
    shared = found.inference.effects.fit.shared()
    assert found.inference.variance == pytest.approx(shared.T @ shared)
    influence = found.inference.effects.fit.influence()
    correlation = np.corrcoef(influence, rowvar=False)[0, 1]
    error = np.sqrt(np.diag(found.inference.variance))
    assert found.inference.variance[0, 1] / error.prod() < correlation


def test_a_note_of_several_groups_is_said_once_with_their_names():
    found = ai.compare_groups(
        ai.GLSImputation()(design_of([-1.0] * 4 + [-3.0] * 4)), "provider", ai.BiasReduced(), groups=PROVIDERS
    )
    notes = [note for note in found.inference.notes if note.key == "grouped.note"]
    assert len({note["note"] for note in notes}) == len(notes) > 0
    assert any(str(note).startswith("BPSDM, Universitas: ") for note in notes)


@pytest.mark.filterwarnings("ignore:The periods")
@pytest.mark.parametrize(
    ("periods", "english", "indonesian"),
    [
        (["2023Q1", "2023Q2", "2023Q3", "2023Q4"], "quarter 3 2023, quarter 4 2023", "triwulan 3 2023"),
        (["2023-01", "2023-07", "2024-01", "2024-07"], "half 1 of 2024, half 2 of 2024", "semester 1 2024"),
        (["2023-01", "2023-02", "2023-03", "2023-04"], "Mar 2023, Apr 2023", "Mar 2023"),
    ],
)
@pytest.mark.parametrize("estimator", [ai.Saturated(), ai.GroupTime()])
def test_what_cannot_be_estimated_is_named_by_its_periods_in_words(estimator, periods, english, indonesian):
    offices = [f"O{i}" for i in range(6)]
    frame = pd.DataFrame([(o, p, i + t * t) for i, o in enumerate(offices) for t, p in enumerate(periods)])
    panel = ai.read_panel(
        frame.set_axis(["office", "period", "y"], axis=1), unit="office", period="period", outcome="y"
    )
    starts = pd.Series({o: periods[2 if i < 3 else 3] for i, o in enumerate(offices)})
    effects = estimator(ai.assign(panel, ai.Rollout(starts), cluster="office"))
    note = next(note for note in effects.notes if note.key.endswith("s_not_estimable"))
    assert f"({english})" in note.text("en")
    assert indonesian in note.text("id")
