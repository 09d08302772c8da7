"""The gateway's decisions: pure state machines and policies, free of I/O, clocks and chance."""
