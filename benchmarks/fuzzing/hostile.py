"""Files made by hand to lead a reader astray, each with the refusal that it is to meet."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.fuzzing.bombs import bombs
from benchmarks.fuzzing.crafted import DAMAGED, LIMIT, TYPE, Crafted
from benchmarks.fuzzing.references import references
from benchmarks.fuzzing.seed import Seed

_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_FOLLOWERS: Mapping[str, tuple[str, str]] = {
    "HLS playlist": (".m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{url}part.ts\n#EXT-X-ENDLIST\n"),
    "HLS playlist after a byte order mark": (".m3u8", "\ufeff#EXTM3U\r\n#EXTINF:4,\r\n{url}part.ts\r\n"),
    "HLS playlist with a key elsewhere": (
        ".m3u8",
        '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{url}key"\n#EXTINF:4,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n',
    ),
    "list of files": (".m3u", "{url}part.mp4\n/etc/passwd\n"),
    "concat script": (".ffconcat", "ffconcat version 1.0\nfile '{url}part.mp4'\nfile '/etc/passwd'\n"),
    "concat script without its first line": (".txt", "file '/etc/passwd'\nfile '{url}part.mp4'\n"),
    "DASH manifest": (".mpd", _XML + '<MPD type="static"><Period><BaseURL>{url}</BaseURL></Period></MPD>'),
    "Smooth Streaming manifest": (".ism", _XML + '<SmoothStreamingMedia><c url="{url}"/></SmoothStreamingMedia>'),
    "IMF composition": (
        ".xml",
        _XML + '<CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>urn:uuid:0</Id>'
        "</CompositionPlaylist>",
    ),
    "IMF asset map": (".xml", _XML + "<AssetMap><Chunk><Path>/etc/passwd</Path></Chunk></AssetMap>"),
    "SDP": (".sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"),
    "SMIL": (".smil", '<smil><body><video src="{url}part.mp4"/></body></smil>'),
    "QuickTime link": (
        ".qtl",
        _XML + '<?quicktime type="application/x-quicktime-media-link"?><embed src="{url}a.mov"/>',
    ),
    "playlist of a player": (".pls", "[playlist]\nFile1={url}part.mp4\nNumberOfEntries=1\n"),
    "playlist in XML": (".xspf", _XML + "<playlist><track><location>{url}a.mp4</location></track></playlist>"),
    "Windows Media redirector": (".asx", '<ASX version="3.0"><Entry><Ref href="{url}a.wmv"/></Entry></ASX>'),
    "reference file": (".asf", "[Reference]\r\nRef1={url}part.asf\r\n"),
    "address of a stream": (".mov", "RTSPtext\r\nrtsp://127.0.0.1:1/a\r\n"),
    "XML with an entity of a file": (
        ".svg",
        _XML + '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><svg><text>&b;</text></svg>',
    ),
    "SVG": (".svg", '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'),
    "SVG with an address": (".svg", '<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}a.png"/></svg>'),
    "PostScript": (".eps", "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\n"),
    "PDF": (".pdf", "%PDF-1.7\n1 0 obj\n<</URI ({url})>>\nendobj\n"),
    "Avisynth script": (".avs", 'AviSource("/etc/passwd")\n'),
    "filter script": (".lavfi", "movie=/etc/passwd\n"),
    "index of subtitles": (".idx", "# VobSub index file, v7 (do not modify this line!)\nid: en, index: 0\n"),
}
_ENDINGS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".flv", ".ogv", ".wmv", ".mxf", ".gif", ".png", ".jpg")


@dataclass(frozen=True, slots=True)
class _Content:
    name: str
    content: bytes


def hostile(seeds: list[Seed], url: str) -> list[Crafted]:
    """Return all of them.

    Args:
        seeds: sound files, of which some are made.
        url: of a server that must never be asked, with a slash at its end.
    """
    return [*_followers(url), *_disguised(seeds, url), *references(seeds, url), *bombs(seeds)]


def _followers(url: str) -> Iterator[Crafted]:
    """Yield what names other files, under its own ending and under that of a video."""
    for name, (suffix, text) in _FOLLOWERS.items():
        for ending in (suffix, ".mp4"):
            yield Crafted(f"{name} as {ending}", ending, text.replace("{url}", url).encode(), TYPE)


def _disguised(seeds: list[Seed], url: str) -> Iterator[Crafted]:
    """Yield files with the right ending and something else within."""
    playlist = f"#EXTM3U\n#EXTINF:4,\n{url}part.ts\n".encode()
    others = (
        _Content("zeros", bytes(5000)),
        _Content("noise", random.Random(5).randbytes(5000)),
        _Content("a ZIP archive", b"PK\x03\x04" + bytes(900)),
        _Content("a program", b"\x7fELF" + bytes(99)),
        _Content("packed XML", gzip.compress(b"<svg/>", mtime=0)),
        _Content("nothing but spaces", b" " * 5000),
    )
    for number, ending in enumerate(_ENDINGS):
        other = others[number % len(others)]
        yield Crafted(f"{other.name} as {ending}", ending, other.content, TYPE)
    for form in ("PNG", "JPEG", "animated GIF", "MP4", "Matroska", "AVI", "FLV", "Ogg", "MXF", "ASF", "TIFF", "WebP"):
        seed = next(seed for seed in seeds if seed.form == form)
        yield Crafted(
            f"first bytes of {form}, then a playlist", seed.suffix, seed.content[:16] + playlist, TYPE + DAMAGED + LIMIT
        )
