"""Names of languages, as QuickTime files can say them.

QuickTime numbers a list of languages, which libav's muxer knows under names of its own. Names that it does not find are
lost, so the usual three letters (ISO 639-2, of both kinds) are given in its way.
"""

from __future__ import annotations

_OTHER_NAMES = {
    "fre": "fra",
    "deu": "ger",
    "nld": "dut",
    "swe": "sve",
    "ell": "gre",
    "isl": "ice",
    "zho": "chi",
    "sqi": "alb",
    "rum": "ron",
    "cze": "ces",
    "slo": "slk",
    "mkd": "mac",
    "hye": "arm",
    "kat": "geo",
    "mya": "bur",
    "bod": "tib",
    "msa": "may",
    "fas": "iri",
    "per": "iri",
    "hrv": "hr ",
    "scr": "hr ",
    "srp": "sr ",
    "scc": "sr ",
    "fao": "fo ",
    "pan": "pa ",
}


def quicktime_language(name: str) -> str:
    """Return the name under which a language is known to writers of QuickTime files."""
    return _OTHER_NAMES.get(name, name)
