"""To be deleted when every room speaks in messages: what stands in for them until then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from asn_impact.errors import AsnImpactError
from asn_impact.words import Message, languages, verbatim

__all__ = ["as_message", "estimators", "message_of", "messages", "rules", "texts"]


def message_of(problem: AsnImpactError) -> Message:
    """Return what an error says; the text of a room that has no messages yet as it is."""
    return as_message(problem.args[0])


def as_message(said: Any) -> Message:  # noqa: ANN401 - a message, a text or one text a language
    """Return a message for a text."""
    return said if isinstance(said, Message) else verbatim(said)


def messages(*notes: Iterable[Any]) -> tuple[Message, ...]:
    """Return notes of several values, each once."""
    return tuple(dict.fromkeys(as_message(note) for some in notes for note in some))


def texts(message: Message) -> Mapping[str, Any]:
    """Return the texts of a message by language, for tables that take no messages yet."""
    return {language: message.text(language) for language in languages()}


def estimators() -> Mapping[str, type]:
    """Return the estimators by their names in study.toml."""
    from asn_impact import estimation

    if hasattr(estimation, "ESTIMATORS"):
        return estimation.ESTIMATORS
    from asn_impact.estimation.curve import Along

    return {
        "group_time": estimation.GroupTime,
        "imputation": estimation.Imputation,
        "two_stage": estimation.TwoStage,
        "saturated": estimation.Saturated,
        "interaction_weighted": estimation.InteractionWeighted,
        "synthetic_did": estimation.SyntheticDiD,
        "two_way": estimation.TwoWay,
        "stacked": estimation.Stacked,
        "efficient": estimation.Efficient,
        "dose": estimation.Dose,
        "triple_difference": estimation.TripleDifference,
        "along": Along,
    }


def rules() -> Mapping[str, type]:
    """Return the rules of inference by their names in study.toml."""
    from asn_impact import estimation

    if hasattr(estimation, "RULES"):
        return estimation.RULES
    from asn_impact.estimation.simultaneous import Simultaneous

    return {
        "bias_reduced": estimation.BiasReduced,
        "jackknife": estimation.Jackknife,
        "cluster_robust": estimation.ClusterRobust,
        "classical": estimation.Classical,
        "two_way_clustered": estimation.TwoWayClustered,
        "wild_bootstrap": estimation.WildBootstrap,
        "permutation": estimation.Permutation,
        "placebo": estimation.Placebo,
        "multiplier": estimation.Multiplier,
        "simultaneous": Simultaneous,
    }
