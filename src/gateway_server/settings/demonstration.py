"""What is served where no configuration is found: equal to the gateway.toml of the repository."""

from typing import Final

DEMONSTRATION: Final = """\
# The demonstration: what `gateway demo` serves, and what is served where no
# configuration is found. Copy this file and change it: `gateway check` tells what
# is wrong with it, `gateway routes` shows what it does, and docs/configuration.md
# lists every key with its default.
#
# Two words are all there is to know. An upstream is a service behind the gateway,
# and where to find it. A route says which requests go to which upstream.

[gateway]
bind = "127.0.0.1:8000"        # where `gateway run` listens
max_request_body = "64MiB"     # larger requests are refused with 413
drain_timeout = "30s"          # at the end, requests in flight may take this long

# --- Services ---------------------------------------------------------------

[upstreams.service-a]
endpoints = ["http://127.0.0.1:8001"]
connect_timeout = "2s"         # then 504
response_timeout = "15s"       # until the answer begins; then 504
breaker = { open_for = "10s" } # after 5 failures in a row it is left alone; then 503 at once

[upstreams.service-b]
endpoints = ["http://127.0.0.1:8002"]

[upstreams.products]
endpoints = ["http://127.0.0.1:8003"]

[upstreams.prices]
endpoints = ["http://127.0.0.1:8004"]

# These two answer 403 to whoever does not show the gateway's secret. Clients cannot: what
# they send under that name is removed.
[upstreams.users]
endpoints = ["http://127.0.0.1:8005"]
openapi = "/openapi.json"      # what it says of itself is told at /openapi.json and /docs
secret = { header = "X-Gateway-Secret", value = "${GATEWAY_SECRET:-change-me}" }

[upstreams.orders]
endpoints = ["http://127.0.0.1:8006"]
openapi = "/openapi.json"
secret = { header = "X-Gateway-Secret", value = "${GATEWAY_SECRET:-change-me}" }

[upstreams.uploads]
endpoints = ["http://127.0.0.1:8007"]
openapi = "/openapi.json"

# --- Limits -----------------------------------------------------------------

# At most ten requests of one client in any 60 seconds; more are answered 429, with the
# time to come again. Every answer tells what is left (RateLimit).
[limits.per-client]
rate = "10/60s"
key = "client"                 # the address; behind a proxy, see gateway.trusted_proxies

# --- Who may call -----------------------------------------------------------

# Whoever shows the key is "demo" to the services: X-Consumer-ID tells them. The key itself
# stays here. `gateway keys new` makes keys, of which only a digest need be kept.
[auth.clients]
kind = "api-key"
header = "X-API-Key"
keys = [{ id = "demo", value = "${DEMO_API_KEY:-my-secret-key}", scopes = ["read"] }]

# Users sign in at /token, and show the token that they get; /users/me tells who one is.
[auth.members]
kind = "password"
secret = "${GATEWAY_TOKEN_SECRET:-change-me-too-as-soon-as-others-call}"

[[auth.members.users]]
name = "demo"                  # its password is "demo"; `gateway keys password` makes others
password = "$argon2id$v=19$m=65536,t=3,p=4$OVY08itX8kWq+9XWR7UZrQ$el5h12xVU3SUumSEVFKD09+r5F6qrrYUtnYo53s2/O8"
scopes = ["read"]

# --- Routes -----------------------------------------------------------------

# /service-a/items/1 asks the service for /items/1.
[[routes]]
name = "service-a"
prefix = "/service-a"          # this path and all below it, but not /service-ab
upstream = "service-a"
strip_prefix = true            # the service knows nothing of the prefix
limits = ["per-client"]
cache = { ttl = "30s" }          # answers to GET are kept for so long, unless the service says otherwise

# WebSockets are relayed on every route; this one bounds them. /service-b/ws says
# everything back, /service-b/chat is a page for browsers.
[[routes]]
name = "service-b"
prefix = "/service-b"
upstream = "service-b"
strip_prefix = true
websocket = { max_message = "1MiB", idle_timeout = "5m", messages = "100/1s" }

# Without strip_prefix the service is asked for the very path that the client asked for.
[[routes]]
name = "products"
prefix = "/products"
upstream = "products"

[[routes]]
name = "prices"
prefix = "/prices"
upstream = "prices"

# One answer out of many: the product and its price are asked at once. Without the price
# there is an answer still, and `X-Gateway-Completed: false` on it; without the product
# there is none.
[[routes]]
name = "product-detail"
path = "/produto/{id}"
methods = ["GET"]
[routes.compose]
deadline = "2s"
parts.produto = { upstream = "products", path = "/produtos/{id}", required = true }
parts.preco = { upstream = "prices", path = "/precos/{id}", required = false, default = { valor = 0 } }
body = { id = "produto.id", nome = "produto.nome", descricao = "produto.descricao", preco = "preco.valor" }

# Without a key or a token: 401, and the service hears nothing of it.
[[routes]]
name = "users"
prefix = "/users"
upstream = "users"
auth = ["clients", "members"]
scopes = ["read"]

[[routes]]
name = "orders"
prefix = "/orders"
upstream = "orders"
auth = ["clients", "members"]
scopes = ["read"]

# Bodies are streamed, never held: large files need a larger bound, not more memory.
[[routes]]
name = "uploads"
prefix = "/uploads"
upstream = "uploads"
max_request_body = "8GiB"
"""
