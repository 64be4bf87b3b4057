"""The standing hosts of a lab: brought up and down, looked at, asked whether they are ready."""
