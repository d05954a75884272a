"""The stock of a site as blinded staff see it: totals, codes, valid or not valid."""
