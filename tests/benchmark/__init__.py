"""The benchmark: one workload a file, each a module with `NAME` and `rows()`."""
