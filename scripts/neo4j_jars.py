"""The Java and the jars of a Neo4j server: found, or resolved through Maven into a cache outside the repository."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

VERSION = "5.26.29"
#: pinned, so that the same command line means the same thing everywhere
DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_POM = f"""<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>kith</groupId>
  <artifactId>neo4j-for-tests</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>{VERSION}</version></dependency>
  </dependencies>
</project>
"""


class Neo4jUnavailable(Exception):
    """The server cannot be had here; the message says what is missing and how to get it."""


def cache_folder() -> Path:
    """The folder of the jars: under ``KITH_CACHE``, else under the user's cache folder."""
    given = os.environ.get("KITH_CACHE")
    if given:
        return Path(given).expanduser() / f"neo4j-{VERSION}"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "kith" / f"neo4j-{VERSION}"


def find_java() -> str:
    """The Java 17 or 21 that runs the server; ``Neo4jUnavailable`` when there is none."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin")) if home else None
    java = java or shutil.which("java")
    advice = "Neo4j needs Java 17 or 21 (Debian: apt-get install openjdk-17-jre-headless)"
    if java is None:
        raise Neo4jUnavailable(f"{advice}; no java command was found")
    text = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    words = text.split('"')
    major = words[1].split(".")[0] if len(words) > 1 else ""
    if major not in {"17", "18", "19", "20", "21"}:
        raise Neo4jUnavailable(f"{advice}; the java command is version {major or 'unknown'}")
    return java


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def ensure_jars(quiet: bool = True) -> Path:
    """The folder with the server's jars, resolved through Maven the first time (about 120 MB)."""
    jars = cache_folder() / "lib"
    if jars.is_dir():
        return jars
    maven = shutil.which("mvn")
    if maven is None:
        raise Neo4jUnavailable(
            "Neo4j's jars are resolved by Maven (Debian: apt-get install maven); no mvn command was found"
        )
    with locked(cache_folder() / "lock"):
        if jars.is_dir():
            return jars
        with tempfile.TemporaryDirectory(dir=cache_folder()) as work:
            (Path(work) / "pom.xml").write_text(_POM, encoding="utf-8")
            command = [maven, "--batch-mode", "--strict-checksums", *(["--quiet"] if quiet else [])]
            command += [f"{DEPENDENCY_PLUGIN}:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=lib"]
            done = subprocess.run(
                command, cwd=work, stdin=subprocess.DEVNULL, capture_output=quiet, text=True, check=False
            )
            if done.returncode != 0:
                lines = [line for line in (done.stdout or "").splitlines() if "ERROR" in line][:1]
                raise Neo4jUnavailable(f"Maven could not resolve org.neo4j:neo4j:{VERSION}: {' '.join(lines)[:300]}")
            (Path(work) / "lib").rename(jars)
    return jars
