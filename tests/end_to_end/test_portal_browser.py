"""/docs in a real browser: authorise, execute, see what comes."""

from pathlib import Path

import pytest
import trio

from services.users import app
from tests.browser import Tab, browser, needs_chromium
from tests.road import Road, Running

SECRET = app.secrets[0].decode()
PASSWORD = "demo"
HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$OVY08itX8kWq+9XWR7UZrQ"
    "$el5h12xVU3SUumSEVFKD09+r5F6qrrYUtnYo53s2/O8"
)


async def gateway_for(road: Road) -> Running:
    port = await road.application(app)
    return await road.gateway(
        f"""
        [auth.clients]
        kind = "api-key"
        keys = [{{ id = "browser", value = "the-key", scopes = ["read"] }}]
        [auth.members]
        kind = "password"
        secret = "a secret of more than thirty-two bytes"
        users = [{{ name = "demo", password = "{HASH}", scopes = ["read"] }}]
        [upstreams.users]
        endpoints = ["http://127.0.0.1:{port}"]
        secret = {{ value = "{SECRET}" }}
        openapi = "/openapi.json"
        [[routes]]
        name = "users"
        prefix = "/users"
        upstream = "users"
        auth = ["clients", "members"]
        scopes = ["read"]
        """
    )


def operation(path: str) -> str:
    """The block of `GET path`."""
    found = f"""document.querySelector('.opblock-get [data-path="{path}"]')"""
    return f"{found}?.closest('.opblock')"


def within(path: str, what: str) -> str:
    return f"{operation(path)}?.querySelector('{what}')"


async def execute(tab: Tab, path: str) -> tuple[str, str]:
    """Execute `GET path`; return the status and the body that the page shows."""
    shown = within(path, ".live-responses-table")
    if await tab.evaluate(f"!!{shown}"):
        await tab.click(within(path, ".btn-clear"))
        await tab.until(f"!{shown}")
    await tab.click(within(path, ".execute"))
    row = within(path, ".live-responses-table tbody .response-col_status")
    status = await tab.until(f"{row}?.innerText")
    body = await tab.until(f"{within(path, '.live-responses-table')}?.innerText")
    return status.split()[0], body


async def open_operation(tab: Tab, path: str) -> None:
    await tab.click(within(path, ".opblock-summary-control"))
    await tab.click(within(path, ".try-out__btn"))


def form(name: str) -> str:
    """The dialogue's part about one scheme."""
    return (
        "[...document.querySelectorAll('.auth-container')]"
        f".filter(each => each.querySelector('h4')?.innerText.startsWith('{name}')).pop()"
    )


async def press(tab: Tab, name: str, word: str) -> None:
    buttons = f"[...({form(name)}?.querySelectorAll('button') ?? [])]"
    await tab.click(f"{buttons}.find(each => each.innerText === '{word}')")


async def open_dialogue(tab: Tab) -> None:
    await tab.click("document.querySelector('.auth-wrapper .authorize')")


async def close_dialogue(tab: Tab) -> None:
    await tab.click("document.querySelector('.btn-done')")
    await tab.until("!document.querySelector('.dialog-ux')")


@pytest.mark.slow
@needs_chromium
@pytest.mark.parametrize("road", ["own"], indirect=True)
async def test_a_reader_authorises_and_executes_and_nothing_comes_from_elsewhere(
    road: Road, tmp_path: Path
) -> None:
    gateway = await gateway_for(road)
    origin = f"http://127.0.0.1:{gateway.port}"
    async with browser(tmp_path) as tab:
        await tab.go(f"{origin}/docs")
        await open_operation(tab, "/users/{id}")
        status, body = await execute(tab, "/users/{id}")
        assert status == "401"
        assert "urn:gateway-problem:credential-missing" in body

        await open_dialogue(tab)
        await tab.type(f"{form('clients')}?.querySelector('input')", "the-key")
        await press(tab, "clients", "Authorize")
        await tab.until(f"{form('clients')}?.innerText.includes('Authorized')")
        await close_dialogue(tab)
        status, body = await execute(tab, "/users/{id}")
        assert status == "200"
        assert '"name": "Ada"' in body

        await open_dialogue(tab)
        await press(tab, "clients", "Logout")
        await tab.type(f"{form('members')}?.querySelector('#oauth_username')", "demo")
        await tab.type(f"{form('members')}?.querySelector('#oauth_password')", PASSWORD)
        await press(tab, "members", "Authorize")
        await tab.until(f"{form('members')}?.innerText.includes('Authorized')")
        await close_dialogue(tab)
        await open_operation(tab, "/users/me")
        status, body = await execute(tab, "/users/me")
        assert status == "200"
        assert '"name": "demo"' in body
        status, body = await execute(tab, "/users/{id}")
        assert status == "200"

        asked = [url for url in tab.requests if not url.startswith("data:")]
        assert [url for url in asked if not url.startswith(origin)] == []
        statuses = [status for url, status in tab.answers if url == f"{origin}/users/1"]
        assert statuses == [401, 200, 200]
        # What was refused is shown in red by the console, too; nothing else is.
        assert [each for each in tab.complaints if "401" not in each] == []
    logged = [line for line in gateway.lines if line["path"] == "/users/1"]
    assert [line.get("consumer") for line in logged] == [None, "browser", "demo"]
    assert SECRET not in gateway.written.getvalue()


@pytest.mark.slow
@needs_chromium
@pytest.mark.parametrize("road", ["own"], indirect=True)
async def test_a_wrong_password_is_told(road: Road, tmp_path: Path) -> None:
    gateway = await gateway_for(road)
    async with browser(tmp_path) as tab:
        await tab.go(f"http://127.0.0.1:{gateway.port}/docs")
        await open_dialogue(tab)
        await tab.type(f"{form('members')}?.querySelector('#oauth_username')", "demo")
        await tab.type(f"{form('members')}?.querySelector('#oauth_password')", "wrong")
        await press(tab, "members", "Authorize")
        await tab.until(f"{form('members')}?.querySelector('.errors')?.innerText")
        with trio.fail_after(5):
            assert not await tab.evaluate(f"{form('members')}.innerText.includes('Authorized')")
