"""The policies under which jobs are done: those of the package, and some that somebody wrote."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

_HEAD = 'schema = 1\nextends = "personal"\nname = "{name}"\ndescription = "of a trial"\n'
_OWN: Mapping[str, str] = MappingProxyType(
    {
        "strict": (
            '[disclosure]\nprovenance = { value = "required", why = "." }\nlabel = { value = "start", why = "." }\n'
        ),
        "bare": (
            '[disclosure]\nwatermark = { value = false, why = "." }\nprovenance = { value = "none", why = "." }\n'
            'aigc = { value = false, why = "." }\n'
        ),
        "throughout": (
            '[disclosure]\nlabel = { value = "throughout", why = "." }\n'
            'label_language = { value = "both", why = "." }\n'
        ),
        "locked": (
            '[privacy]\nencryption = { value = "required", why = "." }\noutput_hours = { value = 72, why = "." }\n'
        ),
        "blind": '[content]\noutput = { value = false, why = "nobody shall look" }\n',
        "silent": '[disclosure]\nmetadata = { value = false, why = "nobody shall know" }\n',
    }
)
"""The last two ask for less than is allowed, and nothing may be done under them."""


def write(folder: Path) -> Mapping[str, str]:
    """Write the policies; return what to give as the option `policy`, by name."""
    names = {name: name for name in ("personal", "eu", "cn", "studio", "hosted")}
    for name, text in _OWN.items():
        (folder / f"{name}.toml").write_text(_HEAD.format(name=name) + text)
        names[name] = str(folder / f"{name}.toml")
    return names | {"missing": str(folder / "missing.toml"), "unacknowledged": "personal"}
