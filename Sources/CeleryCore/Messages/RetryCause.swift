/// What a task may fail of and yet be tried again: an exit status, a signal, the name of an error, or anything.
///
/// Celery's `autoretry_for`, which has types of exceptions where programs have statuses.
public enum RetryCause: Sendable, Hashable {
    /// Whatever it fails of.
    case anything
    /// The exit status of a program, 1 to 255; from 129 on also the signal a shell tells by it.
    case status(Int)
    /// The signal a program died of, by its number.
    case signal(Int)
    /// The type of an error, with or without its module: `SoldOut`, `Shop.SoldOut`.
    case error(String)

    /// Reads a word: `any`, `7`, `SIGTERM`, or the name of an error. `nil` for what is none of them.
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

    /// The word that is read as this.
    public var word: String {
        switch self {
        case .anything: "any"
        case .status(let status): String(status)
        case .signal(let signal): "SIG\(Self.signals.indices.contains(signal) ? Self.signals[signal] : "")"
        case .error(let name): name
        }
    }

    /// Reads words parted by commas or blanks; the first that is none in the error.
    package static func list(_ text: String) throws(InvalidRetryCause) -> [RetryCause] {
        var causes: [RetryCause] = []
        for word in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
            guard let cause = RetryCause(String(word)) else { throw InvalidRetryCause(word: String(word)) }
            if !causes.contains(cause) { causes.append(cause) }
        }
        return causes
    }

    /// Whether a failure is of this kind.
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
            // Either limit is what a shell user calls a timeout.
            return name == "TimeoutError" && failure.isForTime
        }
    }

    /// Identifiers, parted by dots.
    private static func isName(_ word: String) -> Bool {
        word.utf8.count <= 200
            && word.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
                guard let first = part.unicodeScalars.first, first == "_" || first.properties.isAlphabetic else { return false }
                return part.unicodeScalars.allSatisfy { $0 == "_" || $0.properties.isAlphabetic || ("0"..."9").contains($0) }
            }
    }

    /// Linux's numbers, as <asm-generic/signal.h> has them.
    private static let signals = [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR",
        "SYS",
    ]
}

/// A word that names nothing a task can fail of.
package struct InvalidRetryCause: Error, Sendable {
    package let word: String

    /// What is wrong with it, to be said after the name of the option.
    package var problem: String {
        "must be exit statuses from 1 to 255, signals such as SIGTERM, names of errors, or any, not \"\(word)\""
    }
}

extension RetryCause: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    /// A word, as `init(_:)` reads it.
    public init(stringLiteral word: String) { self = RetryCause(word) ?? .error(word) }

    /// An exit status.
    public init(integerLiteral status: Int) { self = .status(status) }
}
