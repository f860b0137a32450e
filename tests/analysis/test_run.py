"""Running detectors: parameters, identity, progress, JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pytest

from analysis.registry import DETECTORS, detector
from analysis.run import run, run_to_json
from analysis.spec import Detector, Progress, flag_id, quiet
from graph.errors import UsageError
from graph.flags import Flag, Plain
from graph.snapshot import Snapshot
from tests.analysis.towns import random_town


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return random_town(12).snapshot()


def test_an_unknown_detector_is_named_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="hotspot_places"):
        detector("hotspot_place")


@pytest.mark.parametrize(
    ("given", "words"),
    [({"colour": "red"}, "no such parameter"), ({"limit": "many"}, "is a number"), ({"limit": 2.5}, "whole number"),
     ({"limit": 0}, "at least 1"), ({"alternative": 2}, "at most"), ({"limit": True}, "is a number"),
     ({"alternative": float("nan")}, "is a number")],
)  # fmt: skip
def test_a_parameter_that_does_not_fit_is_refused(snapshot: Snapshot, given: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run("shared_associates", snapshot, given)


def test_a_switch_is_yes_or_no(snapshot: Snapshot) -> None:
    assert run("peripheral_children", snapshot, {"own_circumstances": "no"}).parameters["own_circumstances"] is False
    with pytest.raises(UsageError, match="yes or no"):
        run("peripheral_children", snapshot, {"own_circumstances": "perhaps"})


def test_text_from_a_command_line_is_read_as_the_number_it_is(snapshot: Snapshot) -> None:
    assert run("shared_associates", snapshot, {"limit": "3"}).parameters["limit"] == 3


def test_the_run_holds_all_that_is_needed_to_do_it_again(snapshot: Snapshot) -> None:
    one = run("peripheral_children", snapshot, {"limit": 5}, 3)
    two = run(one.detector, snapshot, one.parameters, one.seed)
    assert (one.id, one.flags, one.snapshot_digest) == (two.id, two.flags, snapshot.digest)
    assert run("peripheral_children", snapshot, {"limit": 5}, 4).id != one.id


def test_seconds_are_those_of_the_clock(snapshot: Snapshot) -> None:
    ticks = iter([10.0, 12.5])
    assert run("hotspot_places", snapshot, clock=lambda: next(ticks)).seconds == 2.5


def test_progress_goes_from_nought_to_one(snapshot: Snapshot) -> None:
    shares: list[float] = []
    run("peripheral_children", snapshot, progress=lambda share, _: shares.append(share))
    assert shares[0] == 0.0 and shares[-1] == 1.0 and shares == sorted(shares)


def test_progress_can_cancel(snapshot: Snapshot) -> None:
    class Cancelled(Exception):
        pass

    def stop(share: float, what: str) -> None:
        if share > 0.1:
            raise Cancelled

    with pytest.raises(Cancelled):
        run("peripheral_children", snapshot, progress=stop)


def test_a_detector_may_be_passed_itself(snapshot: Snapshot) -> None:
    def nothing(
        snapshot: Snapshot,
        parameters: Mapping[str, Plain],
        generator: np.random.Generator,
        *,
        progress: Progress = quiet,
    ) -> tuple[Flag, ...]:
        return ()

    assert run(Detector(DETECTORS["hotspot_places"].spec, nothing), snapshot).flags == ()


@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_json_has_the_form_of_the_interface(snapshot: Snapshot, name: str) -> None:
    form = json.loads(json.dumps(run_to_json(run(name, snapshot))))
    assert set(form["run"]) == {
        "id", "detector", "version", "as_at", "known_at", "scope", "parameters", "seed", "snapshot_digest", "seconds",
    }  # fmt: skip
    for flag in form["flags"]:
        assert set(flag) == {
            "id", "detector", "subjects", "strength", "band", "rank", "stability", "reasons", "would_clear", "cautions",
            "expires_on", "details",
        }  # fmt: skip
        assert all(set(reason) == {"text", "contribution", "ties", "events", "reports"} for reason in flag["reasons"])
        assert flag["details"]["score"] == pytest.approx(sum(reason["contribution"] for reason in flag["reasons"]))


def test_the_same_question_about_the_same_subjects_keeps_its_id() -> None:
    assert flag_id("a", ("person:1",)) == flag_id("a", ("person:1",))
    others = {flag_id("b", ("person:1",)), flag_id("a", ("person:1", "person:2")), flag_id("a", ("person:1",), "party")}
    assert len(others | {flag_id("a", ("person:1",))}) == 4
