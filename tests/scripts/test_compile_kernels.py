"""What set-up compiles is what the first demonstration will call."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: prints each module of compiled functions that the demonstration loads and calls nothing of; in a process of its own,
#: where no other test has called any
UNCALLED = """
import pathlib, sys
from numba.core.dispatcher import Dispatcher
from scripts.compile_kernels import compile_kernels
compile_kernels(pathlib.Path(sys.argv[1]))
for name, module in sorted(sys.modules.items()):
    if name.startswith(("analysis.", "viz.")) and name.endswith("kernels"):
        functions = [kernel for kernel in vars(module).values() if isinstance(kernel, Dispatcher)]
        print(name, any(kernel.signatures for kernel in functions))
"""


def test_every_module_of_kernels_is_called(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", UNCALLED, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    called = dict(line.split() for line in ran.stdout.splitlines())
    assert {"analysis.scan_kernels", "viz.layout_kernels"} <= called.keys()
    assert set(called.values()) == {"True"}
