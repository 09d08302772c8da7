"""Relay WebSockets through each subject in turn: `python -m bench.sockets`.

Each subject runs on a core of its own; the load and the upstream that echoes share another.
One message here is a round trip: it crosses the subject twice. CPU is that of the subject's
process tree. Rounds are interleaved, figures are medians over them.

At light load nobody is busy, so that who wakes whom, from which sleep, is most of a round trip,
and the load and the echo are woken as well. Hence what a relay *adds*: straight to the echo is
measured in turn with each relay, in the same seconds.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import accounting
from ..filling import fill
from ..loopback import free_port
from ..pinning import arrange, keep_off, physical, pinned, raise_descriptor_limit
from ..processes import spawned, tail
from ..subjects.contract import Subject
from .peers import FILES, PEERS
from .wire import connect, message

DESCRIPTORS = 60_000
SIZES = (64, 1024, 65_536)
LIGHT_SOCKETS, LIGHT_RATE = 4, 50.0
LIGHT_TURNS, LIGHT_SECONDS = 3, 1.0


@contextmanager
def echo(core: int) -> Iterator[int]:
    """Run the upstream; give its port."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-echo-") as name:
        command = pinned(core, [sys.executable, "-m", "bench.sockets.echo", str(port)])
        environ = {"PYTHONPATH": str(Path(__file__).parents[2])}
        with spawned(command, Path(name), "echo", environ):
            await_socket(port, 10)
            yield port


def await_socket(port: int, seconds: float) -> bool:
    """Wait until a WebSocket opens and echoes; tell whether it did."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            sock = connect(port, "/ws/64")
        except OSError:
            time.sleep(0.05)
            continue
        with sock:
            sock.sendall(message(64, masked=True))
            wanted = message(64, masked=False)
            got = b""
            while len(got) < len(wanted) and (data := sock.recv(len(wanted) - len(got))):
                got += data
            return got == wanted
    return False


@contextmanager
def started(subject: Subject, core: int, upstream: int) -> Iterator[tuple[int, int]]:
    """Run a subject; give its process id and its port."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder, port = Path(name), free_port()
        values = {"PORT": port, "SMALL": upstream, "FOLDER": folder, "FILES": FILES, **subject.own}
        for file in subject.files:
            (folder / file).write_text(fill((FILES / file).read_text(), values))
        command = pinned(core, [fill(word, values) for word in subject.command])
        environ = {key: fill(value, values) for key, value in subject.environ.items()}
        with spawned(command, folder, "server", environ, subject.stop_seconds) as process:
            if not await_socket(port, subject.start_seconds):
                raise RuntimeError(f"{subject.name}: {tail(folder / 'server.err')}"[:500])
            yield process.pid, port


def loaded(core: int, port: int, sockets: int, size: int, seconds: float, rate: float = 0) -> dict:
    """Run the load in a process of its own, on `core`."""
    words = [sys.executable, "-m", "bench.sockets.load"]
    words += [str(each) for each in (port, sockets, size, seconds, rate)]
    ran = subprocess.run(
        pinned(core, words), capture_output=True, text=True, check=True, timeout=seconds + 120,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    return json.loads(ran.stdout)


def busy(subject: Subject, cores, upstream: int, size: int, given) -> dict:
    """Measure ping-pong: messages a second and CPU a message."""
    with started(subject, cores.subject, upstream) as (pid, port):
        loaded(cores.load, port, given.connections, size, 0.5)
        before = accounting.cpu_seconds(pid)
        told = loaded(cores.load, port, given.connections, size, given.seconds)
        told["cpu_us"] = (accounting.cpu_seconds(pid) - before) / max(told["messages"], 1) * 1e6
        return told | light(cores.load, port, upstream, size)


def light(core: int, port: int, upstream: int, size: int) -> dict:
    """Measure round trips at light load, and how much longer they are than to the echo alone."""
    turns = [
        [
            loaded(core, each, LIGHT_SOCKETS, size, LIGHT_SECONDS, LIGHT_RATE)["p50_us"]
            for each in (port, upstream)
        ]
        for _ in range(LIGHT_TURNS)
    ]
    return {
        "light_p50_us": statistics.median(relayed for relayed, _ in turns),
        "light_added_us": statistics.median(relayed - straight for relayed, straight in turns),
    }


def idle(subject: Subject, cores, upstream: int, given) -> dict:
    """Measure the memory of idle sockets, and a hundred busy ones beside them."""
    with started(subject, cores.subject, upstream) as (pid, port):
        loaded(cores.load, port, 10, 64, 1.0)
        before = accounting.memory(pid).now
        socks = []
        try:
            socks += [connect(port, "/ws/64") for _ in range(given.idle)]
            time.sleep(2)
            held = accounting.memory(pid).now - before
            start = accounting.cpu_seconds(pid)
            time.sleep(5)
            resting = (accounting.cpu_seconds(pid) - start) / 5
            told = loaded(cores.load, port, 100, 64, 5.0)
            for sock in socks:
                sock.sendall(message(64, masked=True))
            answered = sum(bool(sock.recv(1)) for sock in socks)
        finally:
            for sock in socks:
                sock.close()
        return {
            "bytes_each": held / given.idle,
            "resting_core": resting,
            "busy_messages": told["messages"] / told["seconds"],
            "errors": told["errors"] + given.idle - answered,
        }


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.sockets", description=__doc__)
    parser.add_argument("--subjects", default="", metavar="NAME,...")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--idle", type=int, default=5000, help="idle sockets; 0 for none")
    given = parser.parse_args(words)
    cores = arrange(physical(__import__("os").sched_getaffinity(0)))
    keep_off(cores.subject)
    raise_descriptor_limit(DESCRIPTORS)
    wanted = [name for name in given.subjects.split(",") if name]
    subjects = [each for each in PEERS if not wanted or each.name in wanted]
    for each in [each for each in subjects if each.missing()]:
        print(f"left out: {each.name}: {each.missing()}", file=sys.stderr)
    subjects = [each for each in subjects if not each.missing()]
    rows: dict[tuple[str, int], list[dict]] = {}
    with echo(cores.load) as upstream:
        for turn in range(given.rounds):
            for size in map(int, filter(None, given.sizes.split(","))):
                for each in [*subjects[turn % len(subjects) :], *subjects[: turn % len(subjects)]]:
                    told = busy(each, cores, upstream, size, given)
                    rows.setdefault((each.name, size), []).append(told)
                    print(turn, size, each.name, told, file=sys.stderr, flush=True)
            for size in map(int, filter(None, given.sizes.split(","))):
                told = {"cpu_us": 0.0, **loaded(cores.load, upstream, given.connections, size, 2.0)}
                told |= light(cores.load, upstream, upstream, size)
                rows.setdefault(("none: straight to the echo", size), []).append(told)
        resting = {}
        for each in subjects if given.idle else []:
            resting[each.name] = idle(each, cores, upstream, given)
            print(each.name, resting[each.name], file=sys.stderr, flush=True)
    report(rows, resting, {each.name: each.version() for each in subjects}, given)
    return 0


def report(rows, resting, versions, given) -> None:
    """Print tables in Markdown."""
    print(f"{given.connections} sockets, {given.rounds} rounds of {given.seconds:g} s, medians\n")
    print(
        "| relay | bytes | messages/s | CPU us a message "
        f"| p50 us, {LIGHT_SOCKETS} sockets at {LIGHT_RATE:g}/s | of which it adds | errors |"
    )
    print("|---|---|---|---|---|---|---|")
    for (name, size), told in sorted(rows.items(), key=lambda row: (row[0][1], row[0][0])):
        middle = {key: statistics.median(each[key] for each in told) for key in told[0]}
        print(
            f"| {name} | {size} | {middle['messages'] / middle['seconds']:,.0f} "
            f"| {middle['cpu_us']:.1f} | {middle['light_p50_us']:.0f} "
            f"| {middle['light_added_us']:.0f} | {middle['errors']:.0f} |"
        )
    if resting:
        print(f"\n{given.idle} idle sockets, then 100 busy ones of 64 bytes beside them\n")
        print("| relay | KB an idle socket | CPU at rest, cores | messages/s | errors |")
        print("|---|---|---|---|---|")
        for name, told in resting.items():
            print(
                f"| {name} | {told['bytes_each'] / 1000:.1f} | {told['resting_core']:.3f} "
                f"| {told['busy_messages']:,.0f} | {told['errors']:.0f} |"
            )
    print("\n" + "\n".join(f"- {name} {version}" for name, version in versions.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
