"""A real browser in a test's hands: Chromium without a window, over its DevTools protocol.

Clicks and typing are the page's own events; whatever it asks the network for is noted, and
whatever it complains of.
"""

import base64
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import pytest
import trio
from trio_websocket import WebSocketConnection, open_websocket_url

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic",
    "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--remote-debugging-port=0",
)  # fmt: skip
SECONDS = 40
"""Within which a browser has started, or done whatever it was told, on a busy machine too."""

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium here (apt-get install chromium)"
)


class Tab:
    """One page."""

    def __init__(self, connection: WebSocketConnection) -> None:
        self._connection = connection
        self._session = ""
        self._asked = 0
        self._answers: dict[int, Any] = {}
        self._answered = trio.Condition()
        self.requests: list[str] = []
        """URLs that were asked for."""
        self.answers: list[tuple[str, int]] = []
        """URLs that answered, and their status."""
        self.complaints: list[str] = []
        """What the console shows in red."""

    async def listen(self) -> None:
        while True:
            message = json.loads(await self._connection.get_message())
            if "id" in message:
                async with self._answered:
                    self._answers[message["id"]] = message
                    self._answered.notify_all()
            else:
                self._note(message["method"], message["params"])

    def _note(self, method: str, told: Any) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Network.responseReceived":
            self.answers.append((told["response"]["url"], told["response"]["status"]))
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(told["exceptionDetails"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.complaints.append(told["entry"]["text"])

    async def command(self, method: str, **params: Any) -> Any:
        self._asked += 1
        number = self._asked
        session = {"sessionId": self._session} if self._session else {}
        await self._connection.send_message(
            json.dumps({"id": number, "method": method, "params": params, **session})
        )
        with trio.fail_after(SECONDS):
            async with self._answered:
                while number not in self._answers:
                    await self._answered.wait()
        answer = self._answers.pop(number)
        assert "error" not in answer, answer
        return answer["result"]

    async def begin(self) -> None:
        target = await self.command("Target.createTarget", url="about:blank")
        attached = await self.command(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.command(f"{domain}.enable")

    async def go(self, url: str) -> None:
        await self.command("Page.navigate", url=url)

    async def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page."""
        told = await self.command("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def shot(self, place: Path) -> None:
        """Take a picture of the page, for whoever looks into a failure."""
        told = await self.command("Page.captureScreenshot")
        place.write_bytes(base64.b64decode(told["data"]))

    async def until(self, expression: str) -> Any:
        """Return the expression's value, once it is something."""
        with trio.move_on_after(SECONDS):
            while not (value := await self.evaluate(expression)):
                await trio.sleep(0.05)
            return value
        shown = await self.evaluate("document.body.innerText")
        raise AssertionError(f"never came: {expression}; the page shows {shown[:2000]}")

    async def click(self, element: str) -> None:
        """Click what the expression names, once it is there."""
        await self.until(f"(() => {{ const it = {element}; it && it.click(); return !!it }})()")

    async def type(self, element: str, text: str) -> None:
        """Type into what the expression names, once it is there, in place of what is in it."""
        await self.until(
            f"(() => {{ const it = {element}; it && (it.focus(), it.select()); return !!it }})()"
        )
        await self.command("Input.insertText", text=text)


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Tab]:
    """A tab of a browser that keeps its things in `folder`, and ends with the block."""
    assert CHROMIUM is not None
    words = [CHROMIUM, *FLAGS, f"--user-data-dir={folder}", "about:blank"]
    quiet = partial(trio.run_process, stdout=DEVNULL, stderr=DEVNULL, check=False)
    async with trio.open_nursery() as nursery:
        process = await nursery.start(quiet, words)
        try:
            async with open_websocket_url(await _endpoint(folder)) as connection:
                tab = Tab(connection)
                async with trio.open_nursery() as listening:
                    listening.start_soon(tab.listen)
                    await tab.begin()
                    yield tab
                    listening.cancel_scope.cancel()
        finally:
            process.terminate()


async def _endpoint(folder: Path) -> str:
    """Return where the browser listens, once it says so."""
    told = folder / "DevToolsActivePort"
    with trio.fail_after(SECONDS):
        while not (told.is_file() and told.read_text().count("\n") == 1):
            await trio.sleep(0.05)
    port, path = told.read_text().split("\n")
    return f"ws://127.0.0.1:{port}{path}"
