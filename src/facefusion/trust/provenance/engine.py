"""The C2PA library as we use it: never on the network, never with pictures of anybody inside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import c2pa

_OFFLINE: Final[dict[str, Any]] = {
    "version": 1,
    "core": {"allowed_network_hosts": [], "allow_redirects": False, "decode_identity_assertions": False},
    "verify": {
        "verify_after_reading": True,
        "verify_after_sign": False,  # what the library reads back is what it wrote; `read_manifest` is there for more
        "verify_trust": True,
        "ocsp_fetch": False,
        "remote_manifest_fetch": False,
    },
    "builder": {
        "thumbnail": {"enabled": False},
        "bmff_hash_exclude_free_and_skip_boxes": False,
        "certificate_status_fetch": None,
        "actions": {
            "auto_created_action": {"enabled": False},
            "auto_opened_action": {"enabled": False},
            "auto_placed_action": {"enabled": False},
        },
    },
}

_BLOCK_KIB: Final = 4096


def offline_context(
    anchors: Sequence[str] = (), created: Sequence[str] = (), *, in_blocks: bool = False
) -> c2pa.Context:
    """Return settings under which nothing is fetched and no thumbnail is made.

    Args:
        anchors: root certificates whose signers are trusted, PEM.
        created: labels of the assertions that we vouch for.
        in_blocks: whether the samples of a film are hashed in blocks.
    """
    settings = {**_OFFLINE, "builder": {**_OFFLINE["builder"], "created_assertion_labels": list(created)}}
    if in_blocks:
        settings["core"] = {**_OFFLINE["core"], "merkle_tree_chunk_size_in_kb": _BLOCK_KIB}
    if anchors:
        settings["trust"] = {"trust_anchors": "\n".join(anchors)}
    return c2pa.Context.from_dict(settings)
