"""The way into the benchmarks of result stores; see `run-stores`."""

import benchmarks

if __name__ == "__main__":
    benchmarks.run(benchmarks.STORES, "run-stores")
