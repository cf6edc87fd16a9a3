import CeleryCore
import Fixtures
import Tasks
import Testing
import Wire
@testable import Worker

@Suite struct RetryPlanTests {
    private func message(retries: Int = 0, _ headers: JSONObject = [:]) -> Message {
        var message = Message(task: "t", body: BodyCodec.encode(TaskArguments()))
        message.retries = retries
        message.headers = headers
        return message
    }

    private func plan(_ message: Message, _ options: TaskOptions = TaskOptions(), received: Double = 1_000) -> RetryPlan {
        RetryPlan(for: message, TaskTerms(options.overridden(by: OptionValues(saidBy: message))), received: Timestamp(seconds: received))
    }

    /// The waits before the retries 1, 2, ... with the longest random part there is.
    private func waits(_ count: Int, _ headers: JSONObject = [:], _ options: TaskOptions, random: Double = 1) -> [Double] {
        (0..<count).map { plan(message(retries: $0, headers), options).wait { random } }
    }

    private func waits(_ count: Int, _ options: TaskOptions, random: Double = 1) -> [Double] {
        waits(count, [:], options, random: random)
    }

    @Test func `a task may ask as often as its options say`() {
        let options = TaskOptions(maxRetries: 2)
        #expect([0, 1, 2, 3].map { plan(message(retries: $0), options).isLeft } == [true, true, false, false])
        #expect(!plan(message(), TaskOptions(maxRetries: 0)).isLeft)
        #expect(plan(message(retries: 1_000_000), TaskOptions(maxRetries: nil)).isLeft)
    }

    @Test func `the message may say otherwise`() {
        let options = TaskOptions(maxRetries: 2, retryDelay: .seconds(9))
        #expect(plan(message(retries: 4, ["max_retries": 5]), options).isLeft)
        #expect(!plan(message(retries: 0, ["max_retries": 0]), options).isLeft)
        // What is no number is not heard.
        #expect([1, 2].map { plan(message(retries: $0, ["max_retries": "many"]), options).isLeft } == [true, false])
        #expect(waits(2, options) == [9, 9])
        #expect(waits(2, ["retry_delay": 0.5], options) == [0.5, 0.5])
        #expect(waits(1, ["retry_delay": 3], options) == [3])
        #expect(waits(1, ["retry_delay": nil], options) == [9])
    }

    @Test func `a delay that no clock can be asked for is the nearest that one can`() {
        for (delay, expected) in [(1e300, 1e9), (-1e300, 0), (.infinity, 1e9), (.nan, 0)] as [(Double, Double)] {
            #expect(waits(1, ["retry_delay": .double(delay)], TaskOptions()) == [expected])
            #expect(RetryPlan.next(message(), delay: delay, now: Timestamp(seconds: 100)).eta == Timestamp(seconds: 100 + expected))
        }
    }

    @Test func `waits double from retry to retry, up to a bound`() {
        let options = TaskOptions(retryDelay: .seconds(9), retryBackoff: .seconds(2), retryBackoffMax: .seconds(30), retryJitter: false)
        #expect(waits(6, options) == [2, 4, 8, 16, 30, 30])
        #expect(plan(message(retries: .max), options).wait { 1 } == 30)
        #expect(plan(message(retries: -5), options).wait { 1 } == 2)
        // As Celery has it where nothing else is said: ten minutes.
        #expect(plan(message(retries: 40), TaskOptions(retryBackoff: .seconds(1))).wait { 1 } == 600)
    }

    @Test func `full jitter waits any part of it, and nothing random is asked for without`() {
        let options = TaskOptions(retryBackoff: .seconds(1))
        #expect(waits(4, options, random: 0.5) == [0.5, 1, 2, 4])
        #expect(waits(4, options, random: 0) == [0, 0, 0, 0])
        var random = SeededGenerator(seed: 7)
        let plan = plan(message(retries: 6), options)
        let drawn = (0..<2_000).map { _ in plan.wait { .random(in: 0...1, using: &random) } }
        #expect(drawn.allSatisfy { 0...64 ~= $0 } && drawn.min()! < 1 && drawn.max()! > 63)
        #expect(abs(drawn.reduce(0, +) / 2_000 - 32) < 2)
        func never() -> Double {
            Issue.record("asked")
            return 0
        }
        #expect(self.plan(message(), TaskOptions(retryDelay: .seconds(3))).wait(random: never) == 3)
        #expect(self.plan(message(), TaskOptions(retryBackoff: .seconds(3), retryJitter: false)).wait(random: never) == 3)
    }

    @Test func `a message's delay is the wait whatever the task says of growing ones, and its backoff grows`() {
        let options = TaskOptions(retryDelay: .seconds(9), retryBackoff: .seconds(1), retryJitter: false)
        #expect(waits(3, ["retry_delay": 5], options) == [5, 5, 5])
        #expect(waits(3, ["retry_backoff": 5], options) == [5, 10, 20])
        #expect(waits(3, ["retry_backoff": 5, "retry_delay": 7], options) == [5, 10, 20])
        #expect(waits(3, ["retry_backoff": true], TaskOptions(retryJitter: false)) == [1, 2, 4])
        #expect(waits(3, ["retry_backoff": 0], options) == [9, 9, 9])
        #expect(waits(3, ["retry_backoff": false], options) == [9, 9, 9])
        #expect(waits(3, ["retry_backoff": 5, "retry_backoff_max": 6, "retry_jitter": true], options, random: 0.5) == [2.5, 3, 3])
    }

    @Test func `no try begins after the end of the tries`() {
        let options = TaskOptions(retryUntil: .seconds(60))
        let first = plan(message(), options)
        #expect(first.until == Timestamp(seconds: 1_060))
        #expect(first.allows(10, now: Timestamp(seconds: 1_050)))
        #expect(!first.allows(10, now: Timestamp(seconds: 1_050.5)))
        #expect(first.allows(-1, now: Timestamp(seconds: 1_060)))
        #expect(plan(message(), TaskOptions()).allows(1e9, now: Timestamp(seconds: 1e9)))
        var none = first
        none.isLeft = false
        #expect(!none.allows(0, now: Timestamp(seconds: 1_000)))
        // From its ETA, if that is later; but the ETA of a retry is none.
        var later = message()
        later.eta = Timestamp(seconds: 2_000)
        #expect(plan(later, options).until == Timestamp(seconds: 2_060))
        later.retries = 1
        #expect(plan(later, options).until == Timestamp(seconds: 1_060))
    }

    @Test func `the message tells the end as a time, or as a length of time`() {
        let options = TaskOptions(retryUntil: .seconds(60))
        #expect(plan(message(retries: 0, ["retry_until": "1970-01-01T00:20:00+00:00"]), options).until == Timestamp(seconds: 1_200))
        #expect(plan(message(retries: 0, ["retry_until": 5]), options).until == Timestamp(seconds: 1_005))
        #expect(plan(message(retries: 0, ["retry_until": "some day"]), options).until == Timestamp(seconds: 1_060))
    }

    @Test func `the next try knows the end of the first`() {
        let options = TaskOptions(retryUntil: .seconds(60))
        let until = plan(message(), options).until
        let next = RetryPlan.next(message(), delay: 1, now: Timestamp(seconds: 1_001), until: until)
        #expect(next.headers["retry_until"] == "1970-01-01T00:17:40+00:00")
        #expect(plan(next, options, received: 1_050).until == until)
    }

    @Test func `what is tried again without asking is named by task or message`() {
        let failure = TaskFailure.exited(status: 7, task: "t")
        #expect(plan(message(), TaskOptions(autoretryFor: [1, 7])).takes(failure))
        #expect(!plan(message(), TaskOptions(autoretryFor: [1])).takes(failure))
        #expect(!plan(message(), TaskOptions()).takes(failure))
        #expect(plan(message(retries: 0, ["autoretry": [7, "SIGTERM"]]), TaskOptions()).takes(failure))
        #expect(!plan(message(retries: 0, ["autoretry": []]), TaskOptions(autoretryFor: [7])).takes(failure))
        #expect(plan(message(retries: 0, ["autoretry": "7"]), TaskOptions(autoretryFor: [7])).takes(failure))
    }

    @Test func `the next try is the same message, later`() {
        let first = message(retries: 3, ["x": 1])
        var expected = first
        expected.retries = 4
        expected.eta = Timestamp(seconds: 107.5)
        #expect(RetryPlan.next(first, delay: 7.5, now: Timestamp(seconds: 100)) == expected)
    }

    @Test func `the next try is for the queue of the first alone`() {
        var first = message()
        first.route = Route(queue: "left", exchange: "news", routingKey: "any")
        #expect(RetryPlan.next(first, delay: 1, now: .now).route == Route(queue: "left"))
    }
}
