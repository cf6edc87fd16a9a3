"""The way into the benchmarks on Redis; see `run-redis`."""

import benchmarks
from redisbroker import RedisBench

if __name__ == "__main__":
    benchmarks.run(benchmarks.REDIS, "run-redis", RedisBench)
