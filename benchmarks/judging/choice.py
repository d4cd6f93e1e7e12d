"""The pairs that are judged, chosen for what is hard about them.

A picture is a number of `pictures/synthetic`, or a path below the test material.
"""

from __future__ import annotations

_TURNED = {
    "congress/john-joyce.jpg": 16,
    "congress/david-trone.jpg": 17,
    "congress/debbie-wasserman-schultz.jpg": 25,
    "congress/anthony-gonzalez.jpg": 29,
    "congress/chris-pappas.jpg": 35,
    "congress/van-taylor.jpg": 47,
    "congress/bill-posey.jpg": 47,
}
"""Targets and how far they are turned, in degrees."""

PAIRS = {
    "05:29": "light woman on bald dark man",
    "28:04": "dark woman on light woman",
    "29:21": "dark man on light man",
    "21:24": "light man on older dark man",
    "28:05": "dark woman on blonde woman",
    "04:28": "light woman on dark woman",
    "26:23": "South Asian on East Asian man",
    "01:27": "older East Asian on light man",
    "07:11": "man on wrinkled dark woman",
    "19:07": "woman on man with stubble",
    "27:19": "moustache on woman",
    "04:24": "young woman on old man",
    "05:03": "young woman on elderly woman",
    "30:05": "elderly woman on young woman",
    "20:23": "old man on young man",
    "06:30": "dark woman on light old woman",
    "26:05": "dark stubble on light woman",
    "20:12": "white beard on smooth, turned",
    "12:20": "smooth on white beard",
    "16:14": "white beard on red beard",
    "14:02": "red beard on stubble",
    "29:16": "bald dark man on white beard and long hair",
    "10:07": "glasses on none",
    "17:21": "glasses of an old man on none",
    "21:17": "none on glasses",
    "23:10": "none on glasses",
    "05:pictures/derived/sunglasses.jpg": "sunglasses on the target",
    "08:pictures/derived/surgical_mask.jpg": "medical mask on the target",
    "04:pictures/derived/painted_fingers_over_mouth.jpg": "fingers over the mouth",
    "05:pictures/cc_by/intel_hand_over_eye.png": "hand over an eye, small",
    "27:18": "moustache on woman with fringe",
    "18:08": "long coloured fringe on none",
    "25:22": "long hair on side light",
    "02:13": "teeth on closed lips, dark",
    "11:19": "old woman on open mouth",
    "pairs/london-005-smiling.jpg:pairs/london-010-neutral.jpg": "smile on neutral",
    "pairs/london-017-neutral.jpg:pairs/london-022-smiling.jpg": "neutral on smile",
    "pairs/london-029-smiling.jpg:pairs/london-033-smiling.jpg": "smile on smile",
    "pairs/london-041-neutral.jpg:04": "neutral photograph on a smile",
    "23:22": "even light on strong side light",
    "22:03": "strong side light on even light",
    "05:15": "even light on backlit beard",
    "04:pictures/derived/dark_noise.jpg": "dark and noisy",
    "04:pictures/derived/overexposed.jpg": "overexposed",
    "23:pictures/derived/roll35.jpg": "tilted head",
    "02:pictures/derived/upside_down.jpg": "upside down",
    "01:pictures/usgov/biden_official.jpg": "large photograph",
    "27:pictures/usgov/biden_standing.jpg": "photograph, turned a little",
    "05:pictures/cc_by/intel_female_turned.png": "turned 48 degrees, from a video of 200 lines",
    **{
        f"{source}:{path}": f"turned {turn} degrees"
        for source, (path, turn) in zip(("07", "23", "05", "27", "21", "02", "12"), _TURNED.items(), strict=True)
    },
}
"""Source and target, and what is hard about the pair."""
