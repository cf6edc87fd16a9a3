import CeleryCore
import DequeModule
import Redis
import Synchronization

/// Who waits for results, and the channels on which the server tells of them.
///
/// Nobody says what a wait is for, but everybody looks before: the tasks that were looked for, and had no final result, are those
/// that are waited for. They are listened to when the first wait begins. Members of a numbered task-set share one pattern, so that a
/// set of a million has one subscription; what else is waited for has a channel each. Nothing is listened to once all are final,
/// or when nobody has waited for a while.
final class RedisWatch: Sendable {
    private typealias Channel = RedisSubscription.Channel

    private struct Listening {
        /// Tasks that are told of on this channel.
        var tasks = 0
        var state = State.new
        /// When one of these tasks was last looked for.
        var lastUse = ContinuousClock.now

        enum State { case new, requested, active }
    }

    private struct State {
        /// Tasks without a final result, and when they were last looked for.
        var open: [TaskID: ContinuousClock.Instant] = [:]
        var channels: [Channel: Listening] = [:]
        /// When each of the present waits began.
        var waits: [UInt64: ContinuousClock.Instant] = [:]
        var lastWait: UInt64 = 0
        var lastSweep = ContinuousClock.now
        /// Whether a sweep is to come although nobody may look again.
        var isSweepDue = false
        /// Tasks that may have changed, oldest first, for those who follow.
        var changes: Deque<TaskID> = []
        /// The position of the first of them.
        var firstChange: Int64 = 0
        var isFollowed = false

        var end: Int64 { firstChange + Int64(changes.count) }
    }

    let bell = Bell()
    private let keys: RedisKeys
    /// The longest time between the last look for a task and the wait for it.
    private let grace: Duration
    private let state: SharedState
    private let subscription: RedisSubscription

    /// The state, apart from the watch: the subscription's thread refers to it as well.
    private final class SharedState: Sendable {
        let state = Mutex(State())

        func withLock<Value>(_ body: (inout sending State) throws -> sending Value) rethrows -> sending Value {
            try state.withLock(body)
        }
    }

    /// Tasks that are listened to at most; others are looked for twice a second.
    private static let most = 100_000
    /// Changes that are remembered for those who follow.
    private static let remembered = 65_536
    /// How often waiters look while there is no subscription.
    private static let poll: Duration = .milliseconds(500)
    /// Numbers of members up to this one are those of task-sets, not the end of a random UUID.
    private static let greatestMember = 1 << 24

    init(_ options: RedisOptions, _ keys: RedisKeys, grace: Duration = .seconds(30)) {
        self.keys = keys
        self.grace = grace
        let shared = SharedState()
        state = shared
        let bell = bell
        subscription = RedisSubscription(
            options,
            RedisSubscription.Listener(
                heard: { channel, _ in
                    guard let id = keys.id(ofKey: channel) else { return }
                    shared.withLock { Self.note([id], &$0) }
                    bell.ring()
                },
                resumed: {
                    shared.withLock { state in
                        for channel in state.channels.keys { state.channels[channel]?.state = .active }
                        Self.note(Array(state.open.keys), &state)
                    }
                    bell.ring()
                }))
    }

    /// Results were stored from here.
    func changed(_ ids: [TaskID]) {
        state.withLock { Self.note(ids, &$0) }
        bell.ring()
    }

    private static func note(_ ids: [TaskID], _ state: inout State) {
        guard state.isFollowed else { return }
        state.changes.append(contentsOf: ids)
        let surplus = state.changes.count - remembered
        guard surplus > 0 else { return }
        state.changes.removeFirst(surplus)
        state.firstChange += Int64(surplus)
    }

    /// Tasks were looked for.
    func looked(for ids: [TaskID], _ found: [TaskID: TaskResult]) {
        let now = ContinuousClock.now
        state.withLock { state in
            var old: [Channel] = []
            for id in ids {
                let channel = channel(of: id)
                if found[id]?.state.isReady == true {
                    if state.open.removeValue(forKey: id) != nil { drop(channel, &state, &old) }
                } else if state.open.updateValue(now, forKey: id) == nil {
                    guard state.open.count <= Self.most else {
                        state.open[id] = nil
                        continue
                    }
                    state.channels[channel, default: Listening()].tasks += 1
                }
                // Others of a set are still to come, when all of those that were looked for have ended.
                state.channels[channel]?.lastUse = now
            }
            if state.lastSweep + .seconds(5) < now { sweep(&state, &old, now) }
            subscription.unsubscribe(old)
        }
    }

    /// Removes a task from its channel.
    ///
    /// - Parameter old: Gains the channel, if nothing else is listened to there.
    private func drop(_ channel: Channel, _ state: inout State, _ old: inout [Channel]) {
        guard var listening = state.channels[channel] else { return }
        listening.tasks -= 1
        state.channels[channel] = listening
        // More members of a set may be sent: its pattern goes when none has been looked for in a while.
        if listening.tasks == 0, case .name = channel { remove(channel, &state, &old) }
    }

    private func remove(_ channel: Channel, _ state: inout State, _ old: inout [Channel]) {
        if let listening = state.channels.removeValue(forKey: channel), listening.state != .new { old.append(channel) }
    }

    /// Forgets tasks that nobody can be waiting for, and channels without tasks.
    private func sweep(_ state: inout State, _ old: inout [Channel], _ now: ContinuousClock.Instant) {
        state.lastSweep = now
        // Whoever waits has looked shortly before.
        let oldest = (state.waits.values.min() ?? now) - grace
        for (id, looked) in state.open where looked < oldest {
            state.open[id] = nil
            drop(channel(of: id), &state, &old)
        }
        for (channel, listening) in state.channels where listening.tasks == 0 && listening.lastUse < oldest { remove(channel, &state, &old) }
    }

    private func channel(of id: TaskID) -> Channel {
        let key = keys.tasks + id.text
        guard let number = SetNumbering.number(of: id.text), (1...Self.greatestMember).contains(number) else { return .name(key) }
        // All but the twelve digits of the number.
        return .pattern(Channel.escaped(String(key.dropLast(12))) + "*")
    }

    /// Waits until something may have changed since `seen`, the deadline passes, or the task is cancelled.
    func wait(since seen: UInt64, until deadline: ContinuousClock.Instant?) async {
        let number = state.withLock { state in
            state.lastWait += 1
            state.waits[state.lastWait] = .now
            return state.lastWait
        }
        let isListening = listen()
        let limit = isListening ? deadline : min(deadline ?? .now + Self.poll, .now + Self.poll)
        await bell.wait(since: seen, until: limit)
        end(number)
    }

    /// Begins to listen to the channels that are new. When the server has confirmed it, the bell rings: there may have been a change
    /// before.
    ///
    /// - Returns: Whether all channels are listened to.
    private func listen() -> Bool {
        state.withLock { state in
            let new = state.channels.filter { $0.value.state == .new }.map(\.key)
            guard !new.isEmpty else {
                return state.channels.allSatisfy { $0.value.state == .active } && state.open.count < Self.most
            }
            for channel in new { state.channels[channel]?.state = .requested }
            // While the state is locked: what is asked of the server has the order of what is noted here.
            _ = subscription.subscribe(new) { [state = self.state, bell] error in
                // `resumed` tells when it has come about after all; until then waiters look now and then, and are told what is wrong.
                guard error == nil else { return }
                state.withLock { state in
                    for channel in new where state.channels[channel] != nil { state.channels[channel]?.state = .active }
                    Self.note(Array(state.open.keys), &state)
                }
                bell.ring()
            }
            return false
        }
    }

    private func end(_ number: UInt64) {
        let isLast = state.withLock { state in
            state.waits[number] = nil
            guard state.waits.isEmpty, !state.channels.isEmpty, !state.isSweepDue else { return false }
            state.isSweepDue = true
            return true
        }
        guard isLast else { return }
        // Who gave up a wait may never look again.
        _ = AlarmClock.shared.set(at: .now + grace + grace / 5) { [weak self] in self?.sweepLater() }
    }

    private func sweepLater() {
        state.withLock { state in
            var old: [Channel] = []
            state.isSweepDue = false
            sweep(&state, &old, .now)
            subscription.unsubscribe(old)
        }
    }

    // MARK: Following

    /// The end of the changes that are remembered; from now on they are.
    func follow() -> Int64 {
        state.withLock { state in
            state.isFollowed = true
            return state.end
        }
    }

    func changes(after position: Int64) -> (ids: [TaskID], position: Int64) {
        state.withLock { state in
            let skipped = Int(max(0, min(position, state.end) - state.firstChange))
            return (Array(state.changes.dropFirst(skipped)), state.end)
        }
    }

    /// How many channels and patterns are listened to, for tests.
    var channelCount: Int { state.withLock { $0.channels.count { $0.value.state != .new } } }

    func close() async {
        bell.ring()
        await subscription.close()
    }
}
