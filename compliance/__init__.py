"""Judged by others: the Autobahn|Testsuite through the gateway. `python -m compliance`."""
