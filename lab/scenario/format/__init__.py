"""The format of a scenario file: reading and checking, without a lab. Pure.

``read.load`` reads files; ``keys`` is the format, from which docs/scenario.schema.json is made.
"""
