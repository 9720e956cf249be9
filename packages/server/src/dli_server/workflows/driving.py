"""The thread that takes backfills forward, and goes on with them after a restart."""

import logging
import threading
from dataclasses import replace
from typing import final

from dli_domain.errors import WorkflowError, WorkflowNotFoundError
from dli_domain.model.workflow import Backfill
from dli_domain.ports.workflow_journal import WorkflowJournal
from dli_domain.usecases.backfill_workflow import FAILED, BackfillWorkflow
from dli_domain.usecases.know_workflows import KnowWorkflows

_LOG = logging.getLogger("dli_server.workflows")
_STEP_SECONDS = 1.0
_IDLE_SECONDS = 30.0


@final
class BackfillDriver:
    """Takes every open backfill one step on, again and again, until `close`."""

    def __init__(
        self, known: KnowWorkflows, backfills: BackfillWorkflow, journal: WorkflowJournal
    ) -> None:
        self._known = known
        self._backfills = backfills
        self._journal = journal
        self._awake = threading.Event()
        self._closing = threading.Event()
        self._step_lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="dli-backfills", daemon=True)

    def start(self) -> None:
        """Begin, with the backfills that an earlier process left open."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to do now."""
        self._awake.set()

    def close(self) -> None:
        """End after the step at hand."""
        self._closing.set()
        self._awake.set()
        if self._thread.is_alive():
            self._thread.join()

    def alone(self) -> threading.Lock:
        """Held while a step is made: who stops a backfill must not do so in the middle of one."""
        return self._step_lock

    def _run(self) -> None:
        while not self._closing.is_set():
            self._awake.clear()
            try:
                left = self._all()
            except Exception:  # noqa: BLE001 - the thread must live: it tries again at the next step
                _LOG.exception("taking the backfills forward failed")
                left = 1
            if not self._closing.is_set():
                self._awake.wait(_STEP_SECONDS if left else _IDLE_SECONDS)

    def _all(self) -> int:
        open_ones = self._journal.open_backfills()
        for backfill in open_ones:
            if self._closing.is_set():
                break
            with self._step_lock:
                # Stopped meanwhile, perhaps: only what is open now is taken on.
                now = self._journal.backfill(backfill.backfill_id)
                if now is not None and not now.ended:
                    self._step(now)
        return len(open_ones)

    def _step(self, backfill: Backfill) -> None:
        try:
            workflow = self._known.find(backfill.workflow, lambda _: True)
            after = self._backfills.advance(workflow, backfill)
        except WorkflowNotFoundError as error:
            after = _with(backfill, FAILED, error)
        except WorkflowError as error:
            _LOG.warning("backfill %s waits: %s", backfill.backfill_id, error)
            after = _with(backfill, backfill.state, error)
        if after != backfill:
            self._journal.save_backfill(after)


def _with(backfill: Backfill, state: str, error: WorkflowError) -> Backfill:
    return replace(backfill, state=state, trouble=error.message)
