import Arguments

/// Options of commands that wait for results.
enum WaitOptions {
    static let wait = Option.flag("wait", short: "w", help: "Wait until finished.")
    static let timeout = Option.value(
        "timeout", short: "t", placeholder: "S", .duration,
        help: "Wait at most so long, in seconds or as 90s, 10m, 2h, 1d; then exit with 124.")
}
