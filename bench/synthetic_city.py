"""How long the invented city takes and how much memory, for each size; each size in a process of its own.

``python bench/synthetic_city.py [--sizes hub city region] [--seed N]`` prints a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: seconds and gigabytes each size may take
BARS = {"hub": (5.0, 4.0), "city": (10.0, 4.0), "region": (120.0, 4.0)}

_CHILD = """
import json, resource, sys
from pathlib import Path
from ingest.synthetic import generate
summary = generate(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 ** 2
print(json.dumps({
    "seconds": summary.seconds, "peak": peak, "ties": summary.ties, "people": summary.rows["people.csv"],
    "reports": summary.rows["reports.csv"],
}))
"""


def measure(size: str, seed: int) -> dict[str, float]:
    """Generate once in a fresh process; seconds, peak memory in gigabytes, counts and bytes written."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "bundle"
        finished = subprocess.run(
            [sys.executable, "-c", _CHILD, size, str(seed), str(bundle)],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        result: dict[str, float] = json.loads(finished.stdout)
        result["megabytes"] = sum(path.stat().st_size for path in bundle.iterdir()) / 1e6
        return result


def main() -> int:
    """Print the table; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", choices=list(BARS), default=list(BARS))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print("| size | people | ties | reports | files, MB | seconds | bar | peak memory, GB | bar |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    missed = False
    for size in given.sizes:
        found = measure(size, given.seed)
        seconds, memory = BARS[size]
        missed |= found["seconds"] > seconds or found["peak"] > memory
        print(
            f"| {size} | {found['people']:,} | {found['ties']:,} | {found['reports']:,} | {found['megabytes']:,.0f} "
            f"| {found['seconds']:.1f} | {seconds:.0f} | {found['peak']:.2f} | {memory:.0f} |"
        )
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
