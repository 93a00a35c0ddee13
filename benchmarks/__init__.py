"""Benchmarks: what a run costs, measured side by side, never asserted. `make bench`, or
`python -m benchmarks NAME …` for some of them. Figures of a noisy machine are ratios and medians."""
