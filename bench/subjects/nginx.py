"""nginx, one worker process."""

from .contract import Subject
from .packages import first_line, missing_program, number_in, program

SUBJECT = Subject(
    name="nginx",
    about="nginx, one worker",
    command=(program("nginx") or "nginx", "-p", "@FOLDER@", "-c", "@FOLDER@/nginx.conf"),
    version=lambda: number_in(first_line(program("nginx") or "nginx", "-v")),
    missing=lambda: missing_program("nginx"),
    files=("nginx.conf",),
    limits=True,
    caches=True,
    log="access.log",
)
