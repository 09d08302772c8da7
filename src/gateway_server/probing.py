"""Active health checks: a probe for each endpoint, driven beside all requests.

Checks go over connections of their own, so that a service whose every connection is taken
counts as busy, not as ill.
"""

from collections.abc import Mapping
from functools import partial

import structlog

from gateway_core.exchange import CallUpstream, Policies, Stage
from gateway_core.message import UpstreamRequest
from gateway_core.probe import (
    AskHealth,
    Command,
    Event,
    Probe,
    ProbeAnswered,
    ProbeFailed,
    ProbeRules,
    ProbeStarted,
    ProbeStopped,
    ReportHealth,
)
from gateway_core.roster import Roster
from gateway_core.upstream import Endpoint, Upstream

from .drive import Driver
from .request_body import no_body
from .supervision import Supervisor
from .timers import now
from .upstream import CallFailedError, UpstreamClient

_AGENT = (b"user-agent", b"gateway-health-check")

_log = structlog.get_logger("gateway.health")


class HealthChecks:
    """Watches the endpoints of every upstream that is to be checked."""

    def __init__(
        self,
        policies: Policies,
        rules: Mapping[str, ProbeRules],
        clients: Mapping[str, UpstreamClient],
    ) -> None:
        """`clients` are for the checks alone; both by the upstream's name."""
        self._policies = policies
        self._rules = rules
        self._clients = clients

    def start(self, supervisor: Supervisor) -> None:
        """Begin: a task for each endpoint."""
        for name, rules in self._rules.items():
            roster = self._policies.rosters[name]
            for endpoint in roster.upstream.endpoints:
                probe = Probe(rules, self._policies.dice)
                watch = Watch(roster, endpoint, probe, self._clients[name])
                supervisor.start(f"health of {name} at {endpoint.name}", partial(watch.run))

    async def aclose(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()


class Watch:
    """Performs what the probe of one endpoint commands."""

    def __init__(
        self, roster: Roster, endpoint: Endpoint, probe: Probe, client: UpstreamClient
    ) -> None:
        self._roster = roster
        self._endpoint = endpoint
        self._probe = probe
        self._client = client

    async def run(self) -> None:
        """Check for ever; after a failure of ours, go on with what was believed."""
        probe = Probe(self._probe.rules, self._probe.dice)
        probe.well, self._probe = self._probe.well, probe
        driver: Driver[Event, Command] = Driver(probe, self._perform, ProbeStopped())
        await driver.run(ProbeStarted())

    async def _perform(self, command: Command) -> Event | None:
        if isinstance(command, ReportHealth):
            self._report(command)
            return None
        return await self._ask(command, self._roster.upstream)

    def _report(self, command: ReportHealth) -> None:
        self._roster.probed(self._endpoint, now(), well=command.well)
        word = "endpoint is well again" if command.well else "endpoint is ill"
        _log.warning(word, upstream=self._roster.upstream.name, endpoint=self._endpoint.name)

    async def _ask(self, command: AskHealth, upstream: Upstream) -> Event:
        request = UpstreamRequest("GET", command.path, self._endpoint.authority, (_AGENT,))
        call = CallUpstream(upstream, self._endpoint, request)
        try:
            answer = await self._client.call(call, no_body, _ignore)
        except CallFailedError:
            return ProbeFailed()
        answer.drop()
        return ProbeAnswered(answer.head.status)


def _ignore(stage: Stage) -> None:
    """A check has one time-out, whatever stage it is in."""
