/// The options set by a task or a message. An option that is not set has no value.
///
/// Tasks and calls set few options, for which a linear search beats hashing.
package struct OptionValues: Sendable {
    private var entries: [any SaidOption] = []

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    /// The value of an option; `nil` when not set.
    package subscript<Value>(option: TaskOption<Value>) -> Value? {
        get {
            let id = ObjectIdentifier(option)
            for entry in entries where entry.id == id { return (entry as? Said<Value>)?.value }
            return nil
        }
        set {
            let id = ObjectIdentifier(option)
            let index = entries.firstIndex { $0.id == id }
            switch (index, newValue) {
            case (let index?, let value?): entries[index] = Said(row: option, value: value)
            case (let index?, nil): entries.remove(at: index)
            case (nil, let value?): entries.append(Said(row: option, value: value))
            case (nil, nil): break
            }
        }
    }

    /// The options set, in the order they were set.
    package var options: [any AnyTaskOption] { entries.map(\.option) }

    /// Adds other values; where both set an option, the others take precedence.
    package mutating func merge(_ others: OptionValues) {
        for entry in others.entries { entry.store(in: &self) }
    }

    /// The values of some options alone.
    package func filter(_ isIncluded: (any AnyTaskOption) -> Bool) -> OptionValues {
        var values = self
        values.entries.removeAll { !isIncluded($0.option) }
        return values
    }
}

extension OptionValues: Hashable {
    /// Equal when the same options have the same values, in any order.
    package static func == (left: Self, right: Self) -> Bool {
        left.entries.count == right.entries.count
            && left.entries.allSatisfy { entry in right.entries.contains { $0.id == entry.id && $0.json == entry.json } }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(Set(entries.map(\.id)))
    }
}

/// One option and its value, without the value type.
private protocol SaidOption: Sendable {
    var id: ObjectIdentifier { get }
    var option: any AnyTaskOption { get }
    /// The value as a header has it, by which values are compared.
    var json: JSON { get }
    func store(in values: inout OptionValues)
}

private struct Said<Value: Sendable>: SaidOption {
    let row: TaskOption<Value>
    let value: Value

    var id: ObjectIdentifier { ObjectIdentifier(row) }
    var option: any AnyTaskOption { row }

    var json: JSON { row.kind.json(value) }
    func store(in values: inout OptionValues) { row.store(value, in: &values) }
}
