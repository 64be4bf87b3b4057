"""Postfix's rules: what a host with these settings does with a message, step by step. Pure."""
