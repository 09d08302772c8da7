"""What of identity needs cryptography, a network, a clock or a thread. Decides nothing."""
