"""How every test runs."""

from hypothesis import HealthCheck, settings

# Time limits an example would fail on a busy machine, and tell nothing of the code.
settings.register_profile(
    "gateway", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("gateway")
