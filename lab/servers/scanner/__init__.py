"""The lab's port scanner."""
