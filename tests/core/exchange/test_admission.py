"""What a request passes before anything is done for it, and in which order."""

import dataclasses

import pytest

from gateway_core.clock import Instant, seconds
from gateway_core.composing import Document, field_template
from gateway_core.exchange import (
    Admission,
    Door,
    Doubtful,
    Policies,
    Record,
    TokenRefused,
    TokenVerified,
    admit,
    admit_told,
)
from gateway_core.forwarding import ForwardingRules, find_client
from gateway_core.forwarding.trust import parse_trusted
from gateway_core.identifying import ApiKey, ApiKeys, Caller, Guard, KeyRing, digest_of
from gateway_core.limiting import (
    ByConsumer,
    Limit,
    Limits,
    Outcome,
    PerKey,
    Rate,
    SlidingWindow,
    Told,
)
from gateway_core.message import RequestHead, ResponseHead, value
from gateway_core.refusal import Refusal
from gateway_core.routing import Match, Pattern, Route, Router
from gateway_core.transforming import Transformation
from tests.exchanges import POLICIES, at_once, get, limited_policies, windowed
from tests.guards import APP, FENCE, SHARING, WALL, guarded, with_key, with_token
from tests.tokens import token

CLOSED = Route("closed", Pattern.prefix("/closed"), "service-a", websocket=False, body_max=9)
SOME = dataclasses.replace(POLICIES, router=Router((*POLICIES.router.routes, CLOSED)))
NOW = Instant(3)
HANDSHAKE = (
    (b"sec-websocket-version", b"13"),
    (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
)
LOOP = (b"via", b", ".join([b"1.1 gateway"] * 8))


def judged(head: RequestHead, *, upgrade: bool = False) -> tuple[Admission | Refusal, Record]:
    record = Record()
    return admit(head, "fresh", SOME, record, NOW, upgrade=upgrade), record


def test_an_admission_says_who_asks_and_where_it_leads() -> None:
    admitted, record = judged(get(b"/a/x?q=1"))
    assert isinstance(admitted, Admission)
    assert admitted.client.address == "192.0.2.1"
    assert (admitted.match.route.name, admitted.match.target) == ("a", b"/x?q=1")
    assert (admitted.consumer, admitted.fields) == ("", ())
    assert (record.client, record.request_id, record.started) == ("192.0.2.1", "fresh", NOW)
    assert (record.route, record.upstream, record.status) == ("a", "service-a", 0)


@pytest.mark.parametrize(
    ("head", "upgrade", "reason"),
    [
        pytest.param(get(b"/a/%zz"), False, "bad-target", id="no target"),
        pytest.param(get(b"/nowhere"), False, "no-route", id="no route"),
        pytest.param(get(b"/get", method="PUT"), False, "method-not-allowed", id="method"),
        pytest.param(get(b"*", method="OPTIONS"), False, "server-options", id="9110-9.3.7"),
        pytest.param(
            get(method="OPTIONS", fields=((b"max-forwards", b"0"),)),
            False,
            "server-options",
            id="9110-7.6.2",
        ),
        pytest.param(get(fields=(LOOP,)), False, "loop-detected", id="9110-7.6.3"),
        pytest.param(get(b"/closed"), True, "websocket-refused", id="no sockets here"),
        pytest.param(get(body=101), True, "websocket-version", id="6455-4.2.1"),
        pytest.param(get(body=101), False, "body-too-large", id="9110-15.5.14"),
        pytest.param(get(b"/nowhere", body=101), True, "no-route", id="no route comes first"),
        pytest.param(get(b"/closed", body=10), True, "websocket-refused", id="then the upgrade"),
    ],
)
def test_the_first_reason_against_a_request_is_the_one_it_is_told(
    head: RequestHead, upgrade: bool, reason: str
) -> None:
    refusal, record = judged(head, upgrade=upgrade)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason
    assert (record.client, record.request_id, record.started) == ("192.0.2.1", "fresh", NOW)


@pytest.mark.parametrize("head", [get(b"/a", body=100), get(b"/unbound", body=10**15)])
def test_a_body_within_the_bound_is_admitted(head: RequestHead) -> None:
    admitted, _ = judged(head)
    assert isinstance(admitted, Admission)


def test_a_request_refused_for_its_body_is_logged_with_its_route() -> None:
    refusal, record = judged(get(body=101))
    assert isinstance(refusal, Refusal)
    assert (record.route, record.upstream) == ("a", "service-a")


@pytest.mark.parametrize("upgrade", [False, True], ids=["request", "handshake"])
def test_who_asks_is_whom_a_trusted_proxy_names(upgrade: bool) -> None:
    told = get(fields=((b"x-forwarded-for", b"198.51.100.7"), *HANDSHAKE))
    trusting = dataclasses.replace(SOME, forwarding=ForwardingRules(parse_trusted(["192.0.2.1"])))
    record = Record()
    admitted = admit(told, "fresh", trusting, record, NOW, upgrade=upgrade)
    assert isinstance(admitted, Admission)
    assert (admitted.client.address, record.client) == ("198.51.100.7", "198.51.100.7")
    assert judged(told)[1].client == "192.0.2.1"


# Limits


def ask(policies, head=None, *, at: float = 0, upgrade: bool = False):
    record = Record()
    now = Instant(seconds(at))
    return admit(
        head or get(fields=HANDSHAKE), "fresh", policies, record, now, upgrade=upgrade
    ), record


def test_an_admitted_request_is_told_what_is_left() -> None:
    admitted, record = ask(limited_policies(windowed(10)))
    assert isinstance(admitted, Admission)
    assert admitted.fields == (
        (b"ratelimit-policy", b'"per-client";q=10;w=10'),
        (b"ratelimit", b'"per-client";r=9;t=10'),
    )
    assert record.limits is not None
    assert (record.limits.binding, record.limits.remaining) == ("per-client", 9)


def test_a_request_over_the_limit_is_429_and_is_told_when_to_come_again() -> None:
    policies = limited_policies(windowed(2))
    ask(policies, at=0)
    ask(policies, at=1)
    refusal, record = ask(policies, at=3.5)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.reason, refusal.close) == (429, "limit-exceeded", False)
    assert value(refusal.fields, b"retry-after") == b"7"
    assert value(refusal.fields, b"ratelimit") == b'"per-client";r=0;t=7'
    assert record.limits is not None
    assert record.limits.outcome is Outcome.REFUSED
    assert isinstance(ask(policies, at=10.4)[0], Admission)


@pytest.mark.parametrize(
    ("head", "upgrade"),
    [
        (get(b"/a/%zz"), False),
        (get(b"/a", method="OPTIONS", fields=((b"max-forwards", b"0"),)), False),
        (get(fields=(LOOP,)), False),
        (get(body=101), False),
        (get(body=101), True),
    ],
)
def test_a_request_refused_for_another_reason_takes_nothing(
    head: RequestHead, upgrade: bool
) -> None:
    limit = windowed(1)
    refusal, record = ask(limited_policies(limit), head, upgrade=upgrade)
    assert isinstance(refusal, Refusal)
    assert len(limit.limiter) == 0  # type: ignore[arg-type]
    assert record.limits is None


def test_a_handshake_is_limited_as_a_request_is() -> None:
    policies = limited_policies(windowed(1))
    assert isinstance(ask(policies, upgrade=True)[0], Admission)
    for upgrade in (True, False):
        refusal, _ = ask(policies, upgrade=upgrade)
        assert isinstance(refusal, Refusal)
        assert refusal.status == 429


def test_two_clients_behind_a_trusted_proxy_have_two_budgets() -> None:
    trusting = ForwardingRules(parse_trusted(["192.0.2.1"]))
    policies = dataclasses.replace(limited_policies(windowed(1)), forwarding=trusting)
    one, other = (
        get(fields=((b"x-forwarded-for", address),))
        for address in (b"198.51.100.7", b"2001:db8::1")
    )
    neighbour = get(fields=((b"x-forwarded-for", b"2001:db8::2"),))
    verdicts = [ask(policies, head)[0] for head in (one, other, one, neighbour)]
    assert [isinstance(verdict, Admission) for verdict in verdicts] == [True, True, False, False]


def test_a_stranger_who_forges_its_address_gets_no_second_budget() -> None:
    policies = limited_policies(windowed(1))
    forged = [
        get(fields=((name, value),))
        for name, value in (
            (b"x-forwarded-for", b"198.51.100.7"),
            (b"x-forwarded-for", b"198.51.100.8"),
            (b"forwarded", b"for=198.51.100.9"),
            (b"x-real-ip", b"198.51.100.10"),
        )
    ]
    verdicts = [ask(policies, head)[0] for head in forged]
    assert [isinstance(verdict, Admission) for verdict in verdicts] == [True, False, False, False]


def test_what_is_held_is_given_back_once() -> None:
    policies = limited_policies(at_once(1))
    admitted, _ = ask(policies)
    assert isinstance(admitted, Admission)
    assert isinstance(ask(policies)[0], Refusal)
    admitted.release()
    admitted.release()
    assert isinstance(ask(policies)[0], Admission)


def test_a_limiter_that_can_count_no_further_client_is_the_gateway_s_shortage() -> None:
    limit = dataclasses.replace(
        windowed(), limiter=PerKey(SlidingWindow(Rate(1, seconds(10))), keys_max=1)
    )
    policies = limited_policies(limit)
    ask(policies)
    refusal, record = ask(policies, dataclasses.replace(get(), peer="192.0.2.9"), at=1)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.reason) == (503, "limiter-full")
    assert value(refusal.fields, b"retry-after") == b"9"
    assert record.limits is not None
    assert record.limits.outcome is Outcome.FULL


def test_a_route_without_limits_is_not_limited() -> None:
    admitted, record = ask(limited_policies(windowed(1)), get(b"/unbound"))
    assert isinstance(admitted, Admission)
    assert (admitted.fields, record.limits) == ((), None)


THEIRS = ResponseHead(
    200, ((b"ratelimit", b'"up";r=1'), (b"x-ratelimit-limit", b"5"), (b"server", b"x")), 3
)


def test_limits_of_the_upstream_stay_beside_ours() -> None:
    admitted, _ = ask(limited_policies(windowed(2)))
    assert isinstance(admitted, Admission)
    head = admitted.told_on(THEIRS)
    assert head.fields == THEIRS.fields + admitted.fields
    assert (head.status, head.body) == (200, 3)


def test_fields_of_one_value_are_ours_where_both_have_them() -> None:
    admitted, _ = ask(limited_policies(windowed(2, told=frozenset(Told))))
    assert isinstance(admitted, Admission)
    fields = admitted.told_on(THEIRS).fields
    assert [line for line in fields if line[0] == b"x-ratelimit-limit"] == [
        (b"x-ratelimit-limit", b"2")
    ]
    assert (b"ratelimit", b'"up";r=1') in fields


def test_an_answer_that_nothing_is_told_on_is_the_upstream_s() -> None:
    admitted, _ = ask(POLICIES)
    assert isinstance(admitted, Admission)
    assert admitted.told_on(THEIRS) is THEIRS


# Doors


def entered(
    head: RequestHead, policies: Policies | None = None, *, upgrade: bool = False
) -> Admission | Doubtful | Refusal:
    policies = policies or guarded()
    return admit(head, "fresh", policies, Record(), NOW, wall=WALL, upgrade=upgrade)


def from_outside(head: RequestHead) -> RequestHead:
    return dataclasses.replace(head, peer="198.51.100.7")


ORIGIN = (b"origin", APP)
PREFLIGHT = get(method="OPTIONS", fields=(ORIGIN, (b"access-control-request-method", b"PUT")))


def test_a_caller_is_told_to_the_upstream_and_its_key_is_not() -> None:
    admitted = entered(with_key())
    assert isinstance(admitted, Admission)
    assert (admitted.consumer, admitted.drops) == ("ada", {b"x-api-key"})
    assert admitted.told == ((b"x-consumer-id", b"ada"), (b"x-consumer-scopes", b"read write"))


def test_a_key_in_the_query_is_taken_out_of_what_is_asked_for() -> None:
    admitted = entered(get(b"/a/x?key=k&b=1"))
    assert isinstance(admitted, Admission)
    assert admitted.match.target == b"/x?b=1"


def test_an_uncertain_caller_is_asked_about_and_goes_on_where_it_stood() -> None:
    policies = guarded()
    doubtful = entered(with_token(token()), policies)
    assert isinstance(doubtful, Doubtful)
    record = Record()
    admitted = admit_told(doubtful, TokenVerified(), policies, record, NOW)
    assert isinstance(admitted, Admission)
    assert (admitted.consumer, record.consumer) == ("ada", "ada")
    refused = admit_told(doubtful, TokenRefused("no"), policies, record, NOW)
    assert isinstance(refused, Refusal)
    assert refused.status == 401


def test_limits_come_after_identity_and_know_the_consumer() -> None:
    limit = Limit("each", PerKey(SlidingWindow(Rate(1, seconds(9)))), (ByConsumer(),))
    policies = dataclasses.replace(guarded(), limits={"a": Limits((limit,))})
    assert isinstance(entered(get(), policies), Refusal)
    assert isinstance(entered(with_key(), policies), Admission)
    refusal = entered(with_key(), policies)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 429
    assert value(refusal.fields, b"x-content-type-options") == b"nosniff"


@pytest.mark.parametrize(
    ("head", "upgrade", "status"),
    [
        pytest.param(from_outside(with_key()), False, 403, id="an address that is not served"),
        pytest.param(from_outside(get(body=101)), False, 403, id="the address before the body"),
        pytest.param(with_key(body=101), False, 413, id="the body before the key"),
        pytest.param(with_key(b"wrong"), False, 401, id="a wrong key"),
        pytest.param(with_key(b"wrong"), True, 401, id="a wrong key in a handshake"),
    ],
)
def test_the_door_refuses_in_its_order_and_tells_browsers(
    head: RequestHead, upgrade: bool, status: int
) -> None:
    handshake = (
        (b"sec-websocket-version", b"13"),
        (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    )
    head = dataclasses.replace(head, fields=(*head.fields, ORIGIN, *handshake))
    refusal = entered(head, upgrade=upgrade)
    assert isinstance(refusal, Refusal)
    assert refusal.status == status
    assert value(refusal.fields, b"access-control-allow-origin") == APP
    assert value(refusal.fields, b"x-content-type-options") == b"nosniff"


def test_a_preflight_is_answered_before_anybody_is_asked() -> None:
    answer = entered(PREFLIGHT)
    assert isinstance(answer, Refusal)
    assert (answer.status, answer.reason) == (204, "preflight")
    assert value(answer.fields, b"access-control-allow-origin") == APP


def test_a_preflight_is_about_the_route_of_the_request_to_come() -> None:
    shared = Door(sharing=SHARING)
    policies = dataclasses.replace(guarded(), doors={"get-only": shared})
    asked = dataclasses.replace(PREFLIGHT, target=b"/get")
    for method, status in ((b"GET", 204), (b"PUT", 405)):
        fields = (ORIGIN, (b"access-control-request-method", method))
        answer = entered(dataclasses.replace(asked, fields=fields), policies)
        assert isinstance(answer, Refusal)
        assert answer.status == status


def test_a_preflight_of_an_address_that_is_not_served_is_not_answered() -> None:
    refusal = entered(from_outside(PREFLIGHT))
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "address-refused"


def test_a_preflight_of_a_route_that_shares_nothing_goes_its_way() -> None:
    assert isinstance(entered(PREFLIGHT, guarded(Door(fence=FENCE))), Admission)


def test_what_an_upstream_says_of_sharing_is_taken_off() -> None:
    admitted = entered(with_key())
    assert isinstance(admitted, Admission)
    theirs = ResponseHead(200, ((b"access-control-allow-origin", b"*"), (b"x-a", b"1")))
    assert value(admitted.told_on(theirs).fields, b"access-control-allow-origin") is None
    bare = Admission(admitted.client, admitted.match, replaces=frozenset({b"x-a"}))
    assert bare.told_on(theirs).fields == theirs.fields[:1]


def borne(policies: Policies, *limits: Limit) -> Policies:
    """The guarded gateway, where the key of "bob" bears limits beside those of route "a"."""
    bob = ApiKey(digest_of("bobs"), Caller("bob", limits=tuple(limit.name for limit in limits)))
    ring = KeyRing((ApiKey(digest_of("k"), Caller("ada")), bob))
    mine = policies.limits["a"].limits if "a" in policies.limits else ()
    return dataclasses.replace(
        policies,
        doors={"a": Door(Guard((ApiKeys("keys", ring),)))},
        borne_limits={("a", bob.caller.limits): Limits((*mine, *limits))},
    )


def test_a_key_that_bears_limits_stands_under_them_and_no_other_does() -> None:
    policies = borne(POLICIES, windowed(1, "gold"))
    record = Record()
    told = [admit(with_key(b"bobs"), "", policies, record, NOW, wall=WALL) for _ in range(2)]
    assert isinstance(told[0], Admission)
    assert isinstance(told[1], Refusal)
    assert (told[1].status, told[1].reason) == (429, "limit-exceeded")
    assert record.limits is not None
    assert record.limits.binding == "gold"
    for _ in range(3):
        assert isinstance(admit(with_key(), "", policies, record, NOW, wall=WALL), Admission)


def test_the_routes_limits_and_the_keys_take_together_or_not_at_all() -> None:
    mine, gold = windowed(3), windowed(1, "gold")
    policies = borne(limited_policies(mine), gold)
    assert isinstance(admit(with_key(b"bobs"), "", policies, Record(), NOW, wall=WALL), Admission)
    for _ in range(5):
        refusal = admit(with_key(b"bobs"), "", policies, Record(), NOW, wall=WALL)
        assert isinstance(refusal, Refusal)
    assert mine.limiter.judge("192.0.2.1", NOW).remaining == 1
    assert isinstance(admit(with_key(), "", policies, Record(), NOW, wall=WALL), Admission)


def test_what_a_borne_limit_holds_is_given_back() -> None:
    one = at_once()
    policies = borne(POLICIES, one)
    admitted = admit(with_key(b"bobs"), "", policies, Record(), NOW, wall=WALL)
    assert isinstance(admitted, Admission)
    assert isinstance(admit(with_key(b"bobs"), "", policies, Record(), NOW, wall=WALL), Refusal)
    admitted.release()
    assert isinstance(admit(with_key(b"bobs"), "", policies, Record(), NOW, wall=WALL), Admission)


def test_a_consumer_is_told_from_itself_by_the_claims_that_its_upstream_hears() -> None:
    match = POLICIES.router.match(get())
    assert isinstance(match, Match)
    change = Transformation(((b"x-mail", field_template("{claims.mail}")),))
    policies = dataclasses.replace(POLICIES, transformations={"a": change})

    def seen(claims: dict[str, Document], policies: Policies = policies) -> str:
        admission = Admission(find_client(get(), POLICIES.forwarding), match, claims=claims)
        return admission.seen_as("tokens", policies)

    assert seen({"mail": "a"}) != seen({"mail": "b"})
    assert seen({"mail": "a", "exp": 1}) == seen({"mail": "a", "exp": 2})
    assert seen({}) == seen({"mail": "a"}, POLICIES) == "tokens"
    only_fields = dataclasses.replace(POLICIES, transformations={"a": Transformation()})
    assert seen({"mail": "a"}, only_fields) == "tokens"
