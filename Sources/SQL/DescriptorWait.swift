import Glibc

/// Waiting for a descriptor of a C library.
enum DescriptorWait {
    /// Waits until one of the events of poll(2) has come, or an error of the descriptor, which its user will meet. Blocks.
    ///
    /// - Returns: `false` when the deadline has passed before.
    static func poll(_ descriptor: Int32, _ events: Int16, until deadline: ContinuousClock.Instant) -> Bool {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            // Of a signal and of the end of the time it says nothing more than that.
            if Glibc.poll(&entry, 1, left.pollMilliseconds) > 0 { return true }
            if deadline <= .now { return false }
        }
    }
}

extension Duration {
    /// For poll(2): rounded up, never negative.
    var pollMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard seconds < 1_000_000 else { return Int32.max }
        return max(0, Int32(seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
