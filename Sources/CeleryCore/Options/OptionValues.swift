/// What is said of a task or of one message: values by option. An option that is not said has none.
///
/// Tasks and calls say few things, for which a linear search beats hashing.
package struct OptionValues: Sendable {
    private var entries: [any SaidOption] = []

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    /// What is said of an option; `nil` when nothing is.
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

    /// The options of which something is said, in the order in which it was.
    package var options: [any AnyTaskOption] { entries.map(\.option) }

    /// Adds what others say; where both say something, the others count.
    package mutating func merge(_ others: OptionValues) {
        for entry in others.entries { entry.store(in: &self) }
    }

    /// What is said of some options alone.
    package func filter(_ isIncluded: (any AnyTaskOption) -> Bool) -> OptionValues {
        var values = self
        values.entries.removeAll { !isIncluded($0.option) }
        return values
    }
}

extension OptionValues: Hashable {
    /// Equal when the same is said of the same options, in whatever order.
    package static func == (left: Self, right: Self) -> Bool {
        left.entries.count == right.entries.count
            && left.entries.allSatisfy { entry in right.entries.contains { $0.id == entry.id && $0.json == entry.json } }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(Set(entries.map(\.id)))
    }
}

/// One option and what is said of it, without the type of the value.
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
