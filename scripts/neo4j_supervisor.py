"""The process that owns the Java process of a Neo4j server and ends it when nobody holds the lease."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

STOP_SECONDS = 40.0
_JAVA_FLAGS = [
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "-XX:+UseSerialGC",  # quickest to start and smallest, on a machine with few cores
    "-Xshare:auto",
]
#: compiles quickly rather than well: right for tests
_QUICK = ("-XX:TieredStopAtLevel=1",)
#: for work of minutes: what a batch leaves behind fits the young half; a heap that grew in steps would be collected
#: whole at each of them
_LASTING = ("-XX:NewRatio=1",)


def _end_with_parent() -> None:
    """On Linux: ask the kernel to end this process when its parent does, even by kill -9."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGTERM)


def supervise_server(home: Path, java: str, jars: Path, heap: str, *, remove: bool, short_lived: bool) -> int:
    """Run the server until nobody holds the lease or it ends by itself. Returns the server's exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    flags = [*_JAVA_FLAGS, *(_QUICK if short_lived else (*_LASTING, f"-Xms{heap}"))]
    command = [java, *flags, f"-Xmx{heap}", "-cp", f"{jars}/*", "org.neo4j.server.CommunityEntryPoint"]
    command += [f"--home-dir={home}", f"--config-dir={home / 'conf'}", "--console-mode"]
    lease = os.open(home / "lease", os.O_RDWR | os.O_CREAT, 0o600)
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_end_with_parent)
    try:
        (home / "java.pid").write_text(str(server.pid), encoding="ascii")
        while server.poll() is None:
            try:
                fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.2)
    finally:
        _end(server)
        if remove:
            shutil.rmtree(home, ignore_errors=True)
    return server.returncode or 0


def _end(server: subprocess.Popen[bytes]) -> None:
    """SIGTERM, patience, then SIGKILL."""
    if server.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            server.send_signal(signal.SIGCONT)
            server.terminate()
    try:
        server.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
