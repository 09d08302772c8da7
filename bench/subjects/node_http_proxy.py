"""node http-proxy with a keep-alive agent, one process."""

from .contract import Subject
from .packages import NODE, first_line, missing_node_package, node_version

SUBJECT = Subject(
    name="node-http-proxy",
    about="http-proxy on Node with a keep-alive agent",
    command=("node", "@FILES@/node_http_proxy.js"),
    version=lambda: f"{node_version('http-proxy')}, node {first_line('node', '--version')}",
    missing=lambda: missing_node_package("http-proxy"),
    environ={
        "PORT": "@PORT@",
        "SMALL": "@SMALL@",
        "BULK": "@BULK@",
        "NODE_PATH": str(NODE / "node_modules"),
        "NODE_ENV": "production",
    },
    log="access.log",
)
