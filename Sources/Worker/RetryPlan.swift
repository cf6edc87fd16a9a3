package import CeleryCore

/// Whether and when one execution is followed by another: made by the worker of what message and task say, and applied by the
/// child that runs it, or by the worker when it killed that child for exceeding a limit.
package struct RetryPlan: Sendable, Equatable {
    /// Whether a retry is left.
    package var isLeft = false
    /// Seconds before the next try; with `growth`, seconds before the first retry.
    package var delay = 0.0
    package var growth: Growth?
    /// No retry starts after this time.
    package var until: Timestamp?
    /// Failures that are retried automatically.
    package var causes: [RetryCause] = []

    /// Exponential backoff.
    package struct Growth: Sendable, Equatable {
        /// Upper limit of the delay in seconds.
        package var maximum: Double
        /// Whether the delay is a random fraction of the computed one.
        package var isJittered: Bool
        /// Number of earlier retries.
        package var retries: Int
    }

    package init(isLeft: Bool = false, delay: Double = 0) {
        self.isLeft = isLeft
        self.delay = delay
    }

    /// Seconds to wait when the task names no delay.
    ///
    /// Celery's `get_exponential_backoff_interval`: `min(maximum, factor * 2 ** retries)`; with full jitter, any
    /// time between zero and that. Celery counts in whole seconds; this function does not.
    ///
    /// - Parameter random: Returns a number from 0 to 1; called only for jitter.
    package func wait(random: () -> Double) -> Double {
        guard let growth else { return delay }
        // 2 ** 1023 is the largest power of two in a Double; the maximum is reached long before.
        let full = min(growth.maximum, delay * Self.powerOfTwo(min(max(0, growth.retries), 1_000)))
        return max(0, growth.isJittered ? full * random() : full)
    }

    /// Whether a retry may follow after `delay` seconds.
    package func allows(_ delay: Double, now: Timestamp) -> Bool {
        isLeft && (until.map { now.seconds + max(0, delay.possibleSeconds) <= $0.seconds } ?? true)
    }

    /// Whether the failure is retried automatically.
    package func takes(_ failure: TaskFailure) -> Bool { causes.contains { $0.matches(failure) } }

    /// Decides whether a failed task is retried automatically.
    ///
    /// - Parameter random: Returns a number from 0 to 1; called only for jitter.
    /// - Returns: Seconds until the retry; `nil` when the task has failed for good.
    package func delay(after failure: TaskFailure, now: Timestamp, random: () -> Double) -> Double? {
        guard takes(failure) else { return nil }
        return delay(asked: nil, now: now, random: random)
    }

    /// Decides whether a task that requested a retry gets one.
    ///
    /// - Parameter asked: The requested delay in seconds; `nil` uses the task's options.
    /// - Returns: Seconds until the retry; `nil` when the task has failed for good.
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
