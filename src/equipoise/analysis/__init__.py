"""The analysis of a trial: estimators, analysis sets, endpoints, the plan, and the report."""
