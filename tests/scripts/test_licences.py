"""The list of licences refuses what Kith may not link to and says what it does not know."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from scripts import licences


@pytest.mark.parametrize(
    "licence", ["MIT", "Apache-2.0 AND MIT", "MPL-2.0 AND (Apache-2.0 OR MIT)", "Apache-2.0 WITH LLVM-exception"]
)
def test_permissive_licences_are_accepted(licence: str) -> None:
    licences.check("example", licence)


@pytest.mark.parametrize(
    "licence", ["GPL-3.0-or-later", "MIT AND AGPL-3.0-only", "MIT OR GPL-2.0", "LGPL-2.1", "Unheard", ""]
)
def test_other_licences_are_refused_by_name(licence: str) -> None:
    with pytest.raises(licences.LicenceProblem, match="example"):
        licences.check("example", licence)


def test_a_package_that_is_not_installed_is_a_problem_not_a_pass() -> None:
    entries, problems = licences.packages({"no-such-package-here": ("1.0",)})
    assert entries == []
    assert problems == ["no-such-package-here: not installed, so its licence cannot be read"]


def test_a_licence_is_read_from_what_is_installed() -> None:
    assert licences.licence_of("fastapi") == "MIT"


def test_a_licence_told_only_by_classifier_is_read_too() -> None:
    assert licences.licence_of("openpyxl") == "MIT"


def test_versions_for_several_pythons_are_all_listed(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lines = ["numpy==2.4.6 ; python_full_version < '3.12' \\", "    --hash=sha256:00"]
    lines += ["numpy==2.5.5 ; python_full_version >= '3.12' \\", "    --hash=sha256:11"]
    lock.write_text("\n".join(lines), encoding="utf-8")
    assert licences.locked(lock) == {"numpy": ("2.4.6", "2.5.5")}


def test_a_web_file_under_a_foreign_licence_is_a_problem(tmp_path: Path) -> None:
    listing = tmp_path / "VENDOR.json"
    row = {"name": "x", "version": "1", "licence": "GPL-3.0", "file": "x.js", "sha256": hashlib.sha256(b"").hexdigest()}
    listing.write_text(json.dumps([row]), encoding="utf-8")
    assert licences.web_files(listing) == ([], ["x: GPL-3.0 is not on the accepted list"])


def test_the_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert licences.main(["--check"]) == 0, capsys.readouterr().err
