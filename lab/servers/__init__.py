"""One folder for each server software: its log, its settings, its queue; and hosts that a test brings along.

A ``log`` module makes events of lines: ``parse(host, at, line) -> Event | None``.
"""
