import Synchronization

/// Calls back at given times, with one sleeping task for all: nearly every alarm is cancelled before its time, and a timer of its
/// own for each would cost several system calls and two changes of threads.
package final class AlarmClock: Sendable {
    package static let shared = AlarmClock()

    private struct State {
        var number: UInt64 = 0
        var alarms: [UInt64: (time: ContinuousClock.Instant, ring: @Sendable () -> Void)] = [:]
        /// When the latest sleeper wakes; `nil` when none sleeps. Earlier ones, for later times, have nothing to do.
        var wakes: ContinuousClock.Instant?
        var sleeper: UInt64 = 0

        /// Makes room for a sleeper. Returns its number.
        mutating func replaceSleeper(_ time: ContinuousClock.Instant) -> UInt64 {
            wakes = time
            sleeper += 1
            return sleeper
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// Calls `ring` once at or soon after `time`, unless the alarm is cancelled before.
    ///
    /// - Returns: The number of the alarm.
    package func set(at time: ContinuousClock.Instant, _ ring: @escaping @Sendable () -> Void) -> UInt64 {
        let (number, sleeper) = state.withLock { state in
            state.number += 1
            state.alarms[state.number] = (time, ring)
            let isEarliest = state.wakes.map { time < $0 } ?? true
            return (state.number, isEarliest ? state.replaceSleeper(time) : nil)
        }
        if let sleeper { sleep(sleeper, until: time) }
        return number
    }

    /// Cancels an alarm. It may be ringing already.
    package func cancel(_ number: UInt64) { state.withLock { _ = $0.alarms.removeValue(forKey: number) } }

    private func sleep(_ sleeper: UInt64, until time: ContinuousClock.Instant) {
        Task {
            try? await Task.sleep(until: time)
            wake(sleeper)
        }
    }

    private func wake(_ sleeper: UInt64) {
        let now = ContinuousClock.now
        let (due, next) = state.withLock { state in
            var due: [@Sendable () -> Void] = []
            guard sleeper == state.sleeper else { return (due, (UInt64, ContinuousClock.Instant)?.none) }
            for (number, alarm) in state.alarms where alarm.time <= now {
                due.append(alarm.ring)
                state.alarms[number] = nil
            }
            state.wakes = nil
            return (due, state.alarms.values.map(\.time).min().map { (state.replaceSleeper($0), $0) })
        }
        for ring in due { ring() }
        if let next { sleep(next.0, until: next.1) }
    }
}
