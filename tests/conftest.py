"""How every test runs."""

import signal

from hypothesis import HealthCheck, settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As a shell starts what it puts in the background: a gateway would heed that, and so not drain.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Time limits an example would fail on a busy machine, and tell nothing of the code.
settings.register_profile(
    "gateway", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("gateway")
