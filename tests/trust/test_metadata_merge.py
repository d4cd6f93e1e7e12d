"""XMP that a file has already, and XMP that means harm."""

from __future__ import annotations

import pytest
from mark_material import MARKS, exiftool
from PIL import Image as Pillow

from facefusion.media import forms
from facefusion.trust.metadata import COMPOSITE, Marks, embed, read_marks
from facefusion.trust.metadata.xmp import SENTENCES, marks_in, packet

ENGLISH, CHINESE = SENTENCES["en"], SENTENCES["zh"]
PHOTOGRAPHER = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <r:Description r:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:my="http://example.com/my/"
  xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" my:Rating="5"
  e:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture">
  <dc:creator><r:Seq><r:li>A. Photographer</r:li></r:Seq></dc:creator>
  <dc:description><r:Alt><r:li xml:lang="x-default">By the lake</r:li><r:li xml:lang="fr">Au lac</r:li></r:Alt>
  </dc:description>
 </r:Description>
 <r:Description r:about="" xmlns:t="http://www.tc260.org.cn/ns/AIGC/1.0/"><t:AIGC>{"Label":"2"}</t:AIGC></r:Description>
</r:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


@pytest.fixture
def photograph(tmp_path):
    path = tmp_path / "photograph.jpg"
    Pillow.new("RGB", (32, 32), "olive").save(path, xmp=PHOTOGRAPHER.encode())
    return path


def test_what_a_photographer_wrote_stays(photograph):
    embed(photograph, forms.JPEG, MARKS)
    told = exiftool("-a", "-G1", "-s", "-XMP:all", str(photograph))
    assert "A. Photographer" in told
    assert "Rating" in told
    assert "Au lac" in told


def test_no_property_is_said_twice(photograph):
    embed(photograph, forms.JPEG, MARKS)
    assert read_marks(photograph) == MARKS
    told = exiftool("-a", "-G1", "-s", "-XMP:all", str(photograph))
    assert told.count("] DigitalSourceType") + told.count("]   DigitalSourceType") == 1
    assert "digitalCapture" not in told
    assert told.lower().count("aigc   ") == 1


def test_the_sentence_comes_behind_a_description_that_is_there(photograph):
    embed(photograph, forms.JPEG, MARKS)
    embed(photograph, forms.JPEG, Marks(content_producer="a", produce_id="2"))
    told = exiftool("-a", "-s3", "-Description", "-Description-fr", "-Description-zh", str(photograph)).splitlines()
    assert told == [f"By the lake {ENGLISH}", "Au lac", CHINESE]


@pytest.mark.parametrize(
    "old",
    [
        b"\xff\xfe\x00damaged",
        b"<x/>",
        b"<x:xmpmeta",
        PHOTOGRAPHER.replace("<x:xmpmeta", '<!DOCTYPE x [<!ENTITY a "b">]><x:xmpmeta', 1).encode(),
        PHOTOGRAPHER.replace("A. Photographer", "<b>" * 5000 + "</b>" * 5000).encode(),
        PHOTOGRAPHER.replace("A. Photographer", "<b/>" * 100_000).encode(),
        PHOTOGRAPHER.replace("By the lake", "x" * 5_000_000).encode(),
    ],
    ids=["not text", "no RDF", "cut off", "entities", "deep", "many", "long"],
)
def test_a_packet_that_cannot_be_read_safely_is_left_out(old):
    assert marks_in(old) is None
    assert marks_in(packet(MARKS, old)) == MARKS
    assert b"Photographer" not in packet(MARKS, old)


def test_a_billion_laughs_cost_nothing():
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "ha">{levels}]>' + PHOTOGRAPHER.replace("By the lake", "&l9;")
    assert marks_in(bomb.encode()) is None


@pytest.mark.parametrize(
    "said",
    [
        'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/" TC260:AIGC="{&quot;Label&quot;:&quot;1&quot;}">',
        'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"><TC260:AIGC>{"AIGC":{"Label":1}}</TC260:AIGC>',
        'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"><TC260:AIGC><![CDATA[{"Label":"1"}]]></TC260:AIGC>',
        'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"><TC260:AIGC rdf:parseType="Resource">'
        "<TC260:Label>1</TC260:Label></TC260:AIGC>",
    ],
    ids=["attribute", "wrapped", "CDATA", "structure"],
)
def test_the_object_is_found_as_others_write_it(said):
    whole = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        f"{said}</rdf:Description></rdf:RDF>"
    )
    found = marks_in(whole.encode())
    assert found is not None
    assert found.label == "1"
    assert found.source_type == ""


def test_a_source_type_alone_is_a_mark():
    whole = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
        f'<e:DigitalSourceType rdf:resource="{COMPOSITE}"/></rdf:Description></rdf:RDF>'
    )
    found = marks_in(whole.encode())
    assert found is not None
    assert (found.source_type, found.label) == (COMPOSITE, "")


@pytest.mark.parametrize("form", [forms.JPEG, forms.PNG])
def test_of_several_packets_one_is_left(tmp_path, form):
    path = tmp_path / f"several{form.suffixes[0]}"
    Pillow.new("RGB", (32, 32), "olive").save(path, **({"xmp": PHOTOGRAPHER.encode()} if form is forms.JPEG else {}))
    embed(path, form, Marks(content_producer="a", produce_id="2"))
    whole = path.read_bytes()
    start = whole.index(b"\xff\xe1" if form is forms.JPEG else b"iTXt") - (0 if form is forms.JPEG else 4)
    length = int.from_bytes(whole[start + 2 : start + 4]) + 2 if form is forms.JPEG else 0
    length = length or int.from_bytes(whole[start : start + 4]) + 12
    path.write_bytes(whole[: start + length] + whole[start : start + length] + whole[start + length :])
    embed(path, form, MARKS)
    assert path.read_bytes().count(b"W5M0MpCehiHzreSzNTczkc9d") == 1
    assert read_marks(path) == MARKS
    with Pillow.open(path) as image:
        image.load()
