"""A zip file whose list of parts is damaged is refused by name."""

import zipfile

import pytest

import asn_impact as ai
from asn_impact.errors import InputError


@pytest.mark.parametrize("ending", ["zip", "xlsx"])
def test_a_part_without_a_name_is_a_damaged_file(tmp_path, ending):
    path = tmp_path / f"izin.{ending}"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("a.csv", "nomor;kantor\n1;A\n")
        package.writestr("b.csv", "nomor;kantor\n2;A\n")
    whole = path.read_bytes()
    at = whole.rindex(b"PK\x01\x02")  # the last entry of the list of parts: its name shall be in the extra field
    path.write_bytes(whole[: at + 28] + b"\x00\x00\x05\x00" + whole[at + 32 :])
    with pytest.raises(InputError, match="izin"):
        ai.read_exports(path, as_of="2024-12-31")
