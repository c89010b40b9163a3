"""A workbook whose list of sheets names one twice, or thousands: which rows are meant cannot be told."""

import re
import zipfile

import pytest

import asn_impact as ai
from asn_impact.errors import InputError

from .test_formats import ROWS, as_ods, as_spreadsheet_xml, as_xlsx

WRITERS = {
    "xlsx": (as_xlsx, "xl/workbook.xml", rb"<sheet [^>]*/>"),
    "ods": (as_ods, "content.xml", rb"(?s)<table:table .*</table:table>"),
    "xml": (as_spreadsheet_xml, "", rb"(?s)<(\w+:)?Worksheet.*</(\w+:)?Worksheet>"),
}


def again(text, pattern, times, *, named=False):
    """Return a text with an element repeated, under the same name or under names of its own."""
    sheet = re.search(pattern, text)[0]
    name = re.search(rb'[Nn]ame="([^"]*)"', sheet)[0]
    copies = (sheet.replace(name, name[:-1] + b"%d" % i + b'"') if named else sheet for i in range(times))
    return text.replace(sheet, b"".join(copies))


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize(
    ("times", "named", "says"), [(2, False, "more than one sheet"), (1_001, True, "at most 1,000")]
)
def test_sheets_alike_or_too_many_are_refused(tmp_path, ending, times, named, says):
    write, part, pattern = WRITERS[ending]
    path = tmp_path / f"izin.{ending}"
    write(path, ROWS)
    if part:
        with zipfile.ZipFile(path) as package:
            parts = {name: package.read(name) for name in package.namelist()}
        parts[part] = again(parts[part], pattern, times, named=named)
        with zipfile.ZipFile(path, "w") as package:
            for name, content in parts.items():
                package.writestr(name, content)
    else:
        path.write_bytes(again(path.read_bytes(), pattern, times, named=named))
    with pytest.raises(InputError, match=says):
        ai.read_exports(path, as_of="2024-12-31")
