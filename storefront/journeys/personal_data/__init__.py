"""What the shop knows of a person: handed out, and forgotten where no law keeps it.

- ``register``: every table that holds something of a person, how one gets from them to its rows, what becomes of it
- ``exporting``: all of it as one document
- ``erasing``: the end of an account, or of a guest's traces
"""
