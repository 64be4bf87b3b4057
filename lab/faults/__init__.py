"""Makes things wrong and right again.

``reader`` makes values of what is said: ``kinds`` has each fault of a host as a whole, ``reply`` what an MX is told to
answer. ``for_a_test`` and ``standing`` (the command line's record) put them in force, ``heal`` puts back what is left.
"""
