"""The lab's DNS: log lines to events."""
