import Arguments

import CeleryCore

/// Options of commands that wait for results.
enum WaitOptions {
    static let wait = Option.flag("wait", short: "w", help: "Wait until all tasks are finished.")
    static let timeout = Option.value(
        "timeout", short: "t", placeholder: "S", .duration,
        help: "Wait at most this long, in seconds or as 90s, 10m, 2h, 1d; then exit with 124.")

    /// Also limits the time for sending, but to no less than a second, so that the broker has a chance to answer.
    static func limitSending(to timeout: Duration?, _ settings: inout Settings) {
        guard let timeout else { return }
        settings.publishTimeout = min(settings.publishTimeout, max(1, timeout.inSeconds))
    }
}
