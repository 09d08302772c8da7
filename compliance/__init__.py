"""Public test suites, run against the gateway. None of them is kept here: see README.md."""
