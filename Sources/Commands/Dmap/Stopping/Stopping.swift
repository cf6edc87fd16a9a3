import CeleryCore

/// How a dmap ends before its last item.
///
///     stopped ──▶ withdrawn: no message waits ──▶ over: nothing runs, or nobody waits for it
///                                  └──▶ revoked by a second signal ──▶ over
struct Stopping: Sendable {
    enum Reason: Sendable {
        case signal(Int32)
        case outputClosed
        case timeout
        case halt(isNow: Bool)
        case input(any Error)
        /// A part cannot go on.
        case failure(any Error)
    }

    let reason: Reason
    /// Items that were withdrawn.
    var withdrawn = 0
    /// Whether to withdraw once more when that is done.
    var withdrawsAgain = false
    let since = ContinuousClock.now
    /// Whether the messages are being withdrawn.
    var isWithdrawing = false
    /// When they were withdrawn last; `nil` before that.
    var withdrawnAt: ContinuousClock.Instant?
    /// Whether a second signal came, and the rest is being revoked.
    var isRevoking = false
    var isRevoked = false

    /// Whether running tasks of our own pool are ended.
    var endsPool: Bool {
        switch reason {
        case .timeout, .halt(isNow: true), .failure: true
        case .signal, .outputClosed, .halt(isNow: false), .input: false
        }
    }

    /// Whether running items are waited for.
    var waits: Bool {
        if isRevoking { return false }
        switch reason {
        case .signal, .halt(isNow: false), .input: return true
        case .outputClosed, .timeout, .halt(isNow: true), .failure: return false
        }
    }
}
