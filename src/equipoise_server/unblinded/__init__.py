"""The second web process: pharmacy, unblinded monitor, emergency reveal, safety board.

It has a port, a cookie, a log and a database role of its own. It reaches the allocator's other
door, where each person proves who they are; what it is told it shows, and keeps nowhere.
"""
