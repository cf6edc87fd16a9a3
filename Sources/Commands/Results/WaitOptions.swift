import Arguments

import CeleryCore

/// Options of commands that wait for results.
enum WaitOptions {
    static let wait = Option.flag("wait", short: "w", help: "Wait until finished.")
    static let timeout = Option.value(
        "timeout", short: "t", placeholder: "S", .duration,
        help: "Wait at most so long, in seconds or as 90s, 10m, 2h, 1d; then exit with 124.")

    /// Bounds the time that sending may take as well, though not below a second: the broker is to have a chance.
    static func limitSending(to timeout: Duration?, _ settings: inout Settings) {
        guard let timeout else { return }
        settings.publishTimeout = min(settings.publishTimeout, max(1, timeout.inSeconds))
    }
}
