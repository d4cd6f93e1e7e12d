"""Commands that print the figures which the documentation quotes.

All but `benchmarks.trust` and those of single marks run under `policy.toml` beside this file, so that pixels and bytes
can be compared from run to run.
"""

import os
from pathlib import Path

os.environ.setdefault("FACEFUSION_POLICY", str(Path(__file__).with_name("policy.toml")))
