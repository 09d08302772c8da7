"""The gateway against its peers: `python -m bench`. See README.md."""
