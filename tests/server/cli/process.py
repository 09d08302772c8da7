"""The `gateway` command in a process of its own, as an operator runs it."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

MAIN = "from gateway_server.cli import main; main()"
PATIENCE = 20.0


class Process:
    """Output is collected by threads, so that it can be waited for and never blocks."""

    def __init__(self, popen: subprocess.Popen) -> None:
        self.popen = popen
        self.text = ""
        self._more = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read, args=(pipe,), daemon=True)
            for pipe in (popen.stdout, popen.stderr)
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, pipe) -> None:
        for line in pipe:
            with self._more:
                self.text += line
                self._more.notify_all()

    def find(self, pattern: str) -> str:
        """Wait until `pattern` was printed; return its first group."""
        with self._more:
            self._more.wait_for(lambda: re.search(pattern, self.text), PATIENCE)
            found = re.search(pattern, self.text)
        assert found, self.text
        return found[1]

    def end(self, number: int | None = signal.SIGTERM, patience: float = PATIENCE) -> int:
        """Send a signal, if any; return the exit status once everything was read."""
        if number is not None:
            self.popen.send_signal(number)
        status = self.popen.wait(patience)
        self.join()
        return status

    def join(self) -> None:
        """Wait until everything was read."""
        for reader in self._readers:
            reader.join(PATIENCE)


@contextmanager
def python(code: str, *args: str, cwd=None, env=None) -> Iterator[Process]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("GATEWAY_")} | (env or {})
    with subprocess.Popen(
        [sys.executable, "-c", code, *args],
        cwd=cwd,
        env=environ | {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as popen:
        process = Process(popen)
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(popen.pid, signal.SIGKILL)  # workers, too: they hold the pipes
            process.join()  # before the pipes are closed under the threads that read them


def gateway(*args: str, cwd=None, env=None):
    return python(MAIN, *args, cwd=cwd, env=env)
