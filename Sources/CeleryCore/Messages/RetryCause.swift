/// A cause of failure after which a task is retried: an exit status, a signal, an error type, or anything.
///
/// Celery's `autoretry_for`, which lists exception types where programs have statuses.
public enum RetryCause: Sendable, Hashable {
    /// Any failure.
    case anything
    /// The exit status of a program, 1 to 255; from 129 also the signal that a shell reports by it.
    case status(Int)
    /// The number of the signal that killed a program.
    case signal(Int)
    /// The type of an error, with or without its module: `SoldOut`, `Shop.SoldOut`.
    case error(String)

    /// Parses a word: `any`, `7`, `SIGTERM`, or the name of an error. `nil` for anything else.
    ///
    /// Python's `Exception` is the same as `any`.
    public init?(_ word: String) {
        if word == "any" || word == "Exception" {
            self = .anything
        } else if let status = Int(word) {
            guard 1...255 ~= status else { return nil }
            self = .status(status)
        } else if word.hasPrefix("SIG"), let signal = Self.signals.firstIndex(of: String(word.dropFirst(3))) {
            self = .signal(signal)
        } else {
            guard Self.isName(word) else { return nil }
            self = .error(word)
        }
    }

    /// The word that parses as this cause.
    public var word: String {
        switch self {
        case .anything: "any"
        case .status(let status): String(status)
        case .signal(let signal): "SIG\(Self.signals.indices.contains(signal) ? Self.signals[signal] : "")"
        case .error(let name): name
        }
    }

    /// Parses words separated by commas or spaces.
    ///
    /// - Throws: `InvalidRetryCause` for the first invalid word.
    package static func list(_ text: String) throws(InvalidRetryCause) -> [RetryCause] {
        var causes: [RetryCause] = []
        for word in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
            guard let cause = RetryCause(String(word)) else { throw InvalidRetryCause(word: String(word)) }
            if !causes.contains(cause) { causes.append(cause) }
        }
        return causes
    }

    /// Whether a failure has this cause.
    package func matches(_ failure: TaskFailure) -> Bool {
        switch self {
        case .anything: return true
        case .status(let status):
            if let ended = failure.programStatus { return ended == status || (status > 128 && ended == 128 - status) }
            return status == TaskFailure.memoryStatus && failure.isForMemory
        case .signal(let signal): return failure.programStatus == -signal
        case .error(let name):
            if name == failure.type || name == "\(failure.module).\(failure.type)" { return true }
            if failure.type.hasSuffix(".\(name)") { return true }
            // A shell user calls either limit a timeout.
            return name == "TimeoutError" && failure.isForTime
        }
    }

    /// Whether a word is the name of an error: identifiers separated by dots, at most 200 bytes.
    package static func isName(_ word: String) -> Bool {
        word.utf8.count <= 200
            && word.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
                guard let first = part.unicodeScalars.first, first == "_" || first.properties.isAlphabetic else { return false }
                return part.unicodeScalars.allSatisfy { $0 == "_" || $0.properties.isAlphabetic || ("0"..."9").contains($0) }
            }
    }

    /// Linux signal numbers, from <asm-generic/signal.h>.
    private static let signals = [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR",
        "SYS",
    ]
}

/// A word that is not a cause of failure.
package struct InvalidRetryCause: Error, Sendable {
    package let word: String

    /// The problem, to follow the name of the option.
    package var problem: String {
        "must be exit statuses from 1 to 255, signals such as SIGTERM, names of errors, or any, not \"\(word)\""
    }
}

extension RetryCause: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    /// Parses a word; see `init(_:)`.
    public init(stringLiteral word: String) { self = RetryCause(word) ?? .error(word) }

    /// An exit status.
    public init(integerLiteral status: Int) { self = .status(status) }
}
