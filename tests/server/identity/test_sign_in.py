"""The pages of signing in, in virtual time, without a socket."""

import json
from typing import Any

import pytest
import trio
from starlette.requests import Request

from gateway_core.exchange import failure_limit
from gateway_core.identifying import Guard
from gateway_server.downstream import request_head
from gateway_server.identity.contract import NOBODY_ASKS
from gateway_server.identity.passwords import Users
from gateway_server.identity.sign_in import FORM_TIMEOUT_SECONDS, Access, SignIn, TokenMaker
from tests.core.describing.services import TOKENS


def pages() -> SignIn:
    maker = TokenMaker(b"s" * 32, "gateway", "gateway", 60)
    access = Access(Guard((TOKENS,)), NOBODY_ASKS, failure_limit())
    return SignIn(
        Users({}), maker, access, lambda asked: request_head(asked.scope), lambda _: "::1"
    )


def form(receive: Any) -> Request:
    fields = [(b"content-type", b"application/x-www-form-urlencoded")]
    return Request({"type": "http", "method": "POST", "headers": fields}, receive)


@pytest.mark.parametrize("pieces", [0, 1, 3])
async def test_a_form_that_stops_coming_is_not_waited_for(
    autojump_clock: trio.testing.MockClock, pieces: int
) -> None:
    come = [{"type": "http.request", "body": b"username=a", "more_body": True}] * pieces

    async def receive() -> Any:
        if come:
            return come.pop()
        return await trio.sleep_forever()

    began = trio.current_time()
    answer = await pages().token(form(receive))
    assert answer.status_code == 408
    assert json.loads(bytes(answer.body))["type"] == "urn:gateway-problem:client-body-timeout"
    assert trio.current_time() - began == pytest.approx(FORM_TIMEOUT_SECONDS)


async def test_a_form_that_comes_slowly_has_as_long_as_all_of_it_may_take(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def receive() -> Any:
        await trio.sleep(FORM_TIMEOUT_SECONDS / 4)
        return {"type": "http.request", "body": b"a=&", "more_body": True}

    began = trio.current_time()
    assert (await pages().token(form(receive))).status_code == 408
    assert trio.current_time() - began == pytest.approx(FORM_TIMEOUT_SECONDS)
