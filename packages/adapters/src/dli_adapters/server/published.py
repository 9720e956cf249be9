"""The policy that a server publishes, remembered for a while on the user's machine."""

import contextlib
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec

from dli_adapters.wire.messages import PolicyAnswer
from dli_domain.errors import DliError, ExecutionPermissionError
from dli_domain.model.settings import ServerTarget
from dli_domain.ports.clock import Clock

FRESH = timedelta(minutes=10)
_SILENT = timedelta(minutes=1)
_ASKING_SECONDS = 3.0
_DENY = "deny"


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The last answer, and when it was asked for; `silent` where no answer came that time."""

    asked_at: datetime
    silent: bool = False
    policy: PolicyAnswer | None = None


@dataclass(frozen=True, kw_only=True)
class PublishedPolicy:
    """What a server allows, asked at most once in ten minutes.

    Where the server does not answer, its last answer counts, however old.

    Args:
        target: The server.
        clock: For the age of an answer.
        folder: The cache folder of the user; made where it is missing.
    """

    target: ServerTarget
    clock: Clock
    folder: Path

    def read(self) -> PolicyAnswer | None:
        """The policy; None where the server never answered."""
        kept = self._kept()
        age = None if kept is None else self.clock.now() - kept.asked_at
        if kept is not None and age is not None:
            limit = _SILENT if kept.silent else FRESH
            if timedelta(0) <= age < limit:
                return kept.policy
        try:
            policy = self._asked()
        except DliError:
            last = None if kept is None else kept.policy
            self._keep(_Kept(asked_at=self.clock.now(), silent=True, policy=last))
            return last
        self._keep(_Kept(asked_at=self.clock.now(), policy=policy))
        return policy

    def refuse_local(self) -> None:
        """Refuse a run that goes around a server which forbids it.

        Raises:
            ExecutionPermissionError: DLI-404, its policy is `local: deny`.
        """
        policy = self.read()
        if policy is not None and policy.local == _DENY:
            raise ExecutionPermissionError(
                "Running on the engine directly is not allowed here: the server's policy says "
                "local: deny",
                context={"Server": self.target.url},
                hint="Run it with --server.",
            )

    def _asked(self) -> PolicyAnswer:
        # The HTTP client is not for those who find an answer in the cache.
        from dli_adapters.server.policy import policy_of  # noqa: PLC0415
        from dli_adapters.server.transport import Transport  # noqa: PLC0415
        from dli_domain.model.run import Deadline  # noqa: PLC0415

        until = Deadline(self.clock.monotonic() + _ASKING_SECONDS, _ASKING_SECONDS)
        with Transport.connect(self.target, self.clock, until, tries=1) as transport:
            return policy_of(transport)

    @property
    def _path(self) -> Path:
        token = self.target.api_key.reveal() if self.target.api_key else ""
        name = sha256(f"{self.target.url}\n{token}".encode()).hexdigest()[:32]
        return self.folder / f"policy-{name}.json"

    def _kept(self) -> _Kept | None:
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        return kept if kept.asked_at.tzinfo is not None else None

    def _keep(self, kept: _Kept) -> None:
        # A cache that cannot be written costs one question for each run, no run.
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".policy-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(msgspec.json.encode(kept))
                Path(name).replace(self._path)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
