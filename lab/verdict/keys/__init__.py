"""The keys of an expectation, a module each: what may be written, what it is judged by, how, and its line of help."""
