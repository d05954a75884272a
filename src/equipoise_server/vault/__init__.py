"""Who got what. Only the allocator and, after release, the analysis may import this."""
