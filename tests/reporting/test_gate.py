"""Nothing leaves with a person's number in it, and what cannot be read does not leave."""

from __future__ import annotations

import base64
import io
import json

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from asn_impact.errors import PrivacyError
from asn_impact.reporting.gate import release

NIP = "19850101" + "201001" + "1" + "001"
NIK = "15040" + "51708" + "850002"
PHONE = "08" + "123456" + "7890"
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg"><title>{title}</title><!-- {comment} --><path d="{path}"/>'
    "<text>{text}</text></svg>"
)


def svg(title="", comment="", path="M 1 2", text=""):
    return SVG.format(title=title, comment=comment, path=path, text=text)


@pytest.mark.parametrize("number", [NIP, NIK, PHONE, f"{NIP[:8]} {NIP[8:14]} {NIP[14]} {NIP[15:]}"])
@pytest.mark.parametrize(
    ("name", "wrap"),
    [
        ("a.csv", lambda n: f"office,days\n{n},7.5\n"),
        ("a.json", lambda n: json.dumps({"label": [f"x {n}"]})),
        ("a.json", lambda n: json.dumps({n: 1})),
        ("a.svg", lambda n: svg(title=n)),
        ("a.svg", lambda n: svg(comment=f"label {n}")),
        ("a.svg", lambda n: svg(text=n)),
        ("a.html", lambda n: f"<p>{n}</p>"),
        ("a.html", lambda n: f'<img alt="{n}">'),
        ("a.html", lambda n: f"<!-- {n} -->"),
        (
            "a.html",
            lambda n: f'<img src="data:image/svg+xml;base64,{base64.b64encode(svg(text=n).encode()).decode()}">',
        ),
        ("a.txt", lambda n: f"hubungi {n}"),
        ("a", lambda n: n),
    ],
)
def test_an_identifier_is_refused_wherever_it_hides(number, name, wrap):
    with pytest.raises(PrivacyError) as refused:
        release(wrap(number), name)
    assert number not in str(refused.value)
    assert name in str(refused.value)


def test_an_identifier_in_the_file_name_is_refused():
    with pytest.raises(PrivacyError) as refused:
        release("fine", f"report_{NIP}.txt")
    assert "shaped like" in str(refused.value)


@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_an_identifier_in_the_metadata_of_a_picture_is_refused(ending):
    figure = Figure(figsize=(1, 1))
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=ending, metadata={"Title": f"label {NIK}"})
    with pytest.raises(PrivacyError):
        release(buffer.getvalue(), f"a.{ending}")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "office,days\nDinas A,-0.0812345678901\nDinas B,0.1234567890123456\n"),
        ("a.json", json.dumps({"value": 0.0812345678, "sha256": "ab12" * 16, "rows": 17_900})),
        ("a.svg", svg(path="M 12.345678 98.765432 L 11.111111 22.222222 1234567890123456")),
        ("a.html", "<td>1.234</td><td>5.678</td><td>9.012</td><td>3.456</td>"),
        ("a.txt", "Rp2.785.700,00 on 17 August 2023"),
    ],
)
def test_measurements_pass_unchanged(name, content):
    assert release(content, name) is content


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.svg", "<svg><unclosed></svg>"),
        ("a.json", "{"),
        ("a.png", b"not a picture"),
        ("a.pdf", b"not a document"),
        ("a.csv", b"\xff\xfe\x00"),
        ("a.bin", b"\xff\xfe\x00\x80"),
        ("a.html", '<img src="data:image/svg+xml;base64,***">'),
    ],
)
def test_what_cannot_be_read_does_not_pass(name, content):
    with pytest.raises(PrivacyError, match="cannot be read"):
        release(content, name)
