"""HAProxy, one thread."""

from .contract import Subject
from .packages import first_line, missing_program, number_in, program

SUBJECT = Subject(
    name="haproxy",
    about="HAProxy, one thread",
    command=(program("haproxy") or "haproxy", "-db", "-f", "@FOLDER@/haproxy.cfg"),
    version=lambda: number_in(first_line(program("haproxy") or "haproxy", "-v")),
    missing=lambda: missing_program("haproxy"),
    files=("haproxy.cfg",),
)
