"""Persons stay outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from asn_impact.errors import PrivacyError
from asn_impact.intake.privacy import identifiers_in, load_key, masked, pseudonym

KEY = b"0123456789abcdef0123456789abcdef"
NIP = "19870910" + "201101" + "1" + "006"
NIK = "150401" + "100987" + "0001"


@pytest.mark.parametrize(
    "text", [NIP, NIK, f"NIP {NIP[:8]} {NIP[8:14]} {NIP[14]} {NIP[15:]}", f"KTP-{NIK}", f"({NIK}),"]
)
def test_numbers_of_persons_are_found_however_they_are_written(text: str) -> None:
    assert identifiers_in(text)
    assert not any(c.isdigit() for c in masked(text))


@pytest.mark.parametrize("phone", ["081234567890", "0812-3456-7890", "+62 812 3456 7890", "6281234567890"])
def test_telephone_numbers_are_found(phone: str) -> None:
    assert identifiers_in(f"hubungi {phone} segera")


@pytest.mark.parametrize(
    "text", ["503/014/SIP/IX/2026", "Rp2.785.700,00", "0.1234567890123456", "2024-01-31", "1234567890123"]
)
def test_ordinary_numbers_are_left_alone(text: str) -> None:
    assert identifiers_in(text) == ()


def test_a_pseudonym_depends_on_key_kind_and_person_only() -> None:
    one = pseudonym("nip", NIP, KEY)
    assert one == pseudonym("nip", f"{NIP[:8]} {NIP[8:]}", KEY)
    assert (
        len({one, pseudonym("nik", NIP, KEY), pseudonym("nip", NIP, KEY[::-1]), pseudonym("nip", NIP[:-1] + "7", KEY)})
        == 4
    )
    assert NIP not in one


@pytest.mark.parametrize("damaged", ["1,98709E+17", "1.98709E+17", NIP[:15] + "000"])
def test_a_number_damaged_by_a_spreadsheet_is_refused_and_not_shown(damaged: str) -> None:
    with pytest.raises(PrivacyError) as caught:
        pseudonym("nip", damaged, KEY)
    assert damaged not in str(caught.value)


def test_a_key_must_be_long_and_private_and_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "key"
    file.parent.mkdir()
    file.write_bytes(KEY)
    file.chmod(0o600)
    assert load_key(file, outside=[tmp_path / "data"]) == KEY
    with pytest.raises(PrivacyError, match="inside"):
        load_key(file, outside=[tmp_path])
    file.chmod(0o644)
    with pytest.raises(PrivacyError, match="others"):
        load_key(file, outside=[])
    file.chmod(0o600)
    file.write_bytes(KEY[:31])
    with pytest.raises(PrivacyError, match="31 bytes"):
        load_key(file, outside=[])
    (tmp_path / ".git").mkdir()
    with pytest.raises(PrivacyError, match="git"):
        load_key(file, outside=[])


def test_a_short_key_makes_no_pseudonym() -> None:
    with pytest.raises(PrivacyError, match="at least 32"):
        pseudonym("nip", NIP, b"short")
