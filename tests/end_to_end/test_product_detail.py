"""The demonstration's composed answer, by its own services, in processes that are killed."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.ports import free_ports

ROOT = Path(__file__).parents[2]
START_SECONDS = 20
SPEC = """
[upstreams.products]
endpoints = ["http://127.0.0.1:{products}"]
[upstreams.prices]
endpoints = ["http://127.0.0.1:{prices}"]
"""


def configuration(products: int, prices: int) -> str:
    """The demonstration's own route, with its services wherever they are here."""
    text = (ROOT / "gateway.toml").read_text(encoding="utf-8")
    start = text.index('[[routes]]\nname = "product-detail"')
    return SPEC.format(products=products, prices=prices) + text[start:].partition("\n#")[0]


@contextmanager
def running(*args: str, cwd: Path, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GATEWAY_")}
    with subprocess.Popen(
        [sys.executable, "-m", *args],
        cwd=cwd,
        env={**inherited, "PYTHONPATH": str(ROOT), **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def get(port: int, path: str) -> tuple[int, dict[str, str], object]:
    """Status, headers in lower case, and the document."""
    try:
        answer = urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        fields = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status, fields, json.loads(answer.read())


def wait_for(port: int, path: str) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            get(port, path)
        except (OSError, ValueError):
            assert time.monotonic() < until, f"nothing on port {port}"
            time.sleep(0.05)
        else:
            return


def test_the_page_outlives_its_prices_and_not_its_products(tmp_path: Path) -> None:
    products_port, prices_port, port = free_ports(3)
    toml = configuration(products_port, prices_port)
    (tmp_path / "gateway.toml").write_text(toml, encoding="utf-8")
    serve = ("hypercorn", "gateway_server:app", "--worker-class", "trio")
    with ExitStack() as stack:
        products = stack.enter_context(
            running("services.products", cwd=ROOT, PORT=str(products_port))
        )
        prices = stack.enter_context(running("services.prices", cwd=ROOT, PORT=str(prices_port)))
        stack.enter_context(running(*serve, "--bind", f"127.0.0.1:{port}", cwd=tmp_path))
        for each, path in (
            (products_port, "/produtos/1"),
            (prices_port, "/precos/1"),
            (port, "/livez"),
        ):
            wait_for(each, path)

        whole = {"id": 1, "nome": "Luminária", "descricao": "Lê com você até tarde.", "preco": 49.9}
        status, fields, document = get(port, "/produto/1")
        assert (status, document) == (200, whole)
        assert fields["x-gateway-completed"] == "true"
        assert get(port, "/produto/99")[0] == 404
        status, fields, document = get(port, "/produto/3")  # it has no price yet
        assert isinstance(document, dict)
        assert (status, document["preco"], fields["x-gateway-completed"]) == (200, 0, "false")

        kill(prices)
        status, fields, document = get(port, "/produto/1")
        assert (status, document) == (200, {**whole, "preco": 0})
        assert fields["x-gateway-completed"] == "false"

        kill(products)
        started = time.monotonic()
        status, _, document = get(port, "/produto/1")
        assert status == 502
        assert time.monotonic() - started < 2
        assert isinstance(document, dict)
        assert "'produto'" in document["detail"]
        assert str(products_port) not in json.dumps(document)
