"""
What the package costs, measured beside its peers and the physical limit.

`python -m benchmarks` runs everything, `python -m benchmarks.<name>` one script.
They inform: the exit code is 0 even where a target is missed, unless `--strict` asks
for 1.
"""
