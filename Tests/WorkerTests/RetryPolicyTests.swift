import CeleryCore
import Tasks
import Testing
import Wire
@testable import Worker

@Suite struct RetryPolicyTests {
    private func message(retries: Int = 0, _ headers: JSONObject = [:]) -> Message {
        var message = Message(task: "t", body: BodyCodec.encode(TaskArguments()))
        message.retries = retries
        message.headers = headers
        return message
    }

    @Test func `a task may ask as often as its options say`() {
        let options = TaskOptions(maxRetries: 2)
        #expect([0, 1, 2, 3].map { RetryPolicy.mayRetry(message(retries: $0), options) } == [true, true, false, false])
        #expect(!RetryPolicy.mayRetry(message(), TaskOptions(maxRetries: 0)))
        #expect(RetryPolicy.mayRetry(message(retries: 1_000_000), TaskOptions(maxRetries: nil)))
    }

    @Test func `the message may say otherwise`() {
        let options = TaskOptions(maxRetries: 2, retryDelay: .seconds(9))
        #expect(RetryPolicy.mayRetry(message(retries: 4, ["max_retries": 5]), options))
        #expect(!RetryPolicy.mayRetry(message(retries: 0, ["max_retries": 0]), options))
        // What is no number is not heard.
        #expect(RetryPolicy.limit(for: message(["max_retries": "many"]), options) == 2)
        #expect(RetryPolicy.delay(for: message(), options) == 9)
        #expect(RetryPolicy.delay(for: message(["retry_delay": 0.5]), options) == 0.5)
        #expect(RetryPolicy.delay(for: message(["retry_delay": 3]), options) == 3)
        #expect(RetryPolicy.delay(for: message(["retry_delay": nil]), options) == 9)
    }

    @Test func `a delay that no clock can be asked for is the nearest that one can`() {
        let options = TaskOptions()
        for (delay, expected) in [(1e300, 1e9), (-1e300, 0), (.infinity, 1e9), (.nan, 0)] as [(Double, Double)] {
            #expect(RetryPolicy.delay(for: message(["retry_delay": .double(delay)]), options) == expected)
            #expect(RetryPolicy.next(message(), delay: delay, now: Timestamp(seconds: 100)).eta == Timestamp(seconds: 100 + expected))
        }
    }

    @Test func `the next try is the same message, later`() {
        let first = message(retries: 3, ["x": 1])
        var expected = first
        expected.retries = 4
        expected.eta = Timestamp(seconds: 107.5)
        #expect(RetryPolicy.next(first, delay: 7.5, now: Timestamp(seconds: 100)) == expected)
    }

    @Test func `the next try is for the queue of the first alone`() {
        var first = message()
        first.route = Route(queue: "left", exchange: "news", routingKey: "any")
        #expect(RetryPolicy.next(first, delay: 1, now: .now).route == Route(queue: "left"))
    }
}

@Suite struct PrefetchTests {
    @Test func `holds one for each child at first`() {
        #expect(Prefetch(children: 3, fixed: 0).limit == 3)
        #expect(Prefetch(children: 3, fixed: 5).limit == 8)
    }

    @Test func `holds more while tasks are short, within bounds`() {
        var prefetch = Prefetch(children: 2, fixed: 0)
        prefetch.note(duration: 0.002)
        // 16 ms of work for each child.
        #expect(prefetch.limit == 16)
        for _ in 0..<200 { prefetch.note(duration: 0) }
        #expect(prefetch.limit == 320)
        // It asks for more when a quarter of that is free.
        #expect(prefetch.step == 80)
        #expect(Prefetch(children: 2, fixed: 0).step == 1)
        var slow = Prefetch(children: 2, fixed: 0)
        slow.note(duration: 5)
        #expect(slow.limit == 2)
    }

    @Test func `a slow task brings it back to one`() {
        var prefetch = Prefetch(children: 2, fixed: 0)
        for _ in 0..<100 { prefetch.note(duration: 0.0001) }
        #expect(prefetch.limit > 50)
        prefetch.note(duration: 3_600)
        #expect(prefetch.limit == 2)
        // It takes a while of short ones to trust them again.
        prefetch.note(duration: 0.0001)
        #expect(prefetch.limit == 2)
        for _ in 0..<100 { prefetch.note(duration: 0.0001) }
        #expect(prefetch.limit > 50)
    }

    @Test func `holds no more than runs while all children are busy with something slow`() {
        for fixed in [0, 10] {
            var prefetch = Prefetch(children: 2, fixed: fixed)
            for _ in 0..<50 { prefetch.note(duration: 0.0001) }
            prefetch.noteCongestion()
            #expect(prefetch.limit == 2)
            prefetch.note(duration: 0.0001)
            #expect(prefetch.limit == 2 + fixed)
        }
    }

    @Test func `follows the number of children`() {
        var prefetch = Prefetch(children: 1, fixed: 0)
        prefetch.children = 7
        #expect(prefetch.limit == 7)
    }
}

@Suite struct BackoffTests {
    @Test func `waits longer each time, up to a bound, never the same`() {
        var backoff = Backoff()
        let waits = (0..<100).map { _ in backoff.next().inSeconds }
        for (number, wait) in waits.enumerated() {
            let full = min(5, 0.1 * Double(1 << min(number, 20)))
            #expect(wait >= full / 2 && wait <= full)
        }
        #expect(Set(waits).count > 90)
        backoff.reset()
        #expect(backoff.next() <= .milliseconds(100))
    }
}
