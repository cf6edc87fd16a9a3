"""The way into the benchmarks of `celery web` and of HTTP tasks; see `run-web`."""

import benchmarks
from website import WebBench

if __name__ == "__main__":
    benchmarks.run(benchmarks.WEB, "run-web", WebBench)
