"""Who holds what and who changed what, in files that survive kill -9."""
