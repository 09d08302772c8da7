"""A chat room of service B: whoever is in it hears what anybody says.

    /chat       a page; `?name=Ada&say=hello` says something as soon as it is open
    /chat/ws    the room: text in, text out

Who does not listen is asked to leave, so that one slow reader costs the others nothing.
"""

from typing import Final

import trio
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.websockets import WebSocket, WebSocketDisconnect

WAITING_MAX: Final = 100
"""Words that wait for one member; who has not taken them by then is asked to leave."""
WORDS_MAX: Final = 1000
"""Characters of one message."""
TOO_SLOW: Final = 1013
TOO_LONG: Final = 1009


class Room:
    """Everybody who is here."""

    def __init__(self) -> None:
        self._members: set[trio.MemorySendChannel[str]] = set()

    def __len__(self) -> int:
        return len(self._members)

    def say(self, words: str) -> None:
        """Tell everybody; who has too much to hear already is shown the door."""
        for member in tuple(self._members):
            try:
                member.send_nowait(words)
            except trio.WouldBlock:
                self._members.discard(member)
                member.close()

    async def seat(self, socket: WebSocket) -> None:
        """Have somebody in the room until they leave."""
        await socket.accept()
        ear, mouth = trio.open_memory_channel[str](WAITING_MAX)
        self._members.add(ear)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_tell, mouth, socket)
                await self._listen(socket)
                nursery.cancel_scope.cancel()
        finally:
            self._members.discard(ear)

    async def _listen(self, socket: WebSocket) -> None:
        try:
            while len(words := await socket.receive_text()) <= WORDS_MAX:
                self.say(words)
            await socket.close(TOO_LONG, "be brief")
        except WebSocketDisconnect:
            pass


async def _tell(mouth: trio.MemoryReceiveChannel[str], socket: WebSocket) -> None:
    async for words in mouth:
        await socket.send_text(words)
    await socket.close(TOO_SLOW, "you do not listen")


room: Final = Room()


async def chat(socket: WebSocket) -> None:
    await room.seat(socket)


async def page(_request: Request) -> Response:
    return HTMLResponse(PAGE)


PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chat</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }
  ul { list-style: none; padding: 0; min-height: 12rem }
  form { display: flex; gap: .5rem }
  input { font: inherit; padding: .3rem; flex: 1; min-width: 0 }
  input[name=name] { flex: 0 1 8rem }
  output { color: #666 }
</style>
<h1>Chat</h1>
<p>Open this page twice. What you say goes through the gateway to the service, and back to all.</p>
<ul id="said" aria-live="polite"></ul>
<form id="form">
  <input name="name" aria-label="Your name" value="somebody" maxlength="40">
  <input name="words" aria-label="What to say" autocomplete="off" autofocus maxlength="900">
  <button>Say</button>
</form>
<output id="state">connecting</output>
<script>
  const asked = new URLSearchParams(location.search);
  const form = document.getElementById("form"), state = document.getElementById("state");
  const where = location.origin.replace(/^http/, "ws") + location.pathname + "/ws";
  const socket = new WebSocket(where);
  const say = (words) => socket.send(form.name.value + ": " + words);
  if (asked.has("name")) form.name.value = asked.get("name");
  socket.onopen = () => {
    state.value = "open";
    if (asked.has("say")) say(asked.get("say"));
  };
  socket.onmessage = (message) => {
    const line = document.createElement("li");
    line.textContent = message.data;
    document.getElementById("said").append(line);
  };
  socket.onclose = (end) => { state.value = "closed: " + end.code + " " + end.reason; };
  form.onsubmit = (event) => {
    event.preventDefault();
    if (form.words.value && socket.readyState === WebSocket.OPEN) say(form.words.value);
    form.words.value = "";
  };
</script>
</html>
"""
