import CeleryCore
import Schedules

/// A table `[beat.NAME]` while its keys are read.
struct PeriodicSectionDraft {
    var task: String?
    var args: [JSON] = []
    var kwargs: JSONObject = [:]
    var options: JSONObject = [:]
    var periodic = PeriodicDraft()
    /// Whether there is a schedule, right or wrong.
    private(set) var saysWhen = false
    /// Where `expires` was said: beside the others, or among the options, as Python has it.
    private var expiresPlace: String?

    private static let ownKeys = ["task", "args", "kwargs", "options"]

    static func isKnown(_ key: String) -> Bool { ownKeys.contains(key) || PeriodicKey.named(key) != nil }

    /// Takes one key.
    ///
    /// - Throws: what is wrong, beginning with the key.
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
        case .whole(let number) where key.placeholder == "DURATION": text = "\(number)"
        case .number(let number) where key.placeholder == "DURATION": text = "\(number)"
        default: text = try SettingsKind<String>.text.read(value)
        }
        if key.name == "expires" {
            if expiresPlace != nil { throw SettingsComplaint("is said twice, in the table and in its options; keep one") }
            expiresPlace = name
        }
        if key.name == "every" || key.name == "crontab" { saysWhen = true }
        if let complaint = periodic.take(key, text) { throw SettingsComplaint(complaint) }
    }

    /// Takes the table `options`: how the messages are sent.
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
        if options["exchange"] != nil, options["routing_key"] == nil { throw SettingsComplaint("has exchange without routing_key") }
        if let soft = options["soft_time_limit"]?.doubleValue, let hard = options["time_limit"]?.doubleValue, soft >= hard {
            throw SettingsComplaint("has soft_time_limit, which must be less than time_limit")
        }
    }

    private mutating func takeOption(_ member: SettingsInput.Member) throws(SettingsComplaint) {
        if let key = PeriodicSendKey.named(member.name) {
            options[member.name] = try key.read(member.value)
        } else if member.name == "expires", let key = PeriodicKey.named("expires") {
            try take(key, member.value, called: "options")
        } else if let reason = PeriodicSendKey.elsewhere[member.name] {
            throw SettingsComplaint(reason)
        } else if Self.isKnown(member.name) {
            throw SettingsComplaint("belongs beside options, not into them")
        } else {
            let near = NearestName.suggest(member.name, among: PeriodicSendKey.all.map(\.name) + ["expires"])
            throw SettingsComplaint("is not known" + (near.map { "; did you mean '\($0)'?" } ?? ""))
        }
    }

    private static func unknown(_ name: String) -> SettingsComplaint {
        if PeriodicSendKey.named(name) != nil {
            return SettingsComplaint("belongs into options: options = { \(name) = ... }")
        }
        // What Python calls it.
        if name == "schedule" { return SettingsComplaint("is not known; write every or crontab") }
        let near = NearestName.suggest(name, among: ownKeys + PeriodicKey.all.map(\.name))
        return SettingsComplaint("is not known" + (near.map { "; did you mean '\($0)'?" } ?? ""))
    }
}
