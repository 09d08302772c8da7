"""`gateway cache` asks every worker of a gateway that runs."""

import json
import socket
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway_server.cli.registry import app
from tests.configurations import ROUTE


def configuration(folder: Path, control: str = "") -> Path:
    line = f'control = "{control}"' if control else ""
    path = folder / "gateway.toml"
    path.write_text(f"[gateway]\n{line}\n{ROUTE}")
    return path


class Worker:
    """Answers one question over a unix socket, and keeps it."""

    def __init__(self, path: Path, told: dict[str, object]) -> None:
        self.asked: dict[str, object] = {}
        self._told = told
        self._sock = socket.socket(socket.AF_UNIX)
        self._sock.bind(str(path))
        self._sock.listen()
        self._sock.settimeout(5)
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()

    def _answer(self) -> None:
        stream, _ = self._sock.accept()
        with stream, stream.makefile("rb") as lines:
            self.asked = json.loads(lines.readline())
            stream.sendall(json.dumps(self._told).encode() + b"\n")

    def close(self) -> None:
        self._thread.join(5)
        self._sock.close()


def run(*words: str, config: Path) -> tuple[int, str]:
    ran = CliRunner().invoke(app, ["cache", *words, "--config", str(config)])
    return ran.exit_code, ran.output


STATS = {"pid": 7, "entries": 2, "bytes": 30, "capacity": 99, "evicted": 0, "fetching": 1}


def test_every_worker_is_asked(tmp_path: Path) -> None:
    workers = [Worker(tmp_path / f"c.{pid}", {**STATS, "pid": pid}) for pid in (7, 8)]
    code, said = run("stats", config=configuration(tmp_path, str(tmp_path / "c")))
    for worker in workers:
        worker.close()
    assert code == 0
    assert "worker 7: 2 answers, 30 of 99 bytes, 0 evicted, 1 being fetched" in said
    assert "worker 8: " in said
    assert workers[0].asked == {"do": "cache-stats"}


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["http://a/p?q"], {"url": "http://a/p?q"}),
        (["--prefix", "http://a/"], {"prefix": "http://a/"}),
        (["--tag", "t"], {"tag": "t"}),
        (["--all"], {"all": True}),
    ],
)
def test_what_is_to_be_purged_is_told(
    tmp_path: Path, words: list[str], asked: dict[str, object]
) -> None:
    worker = Worker(tmp_path / "c.1", {"pid": 1, "purged": 1})
    code, said = run("purge", *words, config=configuration(tmp_path, str(tmp_path / "c")))
    worker.close()
    assert (code, said) == (0, "1 answer purged\n")
    assert worker.asked == {"do": "cache-purge", **asked}


@pytest.mark.parametrize("words", [[], ["http://a/", "--all"]])
def test_it_must_be_said_what_to_purge(tmp_path: Path, words: list[str]) -> None:
    code, said = run("purge", *words, config=configuration(tmp_path, str(tmp_path / "c")))
    assert code == 2
    assert "say what" in said


def test_a_gateway_that_does_not_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.1").write_text("left behind")
    code, said = run("stats", config=configuration(tmp_path, str(tmp_path / "c")))
    assert code == 1
    assert "is the gateway running?" in said


def test_a_configuration_without_a_socket_is_told_the_cure(tmp_path: Path) -> None:
    code, said = run("stats", config=configuration(tmp_path))
    assert code == 2
    assert "control =" in said


def test_a_worker_that_does_not_understand_ends_it(tmp_path: Path) -> None:
    worker = Worker(tmp_path / "c.1", {"error": "no"})
    code, said = run("stats", config=configuration(tmp_path, str(tmp_path / "c")))
    worker.close()
    assert code == 1
    assert "no" in said
