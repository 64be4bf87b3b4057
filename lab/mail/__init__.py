"""Hands a message over, follows it through the logs, and reads it where it ended."""
