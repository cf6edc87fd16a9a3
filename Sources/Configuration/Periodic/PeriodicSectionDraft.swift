import CeleryCore
import Schedules

/// A table `[beat.NAME]` while its keys are being read.
struct PeriodicSectionDraft {
    var task: String?
    var args: [JSON] = []
    var kwargs: JSONObject = [:]
    var options = OptionValues()
    var periodic = PeriodicDraft()
    /// Whether there is a schedule, valid or not.
    private(set) var saysWhen = false
    /// Where `expires` was given: in the table itself, or in `options` as in Python.
    private var expiresPlace: String?

    private static let ownKeys = ["task", "args", "kwargs", "options"]

    static func isKnown(_ key: String) -> Bool { ownKeys.contains(key) || PeriodicKey.named(key) != nil }

    /// Reads one key.
    ///
    /// - Throws: a complaint that begins with the key.
    mutating func take(_ key: SettingsInput.Member) throws(SettingsComplaint) {
        do throws(SettingsComplaint) {
            switch key.name {
            case "task": task = try SettingsKind<String>.name.read(key.value)
            case "args": args = try SettingsKind<[JSON]>.values.read(key.value)
            case "kwargs": kwargs = try SettingsKind<JSONObject>.object.read(key.value)
            case "options": try takeOptions(key.value)
            default:
                guard let periodicKey = PeriodicKey.named(key.name) else { throw Self.unknown(key.name) }
                try take(periodicKey, key.value, called: key.name)
            }
        } catch {
            throw SettingsComplaint("\(key.name.forLog) " + error.text)
        }
    }

    private mutating func take(
        _ key: PeriodicKey, _ value: SettingsInput, called name: String
    ) throws(SettingsComplaint) {
        let text: String
        switch value {
        case .whole(let number) where ["DURATION", "N"].contains(key.placeholder): text = "\(number)"
        case .number(let number, _) where key.placeholder == "DURATION": text = "\(number)"
        default: text = try SettingsKind<String>.text.read(value)
        }
        if key.name == "expires" {
            if expiresPlace != nil { throw SettingsComplaint("is given twice, in the table and in its options; remove one") }
            expiresPlace = name
        }
        if key.name == "every" || key.name == "crontab" { saysWhen = true }
        if let complaint = periodic.take(key, text) { throw SettingsComplaint(complaint) }
    }

    /// Reads the table `options`: how the messages are sent.
    private mutating func takeOptions(_ value: SettingsInput) throws(SettingsComplaint) {
        guard case .table(let members) = value else {
            throw SettingsComplaint("must be a table such as { queue = \"images\" }, not \(value.shown)")
        }
        for member in members {
            do throws(SettingsComplaint) {
                try takeOption(member)
            } catch {
                throw SettingsComplaint("has \(member.name.forLog), which " + error.text)
            }
        }
        let call = CallOnlyOptions.table
        if options[call.exchange] != nil, options[call.routingKey] == nil { throw SettingsComplaint("has exchange without routing_key") }
        if let complaint = options.timeLimitComplaint { throw SettingsComplaint(complaint) }
    }

    private mutating func takeOption(_ member: SettingsInput.Member) throws(SettingsComplaint) {
        if let option = TaskOptionTable.named(member.name), option.places.contains(.beat) {
            let value = try member.value.argument()
            do throws(OptionMistake) {
                try option.read(.json(value), at: .beat, into: &options)
            } catch {
                throw SettingsComplaint(error.complaint)
            }
        } else if member.name == "expires", let key = PeriodicKey.named("expires") {
            try take(key, member.value, called: "options")
        } else if let reason = Self.elsewhere[member.name] {
            throw SettingsComplaint(reason)
        } else if Self.isKnown(member.name) {
            throw SettingsComplaint("belongs in the table of the task, not in its options")
        } else {
            throw SettingsComplaint(TaskOptionTable.complaint(about: member.name, at: .beat, others: ["expires"]))
        }
    }

    /// Options of Python's beat that belong elsewhere here or are not supported. The texts follow the key in errors.
    private static let elsewhere = [
        "countdown": "is not for periodic tasks; jitter and phase move their times",
        "eta": "is not for periodic tasks; jitter and phase move their times",
        "task_id": "is not for periodic tasks; each run has an id made of the name and the due time",
        "id": "is not for periodic tasks; each run has an id made of the name and the due time",
    ]

    private static func unknown(_ name: String) -> SettingsComplaint {
        if let option = TaskOptionTable.named(name) {
            guard option.places.contains(.beat) else { return SettingsComplaint(option.misplaced(at: .beat)) }
            return SettingsComplaint("belongs in options: options = { \(name) = ... }")
        }
        // Python's name.
        if name == "schedule" { return SettingsComplaint("is not known; write every or crontab") }
        let near = NearestName.suggest(name, among: ownKeys + PeriodicKey.all.map(\.name))
        return SettingsComplaint("is not known" + (near.map { "; did you mean '\($0)'?" } ?? ""))
    }
}
