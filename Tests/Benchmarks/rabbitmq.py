"""The way into the benchmarks on RabbitMQ; see `run-rabbitmq`."""

import benchmarks
from broker import BrokerBench

if __name__ == "__main__":
    benchmarks.run(benchmarks.RABBITMQ, "run-rabbitmq", BrokerBench)
