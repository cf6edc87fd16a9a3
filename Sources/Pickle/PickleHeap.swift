/// What a pickle has made so far: objects that refer to each other by number.
///
/// Flat, so that neither a list in a list in a list..., nor one that contains itself,
/// makes anything recursive here.
struct PickleHeap {
    typealias Reference = Int

    /// One member of a dict.
    struct Entry {
        var key: Reference
        var value: Reference
    }

    /// Something of a class: what a Python would call, and with what. Nothing here ever does.
    struct Instance {
        var callable: Reference
        var arguments: Reference
        var keywords: Reference?
        var state: Reference?
        var items: [Reference] = []
        var entries: [Entry] = []
    }

    enum Object {
        case none
        case bool(Bool)
        case int(Int64)
        /// Digits as JSON has them.
        case bigInteger(String)
        case double(Double)
        case text(String)
        case bytes([UInt8])
        /// A list, tuple or set.
        case list([Reference])
        case dict([Entry])
        /// `module.name`.
        case global(String)
        indirect case instance(Instance)
    }

    private(set) var objects: [Object] = [.none, .bool(true), .bool(false)]

    static let none = 0
    static let yes = 1
    static let no = 2

    subscript(reference: Reference) -> Object { objects[reference] }

    var count: Int { objects.count }

    mutating func add(_ object: Object) -> Reference {
        objects.append(object)
        return objects.count - 1
    }

    /// Appends to a list, or to an object that takes items. False for anything else.
    mutating func append(_ items: [Reference], to reference: Reference) -> Bool {
        // Taken out while it grows, so that there is no copy of it.
        let object = objects[reference]
        objects[reference] = .none
        switch consume object {
        case .list(var list):
            list += items
            objects[reference] = .list(list)
        case .instance(var instance):
            instance.items += items
            objects[reference] = .instance(instance)
        case let other:
            objects[reference] = other
            return false
        }
        return true
    }

    /// Sets members of a dict, or of an object that has some: keys and values in turn. False for anything else.
    mutating func set(_ pairs: [Reference], of reference: Reference) -> Bool {
        guard pairs.count % 2 == 0 else { return false }
        let object = objects[reference]
        objects[reference] = .none
        switch consume object {
        case .dict(var entries):
            Self.append(pairs, to: &entries)
            objects[reference] = .dict(entries)
        case .instance(var instance):
            Self.append(pairs, to: &instance.entries)
            objects[reference] = .instance(instance)
        case let other:
            objects[reference] = other
            return false
        }
        return true
    }

    private static func append(_ pairs: [Reference], to entries: inout [Entry]) {
        var key: Reference?
        for reference in pairs {
            if let first = key {
                entries.append(Entry(key: first, value: reference))
                key = nil
            } else {
                key = reference
            }
        }
    }

    /// Gives an object its state. False for what is no object of a class.
    mutating func build(_ reference: Reference, state: Reference) -> Bool {
        guard case .instance(var instance) = objects[reference] else { return false }
        instance.state = state
        objects[reference] = .instance(instance)
        return true
    }
}
