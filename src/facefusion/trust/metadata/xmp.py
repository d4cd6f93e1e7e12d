"""XMP packets (ISO 16684-1): marks are put into what a file says already, and found there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from xml.dom import Node
from xml.dom.minidom import Document, Element, parseString  # nosec B408 - see _check
from xml.parsers import expat

from facefusion.trust.metadata.marks import FIELDS, Marks, parsed_aigc

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XMP = "http://ns.adobe.com/xap/1.0/"
DC = "http://purl.org/dc/elements/1.1/"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
TC260 = "http://www.tc260.org.cn/ns/AIGC/1.0/"
LARGEST_PACKET = 4 << 20
"""Bytes of a packet that is read; larger ones are taken for damaged."""
SENTENCES = {
    "x-default": "This content was modified with artificial intelligence.",
    "en": "This content was modified with artificial intelligence.",
    "zh": "本内容由人工智能合成。",
}
"""What is said to people who look at the description of a file, by language."""

_PREFIXES = {XMP: "xmp", DC: "dc", IPTC: "Iptc4xmpExt", TC260: "TC260"}
_XMLNS, _XML = "http://www.w3.org/2000/xmlns/", "http://www.w3.org/XML/1998/namespace"
_OURS = ((XMP, "CreatorTool"), (IPTC, "DigitalSourceType"), (IPTC, "AISystemUsed"), (TC260, "AIGC"))
_START = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_END = '\n<?xpacket end="w"?>'
_EMPTY = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="' + RDF + '"/></x:xmpmeta>'
_DEEPEST, _MOST_NODES = 64, 50_000


def packet(marks: Marks, old: bytes = b"", *, aigc: bool = True) -> bytes:
    """Return a packet with marks, and with everything else that an older one says.

    Args:
        marks: what to say.
        old: packet that the file has already; one that cannot be read is left out.
        aigc: whether the AIGC object belongs here; some forms have a place of their own for it, and the standard asks
            for one copy.
    """
    document = _parsed(old) or parseString(_EMPTY)  # nosec B318 - a text of ours
    rdf = document.getElementsByTagNameNS(RDF, "RDF")[0]
    described = _alternatives(rdf, DC, "description")
    about = _taken_out(rdf, (*_OURS, (DC, "description")))
    _describe(document, rdf, marks, described, about=about, aigc=aigc)
    root = document.documentElement
    return (_START + (root.toxml() if root else _EMPTY) + _END).encode()


def marks_in(content: bytes) -> Marks | None:
    """Return the marks that a packet holds; None where it holds none, or cannot be read."""
    document = _parsed(content)
    if document is None:
        return None
    source_type = next(_values(document, IPTC, "DigitalSourceType"), "")
    aigc = _aigc(document)
    if aigc is None and not source_type:
        return None
    used = next(_values(document, IPTC, "AISystemUsed"), "")
    models = tuple(name for name in used.split(", ") if name)
    tool = next(_values(document, XMP, "CreatorTool"), "")
    return Marks.of(aigc or {}, source_type=source_type, tool=tool, models=models)


def _parsed(content: bytes) -> Document | None:
    """Parse a packet; None where it is no XMP, or is made to exhaust the reader."""
    if not content or len(content) > LARGEST_PACKET:
        return None
    with suppress(ValueError, expat.ExpatError, RecursionError, LookupError):
        text = content.decode("utf-8").strip("\ufeff\0 \t\r\n")
        _check(text)
        document = parseString(text)  # nosec B318 - checked above: no document types, bounded
        if document.getElementsByTagNameNS(RDF, "RDF"):
            return document
    return None


def _check(text: str) -> None:
    """Make sure that XML is small enough to be held.

    Raises:
        ValueError: it declares a document type, with which come entities, or is deep or long.
        expat.ExpatError: it is not XML.
    """
    depth = count = 0

    def begin(name: str, attributes: list[str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1 + len(attributes) // 2
        if depth > _DEEPEST or count > _MOST_NODES:
            raise ValueError("too deep or too long")

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_: object) -> None:
        raise ValueError("a document type")

    parser = expat.ParserCreate()
    parser.ordered_attributes = True
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(text, True)


def _descriptions(rdf: Element) -> Iterator[Element]:
    """Yield the nodes that hold properties of the file."""
    for node in list(rdf.childNodes):
        if isinstance(node, Element) and (node.namespaceURI, node.localName) == (RDF, "Description"):
            yield node


def _taken_out(rdf: Element, names: tuple[tuple[str, str], ...]) -> str:
    """Take properties out, as attributes and as elements; return what the nodes are about."""
    about = ""
    for description in _descriptions(rdf):
        about = about or description.getAttributeNS(RDF, "about")
        for space, name in names:
            if description.hasAttributeNS(space, name):
                description.removeAttributeNS(space, name)
        for child in list(description.childNodes):
            if isinstance(child, Element) and (child.namespaceURI, child.localName) in names:
                description.removeChild(child)
        if not _says(description):
            rdf.removeChild(description)
    return about


def _says(description: Element) -> bool:
    """Whether a node holds any property."""
    if any(isinstance(child, Element) for child in description.childNodes):
        return True
    names = (description.attributes.item(at) for at in range(description.attributes.length))
    return any(name is not None and name.namespaceURI not in (_XMLNS, RDF) for name in names)


def _describe(
    document: Document, rdf: Element, marks: Marks, described: dict[str, str], *, about: str, aigc: bool
) -> None:
    """Append a node with the properties of marks."""
    prefix = (rdf.prefix or "rdf") + ":"
    node = document.createElementNS(RDF, f"{rdf.prefix or 'rdf'}:Description")
    node.setAttributeNS(_XMLNS, "xmlns:" + prefix[:-1], RDF)
    node.setAttributeNS(RDF, prefix + "about", about)
    rdf.appendChild(node)
    values = [(XMP, "CreatorTool", marks.tool), (IPTC, "DigitalSourceType", marks.source_type)]
    values += [(IPTC, "AISystemUsed", ", ".join(marks.models)), (TC260, "AIGC", marks.aigc if aigc else "")]
    for space, name, value in values:
        if value:
            node.setAttributeNS(_XMLNS, f"xmlns:{_PREFIXES[space]}", space)
            _append(document, node, space, f"{_PREFIXES[space]}:{name}", value)
    node.setAttributeNS(_XMLNS, f"xmlns:{_PREFIXES[DC]}", DC)
    outer = _append(document, node, DC, f"{_PREFIXES[DC]}:description")
    list_ = _append(document, outer, RDF, prefix + "Alt")
    for language, text in _said(described).items():
        item = _append(document, list_, RDF, prefix + "li", text)
        item.setAttributeNS(_XML, "xml:lang", language)


def _append(document: Document, parent: Element, space: str, name: str, text: str = "") -> Element:
    node = document.createElementNS(space, name)
    if text:
        node.appendChild(document.createTextNode(text))
    parent.appendChild(node)
    return node


def _said(described: dict[str, str]) -> dict[str, str]:
    """Put our sentences behind what a description says already, once."""
    said = dict(described)
    for language, sentence in SENTENCES.items():
        before = said.get(language, "")
        if sentence not in before:
            said[language] = f"{before} {sentence}".strip()
    return {"x-default": said.pop("x-default"), **said}


def _alternatives(rdf: Element, space: str, name: str) -> dict[str, str]:
    """Return a text in all its languages."""
    found: dict[str, str] = {}
    for value in rdf.getElementsByTagNameNS(space, name):
        for item in value.getElementsByTagNameNS(RDF, "li"):
            found.setdefault(item.getAttributeNS(_XML, "lang") or "x-default", _text(item))
        if not found and _text(value).strip():
            found["x-default"] = _text(value).strip()
    for description in _descriptions(rdf):
        if text := description.getAttributeNS(space, name):
            found.setdefault("x-default", text)
    return found


def _aigc(document: Document) -> dict[str, str] | None:
    """Return the AIGC object: as JSON, as others write it also as a structure."""
    for text in _values(document, TC260, "AIGC"):
        if found := parsed_aigc(text):
            return found
    fields = {name: next(_values(document, TC260, name), None) for name in FIELDS}
    known = {name: value for name, value in fields.items() if value is not None}
    return known or None


def _values(document: Document, space: str, name: str) -> Iterator[str]:
    """Yield the values of a property, wherever it is, as an element and as an attribute."""
    for element in document.getElementsByTagNameNS(space, name):
        resource = element.getAttributeNS(RDF, "resource")
        yield resource or _text(element).strip()
    for element in document.getElementsByTagNameNS(RDF, "Description"):
        if element.hasAttributeNS(space, name):
            yield element.getAttributeNS(space, name)


def _text(element: Element) -> str:
    """Return the text that lies directly in an element."""
    kinds = (Node.TEXT_NODE, Node.CDATA_SECTION_NODE)
    return "".join(str(node.nodeValue) for node in element.childNodes if node.nodeType in kinds)
