"""Steers the DNS and the scripted SMTP host, over their HTTP APIs."""
