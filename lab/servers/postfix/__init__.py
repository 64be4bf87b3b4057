"""Postfix: log lines to events, settings, queues."""
