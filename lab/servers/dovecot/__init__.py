"""Dovecot: log lines to events, settings, Sieve scripts."""
