import CeleryCore

/// The entry of one queue in CELERY_QUEUES; missing parts have the common defaults.
package struct QueueEntry: Sendable, Hashable {
    var name: String
    var exchange: String?
    var exchangeType: String?
    var routingKey: String?
    var type: QueueDefinition.QueueType?
    var maxPriority: Int?
    /// At least 1; `nil` means 1.
    var weight: Int?

    init(_ name: String) { self.name = name }

    /// Reads `NAME`, or `NAME=WEIGHT`.
    init(text: String) {
        name = text
        guard let equals = text.lastIndex(of: "="), equals > text.startIndex,
            let weight = Int(text[text.index(after: equals)...]), Self.weights.contains(weight)
        else { return }
        name = String(text[..<equals])
        self.weight = weight
    }

    static let weights = 1...1_000

    /// The number after the last equals sign if it is out of range. Other text there is part of the name.
    package static func impossibleWeight(in text: String) -> String? {
        guard let equals = text.lastIndex(of: "="), let weight = Int(text[text.index(after: equals)...]), !weights.contains(weight)
        else { return nil }
        return String(weight)
    }

    /// The first queue with two different weights; `nil` if there is none.
    package static func contradiction(in texts: [String]) -> (name: String, weights: [Int])? {
        contradiction(among: texts.map(QueueEntry.init(text:)))
    }

    fileprivate static func contradiction(among entries: [QueueEntry]) -> (name: String, weights: [Int])? {
        var known: [String: Int] = [:]
        for entry in entries {
            let weight = entry.weight ?? 1
            if let other = known.updateValue(weight, forKey: entry.name), other != weight { return (entry.name, [other, weight]) }
        }
        return nil
    }

    /// Whether the entry affects the declaration of the queue.
    var isTelling: Bool {
        var plain = self
        plain.weight = nil
        return plain != QueueEntry(name)
    }

    func definition(_ settings: Settings) -> QueueDefinition {
        let type = type ?? settings.queueType
        var definition = QueueDefinition(
            name, type: type, maxPriority: maxPriority ?? (type == .quorum ? nil : settings.queueMaxPriority))
        if let exchange { definition.exchange = exchange }
        if let exchangeType { definition.exchangeType = exchangeType }
        if let routingKey { definition.routingKey = routingKey }
        return definition
    }
}

extension SettingsKind where Value == [QueueEntry] {
    /// A list of names, or a table with one table for each queue.
    static let queues = SettingsKind(name: "list of names, or a table of queues") { input throws(SettingsComplaint) in
        guard case .table(let members) = input else {
            let entries = try SettingsKind<[String]>.list(of: .queue).read(input).map { (text) throws(SettingsComplaint) in
                if let weight = QueueEntry.impossibleWeight(in: text) {
                    throw SettingsComplaint("gives a queue the weight \(weight), which must be from 1 to 1000")
                }
                return QueueEntry(text: text)
            }
            if let (name, weights) = QueueEntry.contradiction(among: entries) {
                throw SettingsComplaint("gives queue '\(name)' both the weight \(weights[0]) and the weight \(weights[1])")
            }
            return entries
        }
        var entries: [QueueEntry] = []
        for member in members {
            do throws(SettingsComplaint) {
                entries.append(try entry(member))
            } catch {
                throw SettingsComplaint("says of queue '\(member.name)' that " + error.text)
            }
        }
        return entries
    }

    private static func entry(_ member: SettingsInput.Member) throws(SettingsComplaint) -> QueueEntry {
        var entry = QueueEntry(try SettingsKind<String>.queue.read(.text(member.name)))
        guard case .table(let options) = member.value else {
            throw SettingsComplaint("it is \(member.value.shown); write { exchange = \"...\", routing_key = \"...\" }")
        }
        for option in options {
            do throws(SettingsComplaint) {
                try take(option, into: &entry)
            } catch {
                throw SettingsComplaint("\(option.name) " + error.text)
            }
        }
        if entry.type == .quorum, entry.maxPriority != nil {
            throw SettingsComplaint("it is a quorum queue with max_priority, which RabbitMQ does not have")
        }
        return entry
    }

    private static func take(_ option: SettingsInput.Member, into entry: inout QueueEntry) throws(SettingsComplaint) {
        switch option.name {
        case "exchange": entry.exchange = try SettingsKind<String>.exchange.read(option.value)
        case "exchange_type":
            entry.exchangeType = try SettingsKind<String>.choice(["direct", "topic", "fanout", "headers"]).read(option.value)
        // The original's name of routing_key is binding_key.
        case "routing_key", "binding_key": entry.routingKey = try SettingsKind<String>.routingKey.read(option.value)
        case "queue_type":
            entry.type = QueueDefinition.QueueType(rawValue: try SettingsKind<String>.queueType.read(option.value))
        case "max_priority": entry.maxPriority = try SettingsKind<Int>.whole(1...255).read(option.value)
        case "weight": entry.weight = try SettingsKind<Int>.whole(QueueEntry.weights).read(option.value)
        default:
            let names = ["exchange", "exchange_type", "routing_key", "binding_key", "queue_type", "max_priority", "weight"]
            let near = NearestName.suggest(option.name, among: names).map { "; did you mean '\($0)'?" } ?? ""
            throw SettingsComplaint("is not known of queues\(near)")
        }
    }
}

extension SettingsKind where Value == String {
    /// The type of a RabbitMQ queue.
    static let queueType = choice(QueueDefinition.QueueType.allCases.map(\.rawValue))
}
