"""Run the benchmarks, one after the other, or those that are named: `python -m benchmarks [NAME ...]`.

Those that take long, or need more than others, run only when they are named.
"""

from __future__ import annotations

import subprocess
import sys

NAMES = (
    *("identity", "face_templates", "analysers", "poses", "superres", "enlarging", "clearer", "finishing"),
    *("swap_identity", "sources", "contact_sheet", "quality", "steadiness", "styles", "made_up", "outside"),
    *("cost", "sessions", "throughput", "preview", "media_table", "models_table", "provenance"),
)
LONG = (
    *("batch", "content", "clap", "kills", "fuzz", "performance", "gpu", "flame", "watermark"),
    *("disclosure", "trust", "chaos", "cluster", "service_load", "jobs_queue", "metrics", "seams", "film"),
    *("shared_batches", "console", "images", "anonymizer", "page_pictures", "chain_memory"),
)


def main() -> int:
    """Run them; return the worst exit code."""
    names = sys.argv[1:] or NAMES
    unknown = sorted(set(names) - {*NAMES, *LONG})
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(NAMES + LONG)}", file=sys.stderr)
        return 2
    worst = 0
    for name in names:
        print(f"\n## {name}\n", flush=True)
        worst = max(worst, subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
