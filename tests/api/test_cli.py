"""The command line: exit codes, JSON on every command, no traceback, files for their owner alone."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import registry
from analysis.spec import Detector, Progress, quiet
from api.cli import main, parser
from graph.flags import Flag, Plain
from graph.snapshot import Snapshot
from tests.api.conftest import PASSWORD
from tests.api.world import CANARIES

Run = Callable[..., tuple[int, str, str]]

PEOPLE = """person_id,given_name,family_name,date_of_birth
1,Zephyrine,Quillfeather,2012-03-04
2,Osmunda,Thistlewick,1990-01-01
"""
LINKS = "source_id,target_id,link_type,agency\nperson:2,person:1,contacts,police\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("KITH_PASSWORD", PASSWORD)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "people.csv").write_text(PEOPLE)
    (folder / "links.csv").write_text(LINKS)
    return folder


@pytest.fixture
def loaded(run: Run, bundle: Path) -> Run:
    assert run("load", str(bundle))[0] == 0
    assert run("user", "add", "police", "--role", "police", "--agency", "police")[0] == 0
    return run


def answer(run: Run, *arguments: str) -> Any:
    code, out, _ = run(*arguments, "--json")
    assert code == 0, out
    return json.loads(out)


def test_a_store_is_made_in_the_data_folder_for_its_owner_alone(run: Run, tmp_path: Path) -> None:
    assert run("init")[0] == 0
    folder = tmp_path / "data" / "kith"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (stat.S_IMODE(folder.stat().st_mode), modes) == (0o700, {0o600})


def test_making_it_again_changes_nothing(run: Run) -> None:
    assert [answer(run, "init")["change_counter"] for _ in range(2)] == [0, 0]


def test_loading_reports_what_became_of_each_table(run: Run, bundle: Path) -> None:
    report = answer(run, "load", str(bundle))["report"]
    assert (report["outcome"], report["tallies"]["person"]["new"]) == ("loaded", 2)


def test_a_dry_run_loads_nothing(run: Run, bundle: Path) -> None:
    assert answer(run, "load", str(bundle), "--dry-run")["report"]["outcome"] == "checked"
    assert answer(run, "load", str(bundle))["report"]["tallies"]["person"]["new"] == 2


def test_rejected_input_is_3_with_a_report(run: Run, bundle: Path, tmp_path: Path) -> None:
    (bundle / "people.csv").write_text("person_id,given_name,sex\n1,Zephyrine,Quillfeather\n")
    report = tmp_path / "report.json"
    code, out, err = run("load", str(bundle), "--report", str(report))
    problems = json.loads(report.read_text())["problems"]
    assert (code, ("people.csv", 2, "sex") in [(item["file"], item["row"], item["column"]) for item in problems]) == (
        3, True
    )  # fmt: skip
    assert not any(name in out + err + report.read_text() for name in CANARIES)


def test_rejected_input_as_json(run: Run, bundle: Path) -> None:
    (bundle / "people.csv").write_text("person_id,given_name,sex\n1,Zephyrine,X\n")
    code, out, _ = run("load", str(bundle), "--json")
    assert (code, json.loads(out)["error"]["code"]) == (3, "input_rejected")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("load", "nowhere.csv"), 3),
        (("load", "x.csv", "--format", "none"), 2),
        (("user", "list"), 4),
        (("serve", "--port", "1", "--host", "192.0.2.1"), 2),
        (("--store", "oracle://x", "init"), 2),
        (("--store", "sqlite:////nowhere/at/all/kith.db", "user", "list"), 4),
        (("--store", "bolt://127.0.0.1:1", "user", "list"), 4),
        (("doctor",), 4),
    ],
)
def test_exit_codes(run: Run, arguments: tuple[str, ...], code: int) -> None:
    found, _, err = run(*arguments)
    assert (found, "Traceback" in err, err.startswith("kith: ")) == (code, False, True)


@pytest.mark.parametrize("arguments", [(), ("nothing",), ("map", "person:1"), ("user", "add", "x", "--role", "king")])
def test_wrong_usage_is_2(run: Run, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*arguments)
    assert ended.value.code == 2


def test_a_bug_of_ours_is_1_without_its_text(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("Zephyrine Quillfeather")

    monkeypatch.setattr("api.commands.formats", fails)
    code, out, err = run("formats")
    assert code == 1
    assert not any(name in out + err for name in CANARIES)


def test_formats_have_their_columns_and_words(run: Run) -> None:
    formats = answer(run, "formats")["formats"]
    files = {file["file"]: {column["name"]: column for column in file["columns"]} for file in formats[0]["files"]}
    assert files["links.csv"]["link_type"]["required"]
    assert "contacts" in files["links.csv"]["link_type"]["words"]


def test_the_password_is_never_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["user", "add", "--help"])
    assert "--password" not in capsys.readouterr().out


def test_accounts_are_added_changed_and_listed(loaded: Run) -> None:
    answer(loaded, "user", "role", "police", "analyst", "--agency", "health")
    answer(loaded, "user", "disable", "police")
    (account,) = answer(loaded, "user", "list")["accounts"]
    assert (account["role"], account["agency"], account["disabled"]) == ("analyst", "health", True)


def test_a_membership_is_granted_and_revoked(loaded: Run) -> None:
    answer(loaded, "user", "grant", "police", "OP2", "--until", "2999-01-01", "--purpose", "a test")
    held = answer(loaded, "user", "list")["accounts"][0]["memberships"]
    answer(loaded, "user", "revoke", "police", "OP2")
    assert ([item["operation"] for item in held], answer(loaded, "user", "list")["accounts"][0]["memberships"]) == (
        ["OP2"], []
    )  # fmt: skip


def test_nobody_approves_their_own_membership(loaded: Run) -> None:
    arguments = (
        "user",
        "grant",
        "police",
        "OP2",
        "--until",
        "2999-01-01",
        "--purpose",
        "a test",
        "--approver",
        "police",
    )
    assert loaded(*arguments)[0] == 5


@pytest.mark.parametrize("ending", ["html", "json", "geojson", "graphml", "gexf", "csv", "svg"])
def test_a_map_is_written_for_a_user(loaded: Run, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"map.{ending}"
    made = answer(loaded, "map", "person:1", "--as", "police", "--purpose", "a test", "--out", str(out))
    assert (made["serial"] in out.read_text(), stat.S_IMODE(out.stat().st_mode)) == (True, 0o600)


def test_a_map_on_the_terminal_is_the_document(loaded: Run) -> None:
    document = answer(loaded, "map", "person:1", "--as", "police", "--purpose", "a test of maps")
    assert (document["nodes"]["id"], document["purpose"]) == (["person:1", "person:2"], "a test of maps")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("map", "person:404", "--as", "police", "--purpose", "a test"), 5),
        (("map", "person:1", "--as", "nobody", "--purpose", "a test"), 5),
        (("map", "person:1", "--as", "police", "--purpose", ""), 2),
        (("map", "person", "--as", "police", "--purpose", "a test"), 2),
        (("map", "person:1", "--as", "police", "--purpose", "a test", "--from", "yesterday"), 2),
        (("map", "person:1", "--as", "police", "--purpose", "a test", "--hops", "99"), 2),
        (("map", "person:1", "--as", "police", "--purpose", "a test", "--out", "map.exe"), 2),
        (("map", "person:1", "--as", "police", "--purpose", "a test", "--out", "/nowhere/map.csv"), 2),
    ],
)
def test_maps_that_cannot_be(loaded: Run, arguments: tuple[str, ...], code: int) -> None:
    assert loaded(*arguments)[0] == code


def test_a_disabled_user_gets_no_map(loaded: Run) -> None:
    loaded("user", "disable", "police")
    assert loaded("map", "person:1", "--as", "police", "--purpose", "a test")[0] == 5


def test_the_audit_is_intact_and_its_heads_can_be_kept(loaded: Run) -> None:
    first = answer(loaded, "audit", "verify")
    head = f"changes:{first['rows']['changes']}:{first['heads']['changes']}"
    again = answer(loaded, "audit", "verify", "--head", head)
    assert (first["intact"], again["intact"]) == (True, True)


def test_a_head_that_is_not_in_the_chain_is_found(loaded: Run) -> None:
    code, out, _ = loaded("audit", "verify", "--head", f"changes:1:{'0' * 64}")
    assert (code, "Not intact" in out) == (4, True)


def test_the_audit_is_exported_whole_and_without_names(loaded: Run, tmp_path: Path) -> None:
    out = tmp_path / "audit.jsonl"
    loaded("map", "person:1", "--as", "police", "--purpose", "a test")
    count = answer(loaded, "audit", "export", "--out", str(out))["rows"]
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) == count
    assert {"load", "account added", "map"} <= {row["action"] for row in rows}
    assert not any(name in out.read_text() for name in CANARIES)


def test_analysis_prints_runs_and_keeps_them(loaded: Run, tmp_path: Path) -> None:
    out = tmp_path / "run.json"
    run = answer(loaded, "analyse", "hotspot_places", "--as-at", "2026-06-01", "--out", str(out))
    assert (run["run"]["detector"], run["run"]["as_at"]) == ("hotspot_places", "2026-06-01")
    assert json.loads(out.read_text()) == run


@pytest.mark.parametrize(
    "arguments",
    [("hotspot_place",), ("--param", "x"), ("--param", "none=1"), ("--as-at", "1 June"), ("--scope", "nowhere")],
)
def test_analysis_that_cannot_be(loaded: Run, arguments: tuple[str, ...]) -> None:
    assert loaded("analyse", *arguments)[0] == 2


def test_the_doctor_counts(loaded: Run) -> None:
    found = answer(loaded, "doctor")
    assert (found["store"]["records"]["person"], found["store"]["accounts"]) == (2, 1)


def test_the_names_of_commands_are_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    subparsers = next(action for action in parser()._actions if action.dest == "==SUPPRESS==" or action.choices)
    assert subparsers.choices is not None
    assert [name for name in subparsers.choices if f"## kith {name}" not in page] == []


def test_every_option_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    assert [option for option in sorted(options_of(parser())) if f"`{option}" not in page] == []


def options_of(commands: Any) -> set[str]:
    found = set()
    for action in commands._actions:
        found |= {option for option in action.option_strings if option.startswith("--") and option != "--help"}
        if isinstance(action.choices, dict):
            for child in action.choices.values():
                found |= options_of(child)
    return found


def test_an_analysis_that_is_interrupted_keeps_nothing(loaded: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found = registry.DETECTORS["hotspot_places"]

    def interrupted(
        snapshot: Snapshot,
        parameters: Mapping[str, Plain],
        generator: np.random.Generator,
        *,
        progress: Progress = quiet,
    ) -> tuple[Flag, ...]:
        progress(0.5, "half way")
        raise KeyboardInterrupt

    broken = {"peripheral_children": registry.DETECTORS["peripheral_children"],
              "hotspot_places": Detector(found.spec, interrupted)}  # fmt: skip
    for module in ("analysis.registry", "api.services", "api.analysing"):
        monkeypatch.setattr(f"{module}.DETECTORS", broken)
    code, out, errors = loaded("analyse")
    assert (code, out, errors) == (130, "", "")
    rows = [json.loads(line) for line in loaded("audit", "export")[1].splitlines()]
    kept = [row for row in rows if row["chain"] == "changes"]
    assert kept
    assert "analyse" not in json.dumps(kept)
