import CeleryCore

/// A remote control method, called from a shell by `celery inspect NAME` or `celery control NAME`.
///
/// The table defines how operands become arguments; manual, completions and errors are made from it.
struct ControlVerb: Sendable {
    /// The command that calls a method.
    enum Kind: String, Sendable {
        /// Queries without side effects.
        case inspect
        case control
    }

    /// The type of an argument.
    enum Sort: Sendable {
        case text
        case whole(ClosedRange<Int>)
        /// Seconds, with or without a unit.
        case seconds
        case truth
    }

    /// One argument.
    struct Argument: Sendable {
        /// The name in the request.
        var name: String
        /// The placeholder in the manual.
        var shown: String
        var sort: Sort
        var isRequired = false

        init(_ name: String, _ shown: String, _ sort: Sort = .text, isRequired: Bool = false) {
            self.name = name
            self.shown = shown
            self.sort = sort
            self.isRequired = isRequired
        }
    }

    /// The argument that takes all remaining words.
    enum Rest: Sendable {
        /// A list of strings, under this name.
        case list(String, shown: String)
        /// `KEY=VALUE` words: an object of lists, under this name.
        case pairs(String, shown: String)
    }

    let kind: Kind
    let name: String
    let arguments: [Argument]
    let rest: Rest?
    /// Whether `rest` takes at least one word.
    let needsRest: Bool
    /// A sentence for the manual.
    let help: String
    /// Whether workers reply to the method.
    let isAnswered: Bool

    init(
        _ kind: Kind, _ name: String, _ arguments: [Argument] = [], rest: Rest? = nil, needsRest: Bool = false,
        isAnswered: Bool = true, help: String
    ) {
        self.kind = kind
        self.name = name
        self.arguments = arguments
        self.rest = rest
        self.needsRest = needsRest
        self.isAnswered = isAnswered
        self.help = help
    }

    /// The usage line: `time_limit TASK SOFT [HARD]`.
    var usage: String {
        var words = [name] + arguments.map { $0.isRequired ? $0.shown : "[\($0.shown)]" }
        switch rest {
        case .list(_, let shown)?, .pairs(_, let shown)?: words.append(needsRest ? "\(shown)..." : "[\(shown)]...")
        case nil: break
        }
        return words.joined(separator: " ")
    }

    /// The methods that a command calls, sorted by name.
    static func all(_ kind: Kind) -> [ControlVerb] { all.filter { $0.kind == kind }.sorted { $0.name < $1.name } }

    /// Makes a request from operands.
    ///
    /// - Throws: `CommandError` with the usage status for a missing, surplus or invalid operand.
    func request(_ words: [String]) throws(CommandError) -> ControlRequest {
        var members: JSONObject = [:]
        var left = words[...]
        for argument in arguments {
            guard let word = left.popFirst() else {
                guard !argument.isRequired else { throw wrong("needs \(argument.shown)") }
                break
            }
            members[argument.name] = try value(word, of: argument)
        }
        switch rest {
        case nil:
            guard left.isEmpty else { throw wrong("takes no '\(left.first ?? "")'") }
        case .list(let key, let shown)?:
            guard !left.isEmpty || !needsRest else { throw wrong("needs \(shown)") }
            members[key] = .array(left.map(JSON.string))
        case .pairs(let key, let shown)?:
            guard !left.isEmpty || !needsRest else { throw wrong("needs \(shown)") }
            members[key] = .object(try pairs(left))
        }
        return ControlRequest(method: name, arguments: members)
    }

    private func value(_ word: String, of argument: Argument) throws(CommandError) -> JSON {
        switch argument.sort {
        case .text:
            guard !word.isEmpty else { throw wrong("needs \(argument.shown), which is empty") }
            return .string(word)
        case .whole(let range):
            guard let number = Int(word), range.contains(number) else {
                throw wrong("needs a whole number from \(range.lowerBound) to \(range.upperBound) for \(argument.shown), not '\(word)'")
            }
            return .int(Int64(number))
        case .seconds:
            guard let seconds = DurationText.seconds(word), seconds > 0 else {
                throw wrong("needs a time such as 90 or 10m for \(argument.shown), not '\(word)'")
            }
            return .double(seconds)
        case .truth:
            switch word.lowercased() {
            case "1", "true", "yes", "on": return true
            case "0", "false", "no", "off": return false
            default: throw wrong("needs yes or no for \(argument.shown), not '\(word)'")
            }
        }
    }

    private func pairs(_ words: ArraySlice<String>) throws(CommandError) -> JSONObject {
        var object: JSONObject = [:]
        for word in words {
            guard let sign = word.firstIndex(of: "="), sign != word.startIndex else { throw wrong("needs KEY=VALUE, not '\(word)'") }
            let key = String(word[..<sign])
            object[key] = .array((object[key]?.arrayValue ?? []) + [.string(String(word[word.index(after: sign)...]))])
        }
        return object
    }

    private func wrong(_ what: String) -> CommandError {
        CommandError(ExitCode.usage, "\(name) \(what)", hint: "celery \(kind.rawValue) \(usage)")
    }
}
