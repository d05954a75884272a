"""What pages read. A query returns frozen values, never a model, and writes nothing.

`cut` asks for the state as it was at an instant: what was written later is left out. None
asks for the newest state, which is cheaper. Only demonstrations ask for the past.
"""
