"""What the report works out from results, attempts and metrics: pure functions, each with a computable definition.

The definitions stand in each module and, side by side, in docs/analyses.md. The questions are those of
Qi et al. 2024, arXiv:2411.02337v1, section 3; the paper asks them in words and shows the answers as figures only.
"""
