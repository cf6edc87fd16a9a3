extension OptionKind where Value == String {
    /// The name of a queue.
    static let queue = brokerName(.queue, placeholder: "QUEUE", fileValue: "name", suggestion: .queues)
    /// The name of an exchange.
    static let exchange = brokerName(.exchange, placeholder: "NAME", fileValue: "name")
    /// The routing key of a message.
    static let routingKey = brokerName(.routingKey, placeholder: "KEY", fileValue: "text")

    private static func brokerName(
        _ sort: BrokerName, placeholder: String, fileValue: String, suggestion: OptionSuggestion = .nothing
    ) -> OptionKind {
        OptionKind(
            placeholder: "NAME", commandPlaceholder: placeholder, fileValue: fileValue, suggestion: suggestion,
            read: { (input, place) throws(OptionMistake) in
                guard let name = input.text else { throw OptionMistake(must: "be text", not: input, problem: nil) }
                // In a call, an empty name has an error of its own.
                if name.isEmpty, place == .commandLine || place == .batch { return try OptionKind<String>.name.read(input, place) }
                if let rule = sort.rule(brokenBy: name) {
                    throw OptionMistake(
                        must: "be \(sort.noun), \(rule)", not: input, problem: "is not \(sort.noun)", advice: "write \(rule)")
                }
                return name
            },
            text: { $0 }, json: { .string($0) }, heard: { $0.stringValue })
    }

    /// Text that names something: not empty, and in the settings printable on one line.
    static let name = OptionKind(
        placeholder: "NAME", commandPlaceholder: "NAME", fileValue: "text",
        read: { (input, place) throws(OptionMistake) in
            guard let name = input.text else { throw OptionMistake(must: "be text", not: input, problem: nil) }
            if name.isEmpty {
                if place == .batch { throw OptionMistake(must: "be text", not: input, problem: nil) }
                throw OptionMistake("must not be empty", problem: "is empty")
            }
            if place == .beat, name.forLog != name {
                throw OptionMistake(
                    "must be up to 200 letters without control characters, not \"\(name.forLog)\"", problem: "is not a name")
            }
            return name
        },
        text: { $0 }, json: { .string($0) }, heard: { $0.isNull ? nil : $0.displayText })
}

extension OptionKind where Value == String? {
    /// In an option line the name or position of an argument, or `none`; in a call the key itself.
    static let countingKey = OptionKind(
        placeholder: "ARGUMENT", commandPlaceholder: "K", fileValue: "text",
        read: { (input, place) throws(OptionMistake) in
            guard place == .optionLine else { return try OptionKind<String>.name.read(input, place) }
            guard let name = input.text, !name.isEmpty else {
                throw OptionMistake("must name an argument", problem: "names no argument")
            }
            return name == "none" ? nil : name
        },
        text: { $0 ?? "none" }, json: { $0.map(JSON.string) ?? .null }, heard: { $0.isNull ? nil : $0.displayText })
}

extension OptionKind where Value == Bool {
    static let truth = words(yes: ["true", "yes"], no: ["false", "no"])

    /// A choice of two; the first words are used for output. Headers contain a Boolean.
    static func words(yes: [String], no: [String]) -> OptionKind {
        let names = "\(yes[0]) or \(no[0])"
        return OptionKind(
            placeholder: "\(yes[0])|\(no[0])", commandPlaceholder: "HOW",
            fileValue: names == "true or false" ? names : "true or false, or \"\(yes[0])\" or \"\(no[0])\"",
            suggestion: .words([yes[0], no[0]]),
            read: { (input, _) throws(OptionMistake) in
                if case .json(.bool(let value)) = input { return value }
                guard let word = input.text?.lowercased() else {
                    throw OptionMistake(must: "be true or false", not: input, problem: nil)
                }
                if yes.contains(word) { return true }
                if no.contains(word) { return false }
                let nearest = NearestName.suggest(word, among: [yes[0], no[0]]).map { "did you mean '\($0)'?" }
                throw OptionMistake(
                    must: "be \(names)", not: input, problem: "is not one of \(yes[0]), \(no[0])", advice: nearest)
            },
            text: { $0 ? yes[0] : no[0] }, json: { .bool($0) }, heard: { $0.boolValue })
    }
}

extension OptionKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the cases of an enumeration, by raw value.
    static var cases: OptionKind {
        let names = Value.allCases.map(\.rawValue)
        return OptionKind(
            placeholder: names.joined(separator: "|"), commandPlaceholder: "HOW",
            fileValue: names.map { "\"\($0)\"" }.joined(separator: ", "), suggestion: .words(names),
            read: { (input, _) throws(OptionMistake) in
                guard let value = input.text.flatMap({ Value(rawValue: $0) }) else {
                    throw OptionMistake(
                        must: "be \(names.joined(separator: " or "))", not: input,
                        problem: "is not one of \(names.joined(separator: ", "))")
                }
                return value
            },
            text: { $0.rawValue }, json: { .string($0.rawValue) }, heard: { $0.stringValue.flatMap { Value(rawValue: $0) } })
    }
}

extension OptionKind where Value == [RetryCause] {
    /// Causes of failure: exit statuses, signals, names of errors, or `any`.
    static let causes = OptionKind(
        placeholder: "WORD,...", commandPlaceholder: "WORD,...", fileValue: "list", isList: true,
        read: { (input, place) throws(OptionMistake) in
            let causes: [RetryCause]
            do throws(InvalidRetryCause) {
                causes = try RetryCause.list(input.displayText)
            } catch {
                throw OptionMistake(
                    error.problem, problem: "names '\(error.word)', with which no task can fail",
                    advice: "write exit statuses from 1 to 255, signals such as SIGTERM, names of errors, or any")
            }
            guard place == .optionLine else { return causes }
            if causes.isEmpty { throw OptionMistake("names nothing", problem: nil) }
            for case .error(let name) in causes where !programErrors.contains(name) {
                // A program may fail with a type of its own (`celery self fail`); a name that is nearly one of ours is a slip.
                guard let near = NearestName.suggest(name, among: programErrors) else { continue }
                throw OptionMistake("names '\(name)'; did you mean '\(near)'?", problem: nil)
            }
            return causes
        },
        text: { $0.map(\.word).joined(separator: ",") },
        // Statuses are numbers, other causes text.
        json: { causes in
            .array(causes.map { cause in
                if case .status(let status) = cause { .int(Int64(status)) } else { .string(cause.word) }
            })
        },
        // Invalid causes are skipped.
        heard: { $0.arrayValue?.compactMap { RetryCause($0.displayText) } })

    /// All errors with which a program can fail.
    private static let programErrors = [
        "CalledProcessError", "MemoryError", "MemoryLimitExceeded", "OSError", "OutputTooLarge", "SoftTimeLimitExceeded",
        "TimeLimitExceeded", "TimeoutError",
    ]
}

extension OptionKind where Value == JSONObject {
    /// Names with values of any type. On a command line each is one word `NAME=VALUE`; the value is JSON if it parses as JSON.
    static let object = OptionKind(
        placeholder: "K=V", commandPlaceholder: "K=V", fileValue: "table",
        read: { (input, _) throws(OptionMistake) in
            switch input {
            case .json(.object(let object)): return object
            case .json: throw OptionMistake(must: "be an object", not: input, problem: nil)
            case .word(let word):
                guard let equals = word.firstIndex(of: "="), equals > word.startIndex else {
                    throw OptionMistake(must: "be K=V", not: input, problem: "is not K=V")
                }
                return [String(word[..<equals]): JSON(word: String(word[word.index(after: equals)...]))]
            }
        },
        text: { JSON.object($0).displayText }, json: { .object($0) }, heard: { $0.objectValue })
}
