"""One executable protocol runs a whole randomised trial, and rehearses it first."""
