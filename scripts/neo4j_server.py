"""A real Neo4j server for tests and for developers, without Docker.

The server's jars are resolved through Maven into a cache outside the repository, once. The server listens on a free
loopback port, keeps its data in a folder of its own and has authentication on, as in real life.

    python scripts/neo4j_server.py run              start, print the address and the password, stop on Ctrl-C
    python scripts/neo4j_server.py run --home DIR   the same, keeping the data in DIR
    python scripts/neo4j_server.py fetch            only resolve the jars
    python scripts/neo4j_server.py --where          print the folder of the jars

From Python: ``with Neo4jServer() as server: server.url, server.user, server.password``; several processes share one
server with ``shared_server(folder)``.

A supervisor process owns the Java process. Every user of the server holds a shared lock on the file ``lease``; the
kernel lets go of it when its holder ends, however it ends. When nobody holds it the supervisor stops the server, so a
killed test run leaves nothing behind.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.neo4j_jars import VERSION, Neo4jUnavailable, cache_folder, ensure_jars, find_java, locked
from scripts.neo4j_supervisor import STOP_SECONDS, supervise_server

__all__ = ["VERSION", "Neo4jUnavailable", "cache_folder", "ensure_jars", "find_java"]

USER = "neo4j"
START_SECONDS = 90.0


class Neo4jFailed(Exception):
    """The server should run here and did not; the message carries its own last lines."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a running server answers, and as whom."""

    #: ``bolt://127.0.0.1:PORT``
    url: str
    user: str
    password: str


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _write_configuration(home: Path, port: int, heap: str, page_cache: str) -> None:
    (home / "conf").mkdir(parents=True, exist_ok=True)
    settings = {
        "server.default_listen_address": "127.0.0.1",
        "server.bolt.listen_address": f"127.0.0.1:{port}",
        "server.bolt.advertised_address": f"127.0.0.1:{port}",
        "server.http.enabled": "false",
        "server.https.enabled": "false",
        "server.memory.heap.max_size": heap,
        "server.memory.pagecache.size": page_cache,
        "dbms.security.auth_enabled": "true",
        "dbms.usage_report.enabled": "false",
        # Plans are kept although the counts they were made for change: tests fill and empty the same database.
        "dbms.cypher.min_replan_interval": "1h",
        "internal.server.bolt.thread_pool_shutdown_wait_time": "1s",
    }
    text = "".join(f"{name}={value}\n" for name, value in settings.items())
    (home / "conf" / "neo4j.conf").write_text(text, encoding="utf-8")


def _set_first_password(java: str, jars: Path, home: Path, password: str) -> None:
    # The password is seen for a moment in the process list; it guards a throw-away server on loopback.
    environment = {**os.environ, "NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}
    command = [java, "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*"]
    command += ["org.neo4j.cli.AdminTool", "dbms", "set-initial-password", password]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = "\n".join((done.stderr or done.stdout).splitlines()[-8:])
        raise Neo4jFailed(f"Neo4j refused the first password; its last lines:\n{lines}")


def _answers(address: Address) -> bool:
    """Whether a signed-in query works now."""
    from neo4j import GraphDatabase
    from neo4j.exceptions import DriverError, Neo4jError

    port = int(address.url.rsplit(":", 1)[1])
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as probe:
            # A bare Bolt handshake first: the driver logs and retries on a port that is not yet open.
            probe.settimeout(5)
            probe.sendall(bytes.fromhex("6060b017" + "00000405" + "00000004" + "00000000" + "00000000"))
            if len(probe.recv(4)) != 4:
                return False
        with GraphDatabase.driver(
            address.url, auth=(address.user, address.password), connection_timeout=5, max_transaction_retry_time=0
        ) as driver:
            driver.execute_query("RETURN 1")
    except (OSError, DriverError, Neo4jError):
        return False
    return True


class _Detached:
    """A process in a session of its own that may outlive this one, so nobody is obliged to wait for it."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._ended = False
        nothing, output = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            actions = [(os.POSIX_SPAWN_DUP2, nothing, 0), (os.POSIX_SPAWN_DUP2, output, 1)]
            actions += [(os.POSIX_SPAWN_DUP2, output, 2)]
            self._number = os.posix_spawn(command[0], command, os.environ, file_actions=actions, setsid=True)
        finally:
            os.close(nothing)
            os.close(output)

    def has_ended(self) -> bool:
        if not self._ended:
            self._ended = os.waitpid(self._number, os.WNOHANG)[0] != 0
        return self._ended

    def wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self.has_ended():
            if time.monotonic() > deadline:
                raise TimeoutError(f"the server's supervisor did not end in {seconds:.0f} s")
            time.sleep(0.05)


class Neo4jServer:
    """One server: a context manager, or ``start`` and ``stop``.

    ``home`` keeps the data between runs and needs the ``password`` of its first run again; without it everything lives
    in a temporary folder that goes with the server. ``short_lived`` compiles quickly rather than well: right for
    tests, not for measurements.
    """

    def __init__(
        self,
        home: Path | None = None,
        *,
        password: str | None = None,
        port: int | None = None,
        heap: str = "768m",
        page_cache: str = "64m",
        short_lived: bool = False,
    ) -> None:
        self._temporary = home is None
        self._home = home
        self._port = port
        self._heap = heap
        self._page_cache = page_cache
        self._short_lived = short_lived
        self._lease: int | None = None
        self._supervisor: _Detached | None = None
        self.user = USER
        self.password = password or "k" + secrets.token_urlsafe(12)

    @property
    def url(self) -> str:
        """``bolt://127.0.0.1:PORT``, once started."""
        return f"bolt://127.0.0.1:{self._port}"

    @property
    def address(self) -> Address:
        return Address(self.url, self.user, self.password)

    @property
    def home(self) -> Path:
        """The folder of the server's data and logs, once started."""
        if self._home is None:
            raise Neo4jFailed("the server is not started")
        return self._home

    def start(self) -> Neo4jServer:
        """Start and wait until a signed-in query works.

        ``Neo4jUnavailable`` when Java, Maven or the jars cannot be had; ``Neo4jFailed`` when the server does not start.
        """
        java, jars = find_java(), ensure_jars()
        if self._home is None:
            self._home = Path(tempfile.mkdtemp(prefix="kith-neo4j-"))
        home = self._home
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._port is None:
            self._port = _free_port()
        _write_configuration(home, self._port, self._heap, self._page_cache)
        if not (home / "data" / "databases" / "system").exists():
            _set_first_password(java, jars, home, self.password)
        self._lease = _take_lease(home)
        command = [sys.executable, str(Path(__file__).resolve()), "supervise", str(home)]
        command += ["--java", java, "--jars", str(jars), "--heap", self._heap]
        command += ["--remove"] if self._temporary else []
        command += ["--short-lived"] if self._short_lived else []
        self._supervisor = _Detached(command, home / "console.log")
        self._wait_until_it_answers()
        return self

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self.address):
            ended = not self.is_running()
            if ended or time.monotonic() > deadline:
                log = self.home / "console.log"
                text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
                self.stop()
                what = "ended while starting" if ended else f"did not answer in {START_SECONDS:.0f} s"
                raise Neo4jFailed(f"Neo4j {what}; its last lines:\n" + "\n".join(text.splitlines()[-8:]))
            time.sleep(0.1)

    def stop(self) -> None:
        """Let go of the server and wait until it has ended and, if temporary, its folder is gone."""
        self.release()
        if self._supervisor is not None:
            self._supervisor.wait(STOP_SECONDS + 20)
            self._supervisor = None
        if self._temporary:
            self._home = None

    def release(self) -> None:
        """Let go of the server without waiting; the last one to let go ends it."""
        if self._lease is not None:
            os.close(self._lease)
            self._lease = None

    def is_running(self) -> bool:
        """Whether the server's process is still there."""
        return self._supervisor is not None and not self._supervisor.has_ended()

    def suspend(self) -> None:
        """Freeze the server: it keeps its port and answers nothing (a hung server, for tests)."""
        os.kill(self.process, signal.SIGSTOP)

    def resume(self) -> None:
        """Undo ``suspend``."""
        os.kill(self.process, signal.SIGCONT)

    def kill(self) -> None:
        """End the server at once, as a power cut would (for tests); ``start`` brings a server with a home back."""
        os.kill(self.process, signal.SIGKILL)
        self.stop()

    @property
    def process(self) -> int:
        """Number of the Java process."""
        return int((self.home / "java.pid").read_text(encoding="ascii"))

    def __enter__(self) -> Neo4jServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _take_lease(home: Path) -> int:
    lease = os.open(home / "lease", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lease, fcntl.LOCK_SH)
    return lease


@contextlib.contextmanager
def shared_server(folder: Path) -> Iterator[Address]:
    """One server for every process that names the same ``folder``; the last to leave ends it, without waiting."""
    state = folder / "neo4j.json"
    with locked(folder / "neo4j.lock"):
        held, address = _join(state)
        if address is None:
            server = Neo4jServer(heap="1g", short_lived=True).start()
            address = server.address
            record = json.dumps({**asdict(address), "home": str(server.home)})
            state.touch(mode=0o600)
            state.write_text(record, encoding="utf-8")
            held, server._lease = server._lease, None
    try:
        yield address
    finally:
        if held is not None:
            os.close(held)


def _join(state: Path) -> tuple[int | None, Address | None]:
    """A lease on the server that ``state`` tells of, if it still answers."""
    if not state.exists():
        return None, None
    record = json.loads(state.read_text(encoding="utf-8"))
    home = Path(record.pop("home"))
    if not (home / "lease").exists():
        return None, None
    lease = _take_lease(home)
    address = Address(**record)
    if _answers(address):
        return lease, address
    os.close(lease)
    return None, None


def _run(home: Path | None, port: int | None, heap: str) -> int:
    password = os.environ.get("KITH_NEO4J_PASSWORD")
    if home is not None and password is None:
        print("KITH_NEO4J_PASSWORD must hold the password when the data is kept", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("Starting Neo4j ...", file=sys.stderr, flush=True)
    try:
        with Neo4jServer(home, password=password, port=port, heap=heap) as server:
            print(f"KITH_STORE={server.url.replace('bolt:', 'neo4j:')}")
            print(f"KITH_NEO4J_USER={server.user}")
            print(f"KITH_NEO4J_PASSWORD={server.password}", flush=True)
            print("Ctrl-C stops it.", file=sys.stderr, flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                while server.is_running():
                    time.sleep(0.5)
            print("Stopping Neo4j ...", file=sys.stderr, flush=True)
    except (Neo4jUnavailable, Neo4jFailed) as error:
        print(error, file=sys.stderr)
        return 4
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="A real Neo4j server for tests and developers, without Docker.")
    parser.add_argument("--where", action="store_true", help="print the folder of the jars and end")
    commands = parser.add_subparsers(dest="command")
    run = commands.add_parser("run", help="start a server and stop it on Ctrl-C")
    run.add_argument("--home", type=Path, help="keep the data here (password from KITH_NEO4J_PASSWORD)")
    run.add_argument("--port", type=int, help="default: a free one")
    run.add_argument("--heap", default="768m")
    commands.add_parser("fetch", help="only resolve the jars")
    supervise = commands.add_parser("supervise", help="used by this script itself")
    supervise.add_argument("home", type=Path)
    supervise.add_argument("--java", required=True)
    supervise.add_argument("--jars", type=Path, required=True)
    supervise.add_argument("--heap", required=True)
    supervise.add_argument("--remove", action="store_true")
    supervise.add_argument("--short-lived", action="store_true")
    options = parser.parse_args(arguments)
    if options.where:
        print(cache_folder())
        return 0
    if options.command == "supervise":
        return supervise_server(
            options.home,
            options.java,
            options.jars,
            options.heap,
            remove=options.remove,
            short_lived=options.short_lived,
        )
    if options.command == "run":
        return _run(options.home, options.port, options.heap)
    if options.command == "fetch":
        try:
            print(ensure_jars(quiet=False))
        except Neo4jUnavailable as error:
            print(error, file=sys.stderr)
            return 4
        return 0
    parser.print_help()
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
