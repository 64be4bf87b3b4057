"""Log lines to events, one module for each server: ``parse(host, at, line) -> Event | None``."""
