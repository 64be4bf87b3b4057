"""Makes things wrong and right again: what can be said (``grammar``), and each kind in its file (``kinds``)."""
