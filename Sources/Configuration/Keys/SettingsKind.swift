import CeleryCore

/// A type of value: its name in the manual, and its parser.
struct SettingsKind<Value: Sendable>: Sendable {
    /// The name in the manual: `whole number`.
    var name: String
    var read: @Sendable (SettingsInput) throws(SettingsComplaint) -> Value
}

extension SettingsKind where Value == Int {
    static func whole(_ range: ClosedRange<Int>) -> SettingsKind {
        SettingsKind(name: "whole number") { input throws(SettingsComplaint) in
            let number: Int? =
                switch input {
                case .whole(let number): number
                case .word(let word): Int(word)
                default: nil
                }
            guard let number else { throw SettingsComplaint("must be a whole number, not \(input.shown)") }
            guard range.contains(number) else {
                let bounds = range.upperBound == .max ? "\(range.lowerBound) or more" : range.words
                throw SettingsComplaint("must be \(bounds), not \(number)")
            }
            return number
        }
    }

    /// A whole number, or text such as `16m`.
    static let bytes = SettingsKind(name: "number of bytes, or text such as \"16m\"") { input throws(SettingsComplaint) in
        let number: Int? =
            switch input {
            case .whole(let number): number
            case .text(let text), .word(let text): ByteCountText.bytes(text)
            default: nil
            }
        guard let number, number > 0 else {
            throw SettingsComplaint("must be a number of bytes such as 65536 or \"16m\", not \(input.shown)")
        }
        return number
    }
}

extension SettingsKind where Value == Int? {
    /// An amount of memory, as a number of bytes or text such as `64m`; 0 means no limit.
    static let memory = SettingsKind(name: SettingsKind<Int>.bytes.name) { input throws(SettingsComplaint) in
        if case .whole(0) = input { return nil }
        if case .word("0") = input { return nil }
        return try SettingsKind<Int>.bytes.read(input)
    }
}

extension SettingsKind where Value == Double? {
    /// Seconds, or text such as `10m`; 0 means `nil`.
    static let duration = SettingsKind(name: "seconds, or text such as \"10m\"") { input throws(SettingsComplaint) in
        let seconds: Double? =
            switch input {
            case .whole(let number): DurationText.seconds("\(number)")
            case .number(let number, _): DurationText.seconds("\(number)")
            case .text(let text), .word(let text): DurationText.seconds(text)
            default: nil
            }
        guard let seconds else {
            throw SettingsComplaint("must be seconds, or text such as \"10m\", not \(input.shown)")
        }
        return seconds == 0 ? nil : seconds
    }
}

extension SettingsKind where Value == AutoscaleRange? {
    /// `MAX,MIN`, as text.
    static let autoscale = SettingsKind(name: "text such as \"10,2\"") { input throws(SettingsComplaint) in
        let range: AutoscaleRange? =
            switch input {
            case .text(let text), .word(let text): AutoscaleRange(text)
            default: nil
            }
        guard let range else {
            throw SettingsComplaint("must be \"MAX,MIN\" with 1 <= MIN <= MAX <= \(AutoscaleRange.limit), not \(input.shown)")
        }
        return range
    }
}

extension SettingsKind where Value == Bool {
    static let truth = SettingsKind(name: "true or false") { input throws(SettingsComplaint) in
        switch input {
        case .truth(let value): return value
        case .word("true"), .word("yes"), .word("on"), .word("1"): return true
        case .word("false"), .word("no"), .word("off"), .word("0"): return false
        default: throw SettingsComplaint("must be true or false, not \(input.shown)")
        }
    }
}

extension SettingsKind where Value == String {
    /// Any text. Errors show only the type of an invalid value, as it may be a password.
    static let text = SettingsKind(name: "text") { input throws(SettingsComplaint) in
        switch input {
        case .text(let text), .word(let text): return text
        default: throw SettingsComplaint("must be text in quotes, not \(input.sort)")
        }
    }

    /// The path of a file.
    static let path = SettingsKind(name: "path") { input throws(SettingsComplaint) in
        let path = try SettingsKind.text.read(input)
        guard !path.isEmpty else { throw SettingsComplaint("must name a file") }
        return path
    }

    /// One of the words, ignoring case; returns it as spelled in `words`.
    static func choice(_ words: [String]) -> SettingsKind {
        SettingsKind(name: words.map { "\"\($0)\"" }.joined(separator: ", ")) { input throws(SettingsComplaint) in
            let text = try SettingsKind.text.read(input)
            guard let word = words.first(where: { $0.lowercased() == text.lowercased() }) else {
                let near = NearestName.suggest(text, among: words).map { "; did you mean \"\($0)\"?" } ?? ""
                throw SettingsComplaint("must be one of \(words.joined(separator: ", ")), not \(input.shown)\(near)")
            }
            return word
        }
    }

    /// The name of a queue.
    static let queue = SettingsKind(name: "name") { input throws(SettingsComplaint) in
        let name = try SettingsKind.text.read(input)
        return try checked(name, .queue, input)
    }

    /// The name of an exchange.
    static let exchange = SettingsKind(name: "name") { input throws(SettingsComplaint) in
        try checked(try SettingsKind.text.read(input), .exchange, input)
    }

    /// A routing key of a binding or a message.
    static let routingKey = SettingsKind(name: "text") { input throws(SettingsComplaint) in
        try checked(try SettingsKind.text.read(input), .routingKey, input)
    }

    private static func checked(
        _ name: String, _ sort: BrokerName, _ input: SettingsInput
    ) throws(SettingsComplaint) -> String {
        if let rule = sort.rule(brokenBy: name) { throw SettingsComplaint("must be \(sort.noun), \(rule), not \(input.shown)") }
        return name
    }
}

extension SettingsKind where Value == [String] {
    /// A list of values; separated by commas on the command line and in the environment.
    static func list(of element: SettingsKind<String>) -> SettingsKind {
        SettingsKind(name: "list of \(element.name)s") { input throws(SettingsComplaint) in
            let inputs: [SettingsInput]
            switch input {
            case .list(let elements): inputs = elements
            case .word(let words):
                inputs = words.split(separator: ",").map { .word($0.withoutOuterSpaces) }.filter { $0 != .word("") }
            default: throw SettingsComplaint("must be a list such as [\"a\", \"b\"], not \(input.shown)")
            }
            var values: [String] = []
            for input in inputs {
                let value: String
                do throws(SettingsComplaint) {
                    value = try element.read(input)
                } catch {
                    throw SettingsComplaint("contains a value that " + error.text)
                }
                if !values.contains(value) { values.append(value) }
            }
            return values
        }
    }
}

extension SettingsKind where Value == [ServiceURL] {
    static let urls = SettingsKind(name: "URL") { input throws(SettingsComplaint) in
        let text = try SettingsKind<String>.text.read(input)
        do throws(ServiceURLError) {
            return try ServiceURL.alternatives(text)
        } catch {
            throw SettingsComplaint("is invalid: \(error.message)")
        }
    }
}

extension Substring {
    fileprivate var withoutOuterSpaces: String {
        guard let first = firstIndex(where: { $0 != " " }), let last = lastIndex(where: { $0 != " " }) else { return "" }
        return String(self[first...last])
    }
}

extension ClosedRange<Int> {
    fileprivate var words: String { "from \(lowerBound) to \(upperBound)" }
}
