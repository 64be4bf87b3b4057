"""Runs one scenario on a lab: staged, steps taken, observed, judged."""
