"""Kernels that simulate whole trials: compiled where Numba is installed, NumPy otherwise.

Both read the same counter-based numbers and give the same tables, integer for integer.
"""
