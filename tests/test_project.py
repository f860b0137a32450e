"""What must hold for the repository as a whole."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.needs import ROOT

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-build.txt", "requirements-bench.txt")
VENDOR = ROOT / "viz" / "web" / "vendor"
# Written in pieces, so that this file is not a finding of its own.
REGISTRIES = re.compile(
    "|".join(["pypi" + r"\.org", "python" + "hosted", "npm" + "js", r"repo1?\." + "maven", "deb" + r"\.debian"])
)
MACHINE_PATHS = re.compile(
    r"(?:^|[^A-Za-z0-9_.-])/(?:" + "|".join(["wo" + "rk", "fa" + "rm", "ro" + "ot", "tmp/te" + "am"]) + ")/"
)
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ ;\\]+)(?P<rest>.*)$")


@cache
def tracked() -> tuple[Path, ...]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git work tree: tracked files cannot be listed")
    return tuple(path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file())


def text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def findings(pattern: re.Pattern[str]) -> list[str]:
    """``file:line`` of each match in our own tracked text files."""
    found = []
    for path in tracked():
        text = None if VENDOR in path.parents else text_of(path)
        if text is not None and pattern.search(text):
            lines = [number for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]
            found.append(f"{path.relative_to(ROOT)}:{lines[0]}")
    return found


def pins(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        match = PIN.match(line)
        if match:
            found.setdefault(match["name"], set()).add(match["version"])
    return found


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_no_registry_host_is_named() -> None:
    assert findings(REGISTRIES) == []


def test_no_path_of_a_machine_is_named() -> None:
    assert findings(MACHINE_PATHS) == []


@pytest.mark.parametrize("line", ["see /wo" + "rk/main", '"/ro' + 'ot/.cache/x"', "/fa" + "rm/a"])
def test_a_path_of_a_machine_would_be_found(line: str) -> None:
    assert MACHINE_PATHS.search(line)


@pytest.mark.parametrize("line", ["https://example.org/work/x", "analysis/work/x", "../work/x"])
def test_an_ordinary_path_is_not_taken_for_one(line: str) -> None:
    assert not MACHINE_PATHS.search(line)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_hashes(lock: str) -> None:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    entries = [number for number, line in enumerate(lines) if line and not line.startswith((" ", "#"))]
    assert entries
    for number in entries:
        assert PIN.match(lines[number]), f"{lock}:{number + 1} is not an exact version"
        assert "--hash=sha256:" in lines[number + 1], f"{lock}:{number + 1} has no hash"


def test_a_package_has_the_same_version_in_every_lock() -> None:
    everything = pins("requirements-dev.txt")
    for lock in ("requirements.txt", "requirements-build.txt", "requirements-bench.txt"):
        for name, versions in pins(lock).items():
            assert versions <= everything.get(name, versions), f"{name} differs between {lock} and requirements-dev.txt"


@pytest.mark.parametrize(
    ("table", "lock"),
    [("runtime", "requirements.txt"), ("dev", "requirements-dev.txt"), ("bench", "requirements-bench.txt")],
)
def test_the_lock_satisfies_the_project_file(table: str, lock: str) -> None:
    contents = project()["project"]
    wanted = contents["dependencies"] if table == "runtime" else contents["optional-dependencies"][table]
    locked = pins(lock)
    for text in wanted:
        requirement = Requirement(text)
        versions = locked.get(canonicalize_name(requirement.name))
        assert versions, f"{requirement.name} is not in {lock}: run make lock"
        assert all(requirement.specifier.contains(version) for version in versions), (
            f"{requirement.name}: run make lock"
        )


def test_the_npm_lock_names_no_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert all("resolved" not in package for package in packages.values())
    assert all("integrity" in package for name, package in packages.items() if name)


def test_every_vendored_file_matches_its_checksum() -> None:
    listing = VENDOR / "VENDOR.json"
    files = {path for path in tracked() if VENDOR in path.parents} - {listing}
    rows = json.loads(listing.read_text(encoding="utf-8")) if listing.exists() else []
    for row in rows:
        path = VENDOR / row["file"]
        assert path.is_file(), f"{row['file']} is listed and not here"
        assert hashlib.sha256(path.read_bytes()).hexdigest() == row["sha256"], f"{row['file']} was changed"
    listed = {VENDOR / row["file"] for row in rows}
    unlisted = {path.name for path in files - listed if "LICENSE" not in path.name.upper()}
    assert unlisted == set(), "every vendored file needs its row in VENDOR.json"


def decisions() -> list[Path]:
    return sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(path.name[:4]) for path in decisions()] == list(range(1, len(decisions()) + 1))


def test_the_index_of_decisions_is_complete() -> None:
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((\d{4}-[^)]+\.md)\)", index) == [path.name for path in decisions()]


@pytest.mark.parametrize("part", ["**Context.**", "**Options that lost.**", "**Decision.**", "**Consequences.**"])
def test_every_decision_has_its_four_parts(part: str) -> None:
    assert [path.name for path in decisions() if part not in path.read_text(encoding="utf-8")] == []


def pages() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md" and VENDOR not in path.parents]


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = []
    for page in pages():
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    assert broken == []


def test_every_page_of_the_documentation_is_in_its_index() -> None:
    folder = ROOT / "docs"
    index = (folder / "index.md").read_text(encoding="utf-8")
    names = {path.name for path in pages() if path.parent == folder} - {"index.md"}
    assert {name for name in names if f"]({name})" not in index} == set()


def test_every_setting_is_documented() -> None:
    """A variable that any part of Kith or its tests reads is explained on a page."""
    sources = [path for path in tracked() if path.suffix in {".py", ".yml"} or path.name in {"Dockerfile", "run"}]
    variable = re.compile(r"\bKITH_[A-Z0-9]+(?:_[A-Z0-9]+)*\b")
    used = {name for path in sources for name in variable.findall(text_of(path) or "")}
    explained = {name for page in pages() for name in variable.findall(page.read_text(encoding="utf-8"))}
    assert used - explained == set()


def test_make_alone_prints_what_can_be_done() -> None:
    done = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("setup", "demo", "test", "check", "bench", "lock", "licences"):
        assert f"make {target} " in done.stdout


@pytest.mark.parametrize(
    "script", [".ci/run", *sorted(f"scripts/{path.name}" for path in (ROOT / "scripts").glob("*.sh"))]
)
def test_shell_scripts_parse_and_stop_at_the_first_error(script: str) -> None:
    subprocess.run(["bash", "-n", ROOT / script], check=True)
    assert "set -euo pipefail" in (ROOT / script).read_text(encoding="utf-8")
