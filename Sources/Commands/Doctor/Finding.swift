import CeleryCore

/// What a check of `celery doctor` has found, and what to do about it.
struct Finding: Sendable, Equatable {
    enum State: String, Sendable, Comparable {
        case ok
        /// It cannot be told; that is no reason to worry.
        case unknown
        /// It works, but is unsafe or will not last.
        case warning
        /// Something will not work.
        case error

        static func < (left: State, right: State) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .ok: 0
            case .unknown: 1
            case .warning: 2
            case .error: 3
            }
        }
    }

    /// The name of the check.
    var check: String
    var state: State
    /// In one line.
    var text: String
    /// What to do.
    var hint: String?
    /// The worker that it is about.
    var worker: String?
    /// Further lines.
    var details: [String] = []

    init(_ check: String, _ state: State, _ text: String, hint: String? = nil, worker: String? = nil, details: [String] = []) {
        self.check = check
        self.state = state
        self.text = text
        self.hint = hint
        self.worker = worker
        self.details = details
    }

    /// An error that kept a check from its end.
    init(_ check: String, _ error: any Error, worker: String? = nil) {
        let described = Report.describe(error)
        self.init(
            check, .error, ServiceURL.redact(within: described.message), hint: described.hint.map { ServiceURL.redact(within: $0) }, worker: worker)
    }

    var object: JSONObject {
        [
            "check": .string(check), "state": .string(state.rawValue), "text": .string(text), "hint": hint.map(JSON.string) ?? .null,
            "worker": worker.map(JSON.string) ?? .null, "details": .array(details.map(JSON.string)),
        ]
    }

    /// The lines for a reader.
    var lines: String {
        func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }
        let indent = String(repeating: " ", count: 9)
        let first = padded(state.rawValue, 9) + padded(check, 13) + (worker.map { "\($0): " } ?? "") + text
        return ([first] + details.map { indent + "  " + $0 } + (hint.map { [indent + "hint: " + $0] } ?? [])).joined(separator: "\n")
    }
}
