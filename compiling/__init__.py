"""The gateway, compiled: the same sources, as C extensions made by mypyc. See docs/how-to/compile-the-core.md."""
