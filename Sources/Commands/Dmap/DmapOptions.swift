import Arguments

/// Options of `celery dmap`.
enum DmapOptions {
    static let jsonLines = Option.flag(
        "json-lines", help: "Take each line as JSON: an array of arguments, or an object of keyword arguments.")
    static let raw = Option.flag("raw", help: "Take every item as a string, even if it looks like JSON.")
    static let unordered = Option.flag("unordered", help: "Print results as they come instead of in the order of the items.")
    static let jobs = Option.value(
        "jobs", short: "j", placeholder: "N", .integer(in: 1...1_000),
        help: "Also run a pool of N here until done, so that no worker need be running.")
    static let jobLog = Option.value(
        "joblog", placeholder: "FILE", .nonEmptyText,
        help: "Write a line for each finished item to FILE: number, id, state, exit status and text.", completion: .file)
    static let resume = Option.flag("resume", help: "Skip items that --joblog lists as finished.")
    static let retryFailed = Option.flag("retry-failed", help: "Like --resume, but repeat failed items.")
    static let halt = Option.value(
        "halt", placeholder: "WHEN", .halt,
        help: "Stop early when N items, or N% of all items, have failed: now,fail=N or soon,fail=N%. Waiting items are dropped; 'soon' waits for running items, 'now' does not.")
    static let timeout = Option.value(
        "timeout", short: "t", placeholder: "S", .duration, help: "Time limit for the whole map; then exit with 124.")
    static let bar = Option.negatable(
        "bar", help: "Show a progress bar.", default: "on a terminal")
    static let chunk = Option.value(
        "chunk", placeholder: "N", .integer(in: 1...100_000), default: .literal(1_000),
        help: "Number of items submitted at a time.")

    static let all: [OptionDescription] = [
        jsonLines.description, raw.description, unordered.description, jobs.description, jobLog.description,
        resume.description, retryFailed.description, halt.description, timeout.description, bar.description,
        chunk.description,
    ] + SendArguments.descriptions
}

/// The condition for stopping a dmap early.
struct Halt: Sendable, Equatable {
    /// Whether to abandon running items instead of waiting for them.
    var isNow: Bool
    var limit: Limit

    enum Limit: Sendable, Equatable {
        case failures(Int)
        case percent(Int)
    }

    /// Whether the number of failures has reached the limit.
    func isReached(failures: Int, total: Int) -> Bool {
        switch limit {
        case .failures(let count): failures >= count
        case .percent(let percent): failures > 0 && failures * 100 >= percent * total
        }
    }
}

extension ValueParser where Value == Halt {
    /// `now,fail=3`, `soon,fail=10%`.
    static var halt: Self {
        Self { (text) throws(InvalidValue) in
            let advice = "write now,fail=1 or soon,fail=10%"
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0] == "now" || parts[0] == "soon", parts[1].hasPrefix("fail=") else {
                throw InvalidValue("is not a halt condition", advice: advice)
            }
            var number = parts[1].dropFirst(5)
            let isPercent = number.last == "%"
            if isPercent { number.removeLast() }
            guard let value = Int(number), value > 0, !isPercent || value <= 100 else {
                throw InvalidValue("is not a halt condition", advice: advice)
            }
            return Halt(isNow: parts[0] == "now", limit: isPercent ? .percent(value) : .failures(value))
        }
    }
}
