"""The scripted SMTP host: log lines to events."""
