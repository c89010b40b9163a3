"""Words that offices write where nothing is known yet."""

from __future__ import annotations

#: What offices write where there is no date or number.
NULL_WORDS: tuple[str, ...] = (
    "",
    "-",
    "--",
    "—",
    "–",
    "null",
    "none",
    "nan",
    "nat",
    "na",
    "n/a",
    "#n/a",
    "tidak ada",
    "belum",
    "belum selesai",
    "nihil",
    "kosong",
    "0",
)

#: What offices write for "not decided yet" where the date will come.
WAITING_WORDS: tuple[str, ...] = (
    "belum terbit",
    "belum ada",
    "belum jadi",
    "proses",
    "masih proses",
    "dalam proses",
    "sedang diproses",
    "masih diproses",
    "diproses",
    "menunggu",
    "pending",
    "open",
    "00:00:00",
    "(blank)",
    "#null!",
    ".",
    "?",
    "/",
)
