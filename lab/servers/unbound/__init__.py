"""Unbound, a caching resolver: what a host with one has of its own."""
