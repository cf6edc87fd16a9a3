package import CeleryCore

/// Whether and when one execution is followed by another: made by the worker of what message and task say,
/// carried out by the child that runs it.
package struct RetryPlan: Sendable, Equatable {
    /// Whether a retry is left.
    package var isLeft = false
    /// Seconds before the next try, or before the first one when they grow.
    package var delay = 0.0
    package var growth: Growth?
    /// No try begins after this time.
    package var until: Timestamp?
    /// What the task may fail of and be tried again without asking.
    package var causes: [RetryCause] = []

    /// How the wait grows from retry to retry.
    package struct Growth: Sendable, Equatable {
        /// Seconds it grows to at most.
        package var maximum: Double
        /// Whether it is a random part of that.
        package var isJittered: Bool
        /// Retries there were before.
        package var retries: Int
    }

    package init(isLeft: Bool = false, delay: Double = 0) {
        self.isLeft = isLeft
        self.delay = delay
    }

    /// Seconds to wait when the task does not say.
    ///
    /// Celery's `get_exponential_backoff_interval`: `min(maximum, factor * 2 ** retries)`, and with full jitter any
    /// time from none to that. There it is whole seconds, here it is not.
    ///
    /// - Parameter random: a number from 0 to 1; asked for only when it is needed.
    package func wait(random: () -> Double) -> Double {
        guard let growth else { return delay }
        // 2 ** 1023 is the largest that there is; the maximum is reached long before.
        let full = min(growth.maximum, delay * Self.powerOfTwo(min(max(0, growth.retries), 1_000)))
        return max(0, growth.isJittered ? full * random() : full)
    }

    /// Whether a try may follow after so many seconds.
    package func allows(_ delay: Double, now: Timestamp) -> Bool {
        isLeft && (until.map { now.seconds + max(0, delay.possibleSeconds) <= $0.seconds } ?? true)
    }

    /// Whether a failure may be tried again without being asked for.
    package func takes(_ failure: TaskFailure) -> Bool { causes.contains { $0.matches(failure) } }

    /// Decides whether a task that failed is tried again without having asked for it.
    ///
    /// - Parameter random: a number from 0 to 1; asked for only when it is needed.
    /// - Returns: Seconds until the next try; `nil` when it has failed for good.
    package func delay(after failure: TaskFailure, now: Timestamp, random: () -> Double) -> Double? {
        guard takes(failure) else { return nil }
        return delay(asked: nil, now: now, random: random)
    }

    /// Decides whether a task that asked for another try gets one.
    ///
    /// - Parameter asked: Seconds it wants to wait; `nil` leaves that to its options.
    /// - Returns: Seconds until the next try; `nil` when it has failed for good.
    package func delay(asked: Double?, now: Timestamp, random: () -> Double) -> Double? {
        guard isLeft else { return nil }
        let delay = asked ?? wait(random: random)
        return allows(delay, now: now) ? delay : nil
    }

    private static func powerOfTwo(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }
}

extension RetryPlan {
    func write(to writer: inout ByteWriter) {
        writer.write(isLeft)
        writer.write(delay)
        writer.write(growth) { writer, growth in
            writer.write(growth.maximum)
            writer.write(growth.isJittered)
            writer.write(growth.retries)
        }
        writer.write(until?.seconds)
        writer.write(causes.count)
        for cause in causes { writer.write(cause.word) }
    }

    init(from reader: inout ByteReader) throws(FrameError) {
        isLeft = try reader.readBool()
        delay = try reader.readDouble()
        growth = try reader.readOptional { (reader) throws(FrameError) in
            Growth(maximum: try reader.readDouble(), isJittered: try reader.readBool(), retries: try reader.readInt())
        }
        until = try reader.readOptional { (reader) throws(FrameError) in Timestamp(seconds: try reader.readDouble()) }
        for _ in 0..<(try reader.readCount()) {
            guard let cause = RetryCause(try reader.readString()) else { throw FrameError() }
            causes.append(cause)
        }
    }
}
