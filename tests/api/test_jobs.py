"""Analyses in the background: progress, one at a time, stopping, and whose they are."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest

from analysis import registry
from analysis.spec import Detector, DetectorSpec, Progress, quiet
from api.app import create_app
from api.bootstrap import Wiring, wire_store
from api.errors import RequestRefused
from api.jobs import Job, Jobs, JobState, RunSummary
from graph.access.actors import Role
from graph.errors import StoreError, UsageError
from graph.flags import Flag, Plain
from graph.snapshot import Snapshot
from tests.api.conftest import PASSWORD
from tests.api.http import Client

LogIn = Callable[[str], Client]


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.close()


def ended(jobs: Jobs, account: str, job: Job) -> Job:
    """The job when it has ended."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        found = jobs.get(account, job.id)
        assert found is not None
        if not found.is_running:
            return found
        time.sleep(0.01)
    raise AssertionError("the job does not end")


class Held:
    """Work that goes on until it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()

    def __call__(self, progress: Progress) -> list[RunSummary]:
        while not self.let_go.is_set():
            progress(0.25, "a quarter")
            self.begun.set()
            time.sleep(0.005)
        return [RunSummary("everybody", 3)]


def test_a_job_tells_how_far_it_is_and_what_it_found(jobs: Jobs) -> None:
    held = Held()
    job = jobs.start("ana", held)
    held.begun.wait(5)
    running = jobs.get("ana", job.id)
    assert running is not None
    assert (running.state, running.share, running.words) == (JobState.RUNNING, 0.25, "a quarter")
    held.let_go.set()
    done = ended(jobs, "ana", job)
    assert (done.state, done.share, done.runs) == (JobState.DONE, 1.0, (RunSummary("everybody", 3),))


def test_progress_never_goes_back(jobs: Jobs) -> None:
    def work(progress: Progress) -> list[RunSummary]:
        progress(0.6, "one")
        progress(0.2, "two")
        raise UsageError("that is enough")

    found = ended(jobs, "ana", jobs.start("ana", work))
    assert (found.share, found.state, found.message) == (0.6, JobState.FAILED, "that is enough")


def test_an_account_has_one_job_at_a_time(jobs: Jobs) -> None:
    held = Held()
    job = jobs.start("ana", held)
    with pytest.raises(RequestRefused, match="is running"):
        jobs.start("ana", held)
    held.let_go.set()
    ended(jobs, "ana", job)
    ended(jobs, "ana", jobs.start("ana", held))


def test_a_job_of_somebody_else_does_not_exist(jobs: Jobs) -> None:
    held = Held()
    job = jobs.start("ana", held)
    held.begun.wait(5)
    assert (jobs.get("bo", job.id), jobs.cancel("bo", job.id), jobs.of("bo")) == (None, None, ())
    assert not held.let_go.is_set()
    held.let_go.set()
    assert ended(jobs, "ana", job).state is JobState.DONE


def test_a_job_that_is_stopped_ends_inside_its_work(jobs: Jobs) -> None:
    held = Held()
    job = jobs.start("ana", held)
    held.begun.wait(5)
    jobs.cancel("ana", job.id)
    assert ended(jobs, "ana", job).state is JobState.CANCELLED


def test_a_job_that_waits_can_be_stopped(jobs: Jobs) -> None:
    held = Held()
    first = jobs.start("ana", held)
    held.begun.wait(5)
    second = jobs.start("bo", held)
    jobs.cancel("bo", second.id)
    assert ended(jobs, "bo", second).state is JobState.CANCELLED
    held.let_go.set()
    assert ended(jobs, "ana", first).state is JobState.DONE


def test_a_job_ends_when_its_account_may_no_longer(jobs: Jobs) -> None:
    held = Held()
    job = jobs.start("ana", held, allowed=lambda: False)
    assert ended(jobs, "ana", job).state is JobState.CANCELLED


def test_a_mistake_of_ours_is_told_without_its_text(jobs: Jobs) -> None:
    def work(progress: Progress) -> list[RunSummary]:
        raise RuntimeError("Zephyrine Quillfeather")

    found = ended(jobs, "ana", jobs.start("ana", work))
    assert found.state is JobState.FAILED
    assert "Quillfeather" not in (found.message or "")


def test_the_last_jobs_are_kept(jobs: Jobs) -> None:
    for _ in range(8):
        ended(jobs, "ana", jobs.start("ana", lambda progress: []))
    assert len(jobs.of("ana")) == 6


def test_a_process_that_ends_stops_its_jobs() -> None:
    jobs, held = Jobs(), Held()
    job = jobs.start("ana", held)
    held.begun.wait(5)
    jobs.close()
    found = jobs.get("ana", job.id)
    assert found is not None
    assert found.state is JobState.CANCELLED


# -- over HTTP -----------------------------------------------------------------------------------------------------
class Gated:
    """A detector that goes on until it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()

    def __call__(
        self,
        snapshot: Snapshot,
        parameters: Mapping[str, Plain],
        generator: np.random.Generator,
        *,
        progress: Progress = quiet,
    ) -> tuple[Flag, ...]:
        until = time.monotonic() + 20
        while not self.let_go.is_set() and time.monotonic() < until:
            progress(0.5, "looking")
            self.begun.set()
            time.sleep(0.005)
        return ()


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gated]:
    analyst = frozenset({"analyst"})
    spec = DetectorSpec(
        "slow", "1", "Slow", "Who?", "Waits.", (), (), (), "nothing", (), (), "slow.md", 90, analyst, analyst
    )
    gated = Gated()
    detectors = {"slow": Detector(spec, gated)}
    monkeypatch.setattr(registry, "DETECTORS", detectors)
    for name in ("api.services", "api.analysing", "api.routes.analyses", "api.routes.pages_flags"):
        monkeypatch.setattr(f"{name}.DETECTORS", detectors)
    yield gated
    gated.let_go.set()


def start(client: Client) -> dict[str, object]:
    answer = client.post("/api/v1/analyses", json={"background": True})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def wait_for(client: Client, job: dict[str, object]) -> dict[str, object]:
    for _ in range(1000):
        found = dict(client.get(f"/api/v1/analyses/{job['id']}").json())
        if found["state"] != "running":
            return found
        time.sleep(0.01)
    raise AssertionError("the job does not end")


def test_an_analysis_in_the_background(as_user: LogIn, detector: Gated, hub: Wiring) -> None:
    client = as_user("analyst")
    job = start(client)
    assert detector.begun.wait(5)
    assert client.get(f"/api/v1/analyses/{job['id']}").json()["words"] == "looking"
    assert client.post("/api/v1/analyses", json={"background": True}).status_code == 409
    detector.let_go.set()
    done = wait_for(client, job)
    assert (done["state"], done["runs"]) == ("done", [{"detector": "slow", "flags": 0}])
    kept = [row.entry.action for row in hub.store.audit_rows(chain="changes", actor="analyst")]
    assert kept.count("analyse") == 2


def test_an_analysis_that_is_stopped_keeps_nothing(as_user: LogIn, detector: Gated, hub: Wiring) -> None:
    client = as_user("analyst")
    job = start(client)
    assert detector.begun.wait(5)
    assert client.request("DELETE", f"/api/v1/analyses/{job['id']}").status_code == 200
    assert wait_for(client, job)["state"] == "cancelled"
    rows = hub.store.audit_rows(actor="analyst")
    assert [row.entry.action for row in rows if row.chain == "changes" and row.entry.action == "analyse"] == []
    said = [row.entry.action for row in rows]
    assert "analysis started" in said
    assert "analysis cancelled" in said


def test_a_running_analysis_is_seen_by_nobody_else(as_user: LogIn, detector: Gated, hub: Wiring) -> None:
    hub.accounts.add("other", Role.ANALYST, "other", "a long enough password", by="operator")
    client, other = as_user("analyst"), as_user("other")
    job = start(client)
    assert other.get(f"/api/v1/analyses/{job['id']}").status_code == 404
    assert other.request("DELETE", f"/api/v1/analyses/{job['id']}").status_code == 404
    assert other.get("/api/v1/analyses").json()["items"] == []
    assert str(job["id"]) not in other.get("/flags").text


def test_an_analysis_ends_with_the_account(
    as_user: LogIn, detector: Gated, hub: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.jobs.CHECK_EVERY", 0.01)
    job = start(as_user("analyst"))
    assert detector.begun.wait(5)
    hub.accounts.disable("analyst", by="admin")
    for _ in range(1000):
        found = hub.jobs.get("analyst", str(job["id"]))
        assert found is not None
        if not found.is_running:
            break
        time.sleep(0.01)
    assert found is not None
    assert found.state is JobState.CANCELLED


def test_what_cannot_be_run_is_said_at_once(as_user: LogIn, detector: Gated) -> None:
    body = {"background": True, "detectors": ["nobody"]}
    assert as_user("analyst").post("/api/v1/analyses", json=body).status_code == 400


def test_the_page_shows_progress_and_a_way_to_stop(as_user: LogIn, detector: Gated, hub: Wiring) -> None:
    client = as_user("analyst")
    assert client.post("/flags/analysis", data={"form_token": client.form_token}).status_code == 303
    assert detector.begun.wait(5)
    text = client.get("/flags").text
    (job,) = hub.jobs.of("analyst")
    assert 'value="25"' in text
    assert f'action="/flags/analysis/{job.id}/cancel"' in text
    assert client.post("/flags/analysis", data={"form_token": client.form_token}).status_code == 303
    assert len(hub.jobs.of("analyst")) == 1
    client.post(f"/flags/analysis/{job.id}/cancel", data={"form_token": client.form_token})
    wait_for(client, {"id": job.id})
    assert "was stopped. Nothing was changed" in client.get("/flags").text


def test_those_who_do_not_analyse_are_offered_nothing(as_user: LogIn, detector: Gated) -> None:
    assert 'action="/flags/analysis"' not in as_user("police").get("/flags").text


def test_a_share_outside_its_bounds_is_brought_back(jobs: Jobs) -> None:
    def work(progress: Progress) -> list[RunSummary]:
        progress(7.0, "far")
        raise UsageError("enough")

    assert ended(jobs, "ana", jobs.start("ana", work)) == replace(jobs.of("ana")[0], share=1.0)


# -- after the process ends --------------------------------------------------------------------------------------------
class Book:
    """A diary in memory, and whether it can be written."""

    def __init__(self) -> None:
        self.entries: dict[str, tuple[str, dt.datetime]] = {}
        self.broken = False

    def begun(self, account: str, job: Job) -> None:
        self._writable()
        self.entries[account] = job.id, job.started_at

    def ended(self, account: str) -> None:
        self._writable()
        self.entries.pop(account, None)

    def under_way(self) -> dict[str, tuple[str, dt.datetime]]:
        return dict(self.entries)

    def _writable(self) -> None:
        if self.broken:
            raise StoreError("unwritable")


@pytest.fixture
def book() -> Book:
    return Book()


def test_a_job_under_way_when_its_process_ended_is_told_as_stopped_with_it(book: Book) -> None:
    first, held = Jobs(diary=book), Held()
    job = first.start("ana", held)
    held.begun.wait(5)
    first.close()
    (found,) = Jobs(diary=book).of("ana")
    assert (found.id, found.started_at, found.state, found.interrupted) == (
        job.id, job.started_at, JobState.FAILED, True
    )  # fmt: skip
    assert found.words == "stopped when the server stopped; start it again"


def test_so_is_one_whose_process_was_killed(book: Book) -> None:
    killed, held = Jobs(diary=book), Held()
    job = killed.start("ana", held)
    after = Jobs(diary=book)
    known = after.get("ana", job.id)
    assert known is not None and known.interrupted
    assert (after.of("bo"), after.get("bo", job.id)) == ((), None)
    killed.close()


def test_one_that_had_ended_is_told_of_no_more(book: Book) -> None:
    first, held = Jobs(diary=book), Held()
    ended(first, "ana", first.start("ana", lambda progress: []))
    job = first.start("ana", held)
    held.begun.wait(5)
    first.cancel("ana", job.id)
    ended(first, "ana", job)
    assert book.entries == {}
    first.close()
    assert Jobs(diary=book).of("ana") == ()


def test_what_its_account_stopped_just_before_the_end_is_not_told(book: Book) -> None:
    first, held = Jobs(diary=book), Held()
    job = first.start("ana", held)
    held.begun.wait(5)
    first.cancel("ana", job.id)
    first.close()
    assert book.entries == {}


def test_it_is_told_until_another_is_started(book: Book) -> None:
    book.entries["ana"] = "old", dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    assert [Jobs(diary=book).of("ana")[0].id for _ in range(2)] == ["old", "old"]
    after = Jobs(diary=book)
    new = ended(after, "ana", after.start("ana", lambda progress: []))
    assert [job.id for job in after.of("ana")] == [new.id, "old"]
    assert Jobs(diary=book).of("ana") == ()


def test_a_job_that_cannot_be_noted_is_not_begun(book: Book) -> None:
    book.broken = True
    jobs = Jobs(diary=book)
    with pytest.raises(StoreError):
        jobs.start("ana", lambda progress: [])
    assert jobs.of("ana") == ()


def test_a_diary_that_fails_at_the_end_harms_nothing(book: Book) -> None:
    jobs, held = Jobs(diary=book), Held()
    job = jobs.start("ana", held)
    book.broken = True
    held.let_go.set()
    assert ended(jobs, "ana", job).state is JobState.DONE


def test_after_a_restart_the_page_says_what_became_of_it(as_user: LogIn, detector: Gated, hub: Wiring) -> None:
    job = start(as_user("analyst"))
    assert detector.begun.wait(5)
    restarted = wire_store(hub.store, hub.settings, clock=hub.clock)
    client = Client(create_app(restarted))
    assert client.log_in("analyst", PASSWORD).status_code == 200
    told = client.get(f"/api/v1/analyses/{job['id']}").json()
    assert (told["state"], told["interrupted"], told["words"]) == (
        "failed", True, "stopped when the server stopped; start it again"
    )  # fmt: skip
    assert "was under way when the server stopped" in client.get("/flags").text
    assert "was under way" not in as_user("police").get("/flags").text
    detector.let_go.set()
    wait_for(as_user("analyst"), job)
    assert hub.store.documents("analysis") == {}
