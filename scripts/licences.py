"""Writes ``docs/licences.md``: every third-party package and web file with its licence.

    python scripts/licences.py            write the page
    python scripts/licences.py --check    fail if the page is not up to date or a licence is not acceptable

Versions come from the lock, licences from the metadata of what is installed. A licence is acceptable when every part
of it is in ``ACCEPTED``; anything else needs an entry in ``STATED`` with a reason.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "licences.md"
VENDOR = ROOT / "viz" / "web" / "vendor" / "VENDOR.json"

#: parts of a licence expression that an Apache-2.0 product may link to and ship
ACCEPTED = frozenset(
    {"0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "LLVM-exception", "MIT", "MIT-0"}
    | {"MPL-2.0", "OFL-1.1", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib"}
)
#: the words of package metadata, as licence identifiers
IDENTIFIERS = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
#: packages whose metadata does not say: (licence, where it is stated)
STATED = {
    "axe-playwright-python": ("MIT AND MPL-2.0", "its own LICENSE file; the axe-core script inside it is MPL-2.0"),
    "colorama": ("BSD-3-Clause", "its own LICENSE file; installed on Windows only"),
}
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)")


class LicenceProblem(Exception):
    """A licence that is unknown or not acceptable."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One third-party component."""

    name: str
    #: every locked version, one for each range of Python versions
    versions: tuple[str, ...]
    licence: str


def locked(requirements: Path) -> dict[str, tuple[str, ...]]:
    """Name to versions, as pinned in a requirements file."""
    found: dict[str, tuple[str, ...]] = {}
    for line in requirements.read_text(encoding="utf-8").splitlines():
        match = _PIN.match(line)
        if match:
            name, version = match.groups()
            found[name] = (*found.get(name, ()), version)
    return found


def licence_of(name: str) -> str:
    """The licence an installed package states of itself; ``LicenceProblem`` when it states none we know."""
    if name in STATED:
        return STATED[name][0]
    try:
        about = metadata.metadata(name).json
    except metadata.PackageNotFoundError:
        raise LicenceProblem(f"{name}: not installed, so its licence cannot be read") from None
    expression = about.get("license_expression")
    if expression:
        return str(expression)
    classifiers = [text.split(" :: ")[-1] for text in about.get("classifier", []) if text.startswith("License")]
    known = [IDENTIFIERS[text] for text in classifiers if text in IDENTIFIERS]
    if known:
        return " OR ".join(known)
    text = str(about.get("license", "")).strip()
    if IDENTIFIERS.get(text, text) in ACCEPTED:
        return IDENTIFIERS.get(text, text)
    raise LicenceProblem(f"{name}: states no licence that is known here ({text[:60] or 'none'})")


def check(name: str, licence: str) -> None:
    """Refuse a licence with a part outside ``ACCEPTED`` (a choice of several counts as all of them)."""
    parts = set(re.findall(r"[A-Za-z0-9.+-]+", licence)) - {"AND", "OR", "WITH"}
    unknown = sorted(parts - ACCEPTED)
    if unknown or not parts:
        raise LicenceProblem(f"{name}: {', '.join(unknown) or 'no licence'} is not on the accepted list")


def packages(pins: dict[str, tuple[str, ...]]) -> tuple[list[Entry], list[str]]:
    """The entries, and a line for each problem."""
    entries, problems = [], []
    for name, versions in sorted(pins.items()):
        try:
            licence = licence_of(name)
            check(name, licence)
            entries.append(Entry(name, tuple(sorted(set(versions))), licence))
        except LicenceProblem as problem:
            problems.append(str(problem))
    return entries, problems


def web_files(listing: Path) -> tuple[list[Entry], list[str]]:
    """The same for the files in ``viz/web/vendor``."""
    entries, problems = [], []
    rows = json.loads(listing.read_text(encoding="utf-8")) if listing.exists() else []
    for row in rows:
        try:
            check(row["name"], row["licence"])
            entries.append(Entry(f"{row['name']} (`{row['file']}`)", (row["version"],), row["licence"]))
        except LicenceProblem as problem:
            problems.append(str(problem))
    return sorted(entries, key=lambda entry: entry.name), problems


def _table(entries: list[Entry]) -> list[str]:
    rows = [f"| {entry.name} | {', '.join(entry.versions)} | {entry.licence} |" for entry in entries]
    return ["| component | version | licence |", "|---|---|---|", *rows]


def page(runtime: list[Entry], tools: list[Entry], files: list[Entry]) -> str:
    lines = [
        "# Third-party licences",
        "",
        "Written by `make licences` from the locked packages; `make check` fails when it is out of date or when a",
        "licence is not on the accepted list in `scripts/licences.py`. Kith itself is Apache-2.0",
        "([LICENSE](../LICENSE); why: [ADR 7](adr/0007-apache-licence-and-no-gpl-dependency.md)). Two versions of a",
        "package are for two ranges of Python versions.",
        "",
        "## Installed with Kith",
        "",
        *_table(runtime),
        "",
        "Some wheels carry libraries of other projects, as separate shared objects: numpy and scipy carry OpenBLAS",
        "(BSD-3-Clause) and the GNU Fortran run-time libraries (GPL-3.0 with the GCC Runtime Library Exception, which",
        "allows linking from any program), shapely carries GEOS (LGPL-2.1, linked dynamically), pyproj carries PROJ",
        "(MIT), SQLite (public domain), libtiff and curl (permissive). Their texts come with the packages.",
        "",
        "## Web files kept in this repository",
        "",
        *(_table(files) if files else ["None yet."]),
        "",
        "## Only for tests and checks, not shipped",
        "",
        *_table(tools),
        "",
        "Neo4j Community (GPL-3.0) is a separate server that Kith talks to over the network. Tests fetch it through",
        "Maven into a cache outside the repository; nothing of it is linked, copied or shipped.",
        "",
        "## Licences that a package's metadata does not state",
        "",
        *[f"- {name}: {licence}, from {where}." for name, (licence, where) in sorted(STATED.items())],
        "",
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Third-party licences.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the page is out of date")
    options = parser.parse_args(arguments)
    shipped = locked(ROOT / "requirements.txt")
    everything = locked(ROOT / "requirements-dev.txt")
    runtime, problems = packages(shipped)
    tools, more = packages({name: pins for name, pins in everything.items() if name not in shipped})
    files, web = web_files(VENDOR)
    problems += more + web
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 1
    text = page(runtime, tools, files)
    if options.check:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            print("docs/licences.md is out of date: run make licences", file=sys.stderr)
            return 1
        print(f"licences: {len(runtime)} packages shipped, {len(tools)} tools, {len(files)} web files, all acceptable")
        return 0
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
