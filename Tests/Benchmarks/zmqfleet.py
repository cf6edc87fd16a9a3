"""The way into the benchmarks of `celery broker`; see `run-zmq`."""

import benchmarks
from zmqbroker import ZMQBench

if __name__ == "__main__":
    benchmarks.run(benchmarks.ZMQ, "run-zmq", ZMQBench)
