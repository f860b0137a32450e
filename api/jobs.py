"""Analyses in the background: one at a time for each account, with progress, and a way to stop them.

Jobs live in the process that runs them. What a job found is kept in the store when all of it is done; a job that is
stopped, or ends with its process, leaves everything as it was. That one was under way stands in the diary, so that the
next process can say what became of it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from analysis.spec import Progress
from api.errors import RequestRefused, answer_for, log_bug
from graph.errors import KithError

#: ended jobs of an account that can still be asked for
KEPT = 5
#: jobs at work at the same time, of all accounts; the others wait
AT_ONCE = 1
#: seconds between two looks whether the account may still do this
CHECK_EVERY = 2.0
#: seconds until a process that ends no longer waits for a job to stop
STOP_WITHIN = 10.0


class JobState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What one detector found."""

    detector: str
    #: number of flags; None where they are not for this role
    flags: int | None


@dataclass(frozen=True, slots=True)
class Job:
    """One analysis in the background, as its account sees it."""

    id: str
    state: JobState
    #: share of the work done, 0 to 1; never goes back
    share: float
    #: what is being done
    words: str
    started_at: dt.datetime
    ended_at: dt.datetime | None = None
    runs: tuple[RunSummary, ...] = ()
    #: why it failed
    message: str | None = None
    #: it ended with the process that ran it; it then counts as failed
    interrupted: bool = False

    @property
    def is_running(self) -> bool:
        return self.state is JobState.RUNNING


class Stopped(Exception):
    """Raised inside a detector to end it."""


#: the work of a job: gets a progress that raises Stopped, gives what was found
Work = Callable[[Progress], Sequence[RunSummary]]


class Diary(Protocol):
    """Where it stands which jobs are under way, beyond the life of a process: at most one an account."""

    def begun(self, account: str, job: Job) -> None: ...

    def ended(self, account: str) -> None: ...

    def under_way(self) -> Mapping[str, tuple[str, dt.datetime]]:
        """(id, start) by account."""


@dataclass(slots=True)
class _Running:
    job: Job
    account: str
    #: its account asked for it to stop
    cancelled: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None


class Jobs:
    """The jobs of one process. Every verb is for one account; a job of another account does not exist."""

    def __init__(
        self, *, clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC), diary: Diary | None = None
    ) -> None:
        self._clock, self._diary = clock, diary
        self._recalled = diary is None
        self._lock = threading.Lock()
        self._jobs: dict[str, _Running] = {}
        self._slots = threading.Semaphore(AT_ONCE)
        self._closed = False

    def start(self, account: str, work: Work, *, allowed: Callable[[], bool] = lambda: True) -> Job:
        """Begin a job. ``allowed`` is asked now and then; no ends the job.

        Raises RequestRefused (409) while a job of this account is running.
        """
        with self._lock:
            self._recall()
            if any(known.account == account and known.job.is_running for known in self._jobs.values()):
                raise RequestRefused(409, "conflict", "an analysis of yours is running; wait for it or stop it")
            if self._closed:
                raise RequestRefused(503, "store", "Kith is being stopped")
            job = Job(secrets.token_hex(8), JobState.RUNNING, 0.0, "waiting for its turn", self._clock())
            running = _Running(job, account)
            if self._diary is not None:
                self._diary.begun(account, job)
            self._jobs[job.id] = running
            self._forget(account)
            running.thread = threading.Thread(target=self._run, args=(running, work, allowed), daemon=True)
            running.thread.start()
            return job

    def of(self, account: str) -> tuple[Job, ...]:
        """The jobs of this account, newest first."""
        with self._lock:
            self._recall()
            found = [known.job for known in self._jobs.values() if known.account == account]
        return tuple(reversed(found))

    def get(self, account: str, job_id: str) -> Job | None:
        with self._lock:
            self._recall()
            known = self._jobs.get(job_id)
            return known.job if known is not None and known.account == account else None

    def cancel(self, account: str, job_id: str) -> Job | None:
        """Ask a job to stop; None when this account has no such job. One that has ended stays as it is."""
        with self._lock:
            known = self._jobs.get(job_id)
            if known is None or known.account != account:
                return None
            if known.job.is_running:
                known.stop.set()
                known.cancelled = True
                known.job = replace(known.job, words="stopping")
            return known.job

    def close(self) -> None:
        """Stop every job and wait a little for them."""
        with self._lock:
            self._closed = True
            threads = [known.thread for known in self._jobs.values() if known.job.is_running]
            for known in self._jobs.values():
                known.stop.set()
        until = time.monotonic() + STOP_WITHIN
        for thread in threads:
            if thread is not None:
                thread.join(max(0.0, until - time.monotonic()))

    def _run(self, running: _Running, work: Work, allowed: Callable[[], bool]) -> None:
        try:
            with self._turn(running):
                runs = tuple(work(_Watch(self, running, allowed)))
            self._end(running, JobState.DONE, "done", runs=runs)
        except Stopped:
            self._end(running, JobState.CANCELLED, "stopped; nothing was changed")
        except Exception as error:
            if not isinstance(error, KithError):
                log_bug(error)
            self._end(running, JobState.FAILED, "it did not work", message=answer_for(error).message)

    @contextlib.contextmanager
    def _turn(self, running: _Running) -> Iterator[None]:
        """One of the places at work; raises Stopped when the job is stopped while it waits."""
        while not self._slots.acquire(timeout=0.2):
            if running.stop.is_set():
                raise Stopped
        try:
            yield
        finally:
            self._slots.release()

    def _tell(self, running: _Running, share: float, words: str) -> None:
        with self._lock:
            further = max(running.job.share, min(max(share, 0.0), 1.0))
            running.job = replace(running.job, share=further, words=words)

    def _end(
        self,
        running: _Running,
        state: JobState,
        words: str,
        *,
        runs: tuple[RunSummary, ...] = (),
        message: str | None = None,
    ) -> None:
        self._strike_out(running, state)
        with self._lock:
            share = 1.0 if state is JobState.DONE else running.job.share
            running.job = replace(
                running.job, state=state, share=share, words=words, ended_at=self._clock(), runs=runs, message=message
            )

    def _strike_out(self, running: _Running, state: JobState) -> None:
        """Take it out of the diary, but for what ends only because the process does: that is to be told afterwards."""
        if self._diary is None or (self._closed and state is not JobState.DONE and not running.cancelled):
            return
        # a store that fails now leaves it in: it is then told as ended with the process, which asks for no more than
        # another start
        with contextlib.suppress(KithError):
            self._diary.ended(running.account)

    def _recall(self) -> None:
        """Once, before this process has jobs of its own: those that were under way when an earlier one ended."""
        if self._recalled or self._diary is None:
            return
        for account, (job_id, started_at) in self._diary.under_way().items():
            job = Job(
                job_id,
                JobState.FAILED,
                0.0,
                "stopped when the server stopped; start it again",
                started_at,
                message="it was stopped when the server stopped; start it again",
                interrupted=True,
            )
            self._jobs[job_id] = _Running(job, account)
        self._recalled = True

    def _forget(self, account: str) -> None:
        """Let go of the oldest ended jobs of the account."""
        ended = [key for key, known in self._jobs.items() if known.account == account and not known.job.is_running]
        for key in ended[: max(0, len(ended) - KEPT)]:
            del self._jobs[key]


class _Watch:
    """The progress of a job: keeps how far it is, raises Stopped when it has to end."""

    def __init__(self, jobs: Jobs, running: _Running, allowed: Callable[[], bool]) -> None:
        self._jobs, self._running, self._allowed = jobs, running, allowed
        self._checked = float("-inf")

    def __call__(self, share: float, words: str) -> None:
        if self._running.stop.is_set():
            raise Stopped
        moment = time.monotonic()
        if moment - self._checked >= CHECK_EVERY:
            self._checked = moment
            if not self._allowed():
                raise Stopped
        self._jobs._tell(self._running, share, words)
