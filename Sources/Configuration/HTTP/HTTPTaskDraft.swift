import CeleryCore

/// A table `[task.NAME]` while its keys are being read.
struct HTTPTaskDraft {
    private(set) var address: HTTPAddress?
    private(set) var method = HTTPMethod.post
    private(set) var headers: [HTTPTaskSection.Header] = []
    private(set) var timeout = 60.0
    private(set) var options = OptionValues()

    private static let ownKeys = ["url", "method", "headers", "timeout"]

    static func isKnown(_ key: String) -> Bool { ownKeys.contains(key) || TaskOptionTable.named(key)?.places.contains(.optionLine) == true }

    /// What is wrong with keys that are right one by one; `nil` if nothing is.
    var complaint: String? { options.timeLimitComplaint }

    /// Reads one key.
    ///
    /// - Throws: a complaint that follows the key.
    mutating func take(_ key: SettingsInput.Member) throws(SettingsComplaint) {
        switch key.name {
        case "url":
            let text = try SettingsKind<String>.text.read(key.value)
            do throws(HTTPAddressError) {
                address = try HTTPAddress(text)
            } catch {
                throw SettingsComplaint(error.text)
            }
        case "method":
            let word = try SettingsKind<String>.choice(HTTPMethod.allCases.map(\.rawValue)).read(key.value)
            method = HTTPMethod(rawValue: word) ?? .post
        case "headers": headers = try Self.headers(key.value)
        case "timeout":
            guard let seconds = try SettingsKind<Double?>.duration.read(key.value) else { throw SettingsComplaint("must be more than 0") }
            guard seconds <= 86_400 else { throw SettingsComplaint("must be at most a day") }
            timeout = seconds
        default: try takeOption(key)
        }
    }

    private mutating func takeOption(_ key: SettingsInput.Member) throws(SettingsComplaint) {
        guard let option = TaskOptionTable.named(key.name), option.places.contains(.optionLine) else {
            if TaskOptionTable.named(key.name) == nil, ["every", "crontab", "schedule"].contains(key.name) {
                throw SettingsComplaint("is not for HTTP tasks", hint: "write a table [beat.NAME] with task = \"...\" and \(key.name) = ...")
            }
            throw SettingsComplaint(TaskOptionTable.complaint(about: key.name, at: .optionLine, others: Self.ownKeys))
        }
        guard !option.needsProcess else {
            throw SettingsComplaint("is for tasks with a process of their own; an HTTP task has none")
        }
        let value = try key.value.argument()
        do throws(OptionMistake) {
            try option.read(.json(value), at: .optionLine, into: &options)
        } catch {
            throw SettingsComplaint(error.complaint)
        }
    }

    /// Names that requests have anyway, or that would change where a message ends.
    private static let ownNames: Set<String> = [
        "connection", "content-length", "content-type", "expect", "host", "idempotency-key", "te", "trailer", "transfer-encoding", "traceparent", "tracestate",
        "upgrade",
    ]

    private static func headers(_ value: SettingsInput) throws(SettingsComplaint) -> [HTTPTaskSection.Header] {
        guard case .table(let members) = value else {
            throw SettingsComplaint("must be a table such as { Authorization = \"Bearer ...\" }, not \(value.sort)")
        }
        var headers: [HTTPTaskSection.Header] = []
        var names: Set<String> = []
        for member in members {
            let name = member.name
            let isToken = !name.isEmpty && name.utf8.count <= 100
                && name.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || (0x61...0x7A).contains($0 | 0x20) || "!#$%&'*+-.^_`|~".utf8.contains($0) }
            guard isToken else { throw SettingsComplaint("has \"\(name.forLog)\", which is no name of a header") }
            guard !ownNames.contains(name.lowercased()), !name.lowercased().hasPrefix("celery-") else {
                throw SettingsComplaint("has \(name), which celery sends itself")
            }
            guard names.insert(name.lowercased()).inserted else { throw SettingsComplaint("has \(name) twice") }
            // The value may be a secret, and is not shown.
            guard case .text(let text) = member.value else {
                throw SettingsComplaint("has \(name), which must be text in quotes, not \(member.value.sort)")
            }
            guard !text.isEmpty, text.utf8.count <= 8_000, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw SettingsComplaint("has \(name), whose value must be a line of up to 8000 bytes without control characters")
            }
            headers.append(HTTPTaskSection.Header(name: name, value: text))
        }
        return headers
    }
}
