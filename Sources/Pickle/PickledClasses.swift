import CeleryCore

/// The classes whose objects results are made of, by name; each as the JSON of Celery has it
/// (`{"__type__": "datetime", "__value__": …}`, `task-v2-*` in `Tests/Golden`).
enum PickledClasses {
    /// `module.name`, with the names of Python 2 replaced by those of Python 3.
    static func name(_ module: String, _ name: String) -> String {
        switch module {
        case "__builtin__", "exceptions": "builtins.\(name)"
        case "copy_reg": "copyreg.\(name)"
        default: "\(module).\(name)"
        }
    }

    static func typed(_ type: String, _ value: JSON) -> JSON { ["__type__": .string(type), "__value__": value] }

    static func json(bytes: [UInt8]) -> JSON {
        if let text = String(validating: bytes, as: UTF8.self) { return typed("bytes", .string(text)) }
        return typed("base64", .string(Base64.encode(bytes)))
    }
}

extension PickleUnfolding {
    /// An object of a class.
    ///
    /// One of an unknown class is shown as such: `{"__type__": "shop.Order", "__value__": …}`.
    mutating func json(_ instance: PickleHeap.Instance) throws(PickleError) -> JSON {
        let name = className(instance)
        let arguments = arguments(instance)
        if let bytes = heap.bytes(of: instance) { return PickledClasses.json(bytes: bytes) }
        if let text = PickledTimes.json(name, arguments, heap) { return text }
        switch (name, arguments.count) {
        case ("builtins.set", 1), ("builtins.frozenset", 1), ("builtins.list", 1), ("builtins.tuple", 1):
            if case .list(let items) = heap[arguments[0]] { return .array(try array(items)) }
        case ("collections.deque", 0...2):
            if case .list(let items)? = arguments.first.map({ heap[$0] }) { return .array(try array(items + instance.items)) }
            return .array(try array(instance.items))
        case ("collections.defaultdict", 0...1), ("collections.OrderedDict", 0):
            return .object(try object(instance.entries))
        case ("collections.OrderedDict", 1):
            if let entries = pairs(arguments[0]) { return .object(try object(entries + instance.entries)) }
        case ("collections.Counter", 1):
            if case .dict(let entries) = heap[arguments[0]] { return .object(try object(entries)) }
        case ("decimal.Decimal", 1):
            if case .text(let digits) = heap[arguments[0]] { return PickledClasses.typed("decimal", .string(digits)) }
        case ("uuid.UUID", _):
            if let digits = uuid(instance) { return PickledClasses.typed("uuid", ["hex": .string(digits)]) }
        // id, backend, task name, app, parent
        case ("celery.result.AsyncResult", 1...):
            let parent = arguments.count > 4 ? try json(arguments[4]) : .null
            return [[try json(arguments[0]), parent], nil]
        // id, members, parent
        case ("celery.result.GroupResult", 2...):
            let parent = arguments.count > 2 ? try json(arguments[2]) : .null
            return [[try json(arguments[0]), parent], try json(arguments[1])]
        default: break
        }
        return PickledClasses.typed(name, try parts(instance))
    }

    /// What an object of an unknown class is made of.
    private mutating func parts(_ instance: PickleHeap.Instance) throws(PickleError) -> JSON {
        var parts: JSONObject = ["args": .array(try array(arguments(instance)))]
        if let keywords = instance.keywords { parts["kwargs"] = try json(keywords) }
        if let state = instance.state { parts["state"] = try json(state) }
        if !instance.items.isEmpty { parts["items"] = .array(try array(instance.items)) }
        if !instance.entries.isEmpty { parts["members"] = .object(try object(instance.entries)) }
        return .object(parts)
    }

    /// An exception, in the three parts of a result document; anything else as it is.
    mutating func exception(_ reference: PickleHeap.Reference) throws(PickleError) -> JSON {
        guard case .instance(let instance) = heap[reference] else { return try json(reference) }
        var name = className(instance)
        var arguments = arguments(instance)
        if name.hasSuffix(".UnpickleableExceptionWrapper"), arguments.count >= 3,
            case .text(let module) = heap[arguments[0]], case .text(let type) = heap[arguments[1]],
            case .list(let inner) = heap[arguments[2]]
        {
            // What Celery writes for an exception that cannot be pickled.
            name = PickledClasses.name(module, type)
            arguments = inner
        }
        let dot = name.lastIndex(of: ".") ?? name.startIndex
        return [
            "exc_type": .string(String(name[dot...].drop { $0 == "." })), "exc_message": .array(try array(arguments)),
            "exc_module": .string(String(name[..<dot])),
        ]
    }

    /// Of what class it is; that of `getattr(ZoneInfo, "_unpickle")` is `zoneinfo.ZoneInfo._unpickle`.
    private func className(_ instance: PickleHeap.Instance) -> String {
        let name = callableName(instance.callable)
        // Protocols 0 and 1 make an object by a function that is told its class.
        guard name == "copyreg._reconstructor" || name == "copyreg.__newobj__",
            case .list(let arguments) = heap[instance.arguments], let first = arguments.first
        else { return name }
        return callableName(first)
    }

    private func callableName(_ reference: PickleHeap.Reference) -> String {
        switch heap[reference] {
        case .global(let name): return name
        case .instance(let inner):
            guard case .global("builtins.getattr") = heap[inner.callable], case .list(let parts) = heap[inner.arguments],
                parts.count == 2, case .global(let owner) = heap[parts[0]], case .text(let attribute) = heap[parts[1]]
            else { return "object" }
            return "\(owner).\(attribute)"
        default: return "object"
        }
    }

    private func arguments(_ instance: PickleHeap.Instance) -> [PickleHeap.Reference] {
        guard case .list(let arguments) = heap[instance.arguments] else { return [] }
        switch heap[instance.callable] {
        // class, base class, state of the base
        case .global("copyreg._reconstructor"): return []
        case .global("copyreg.__newobj__"): return Array(arguments.dropFirst())
        default: return arguments
        }
    }

    private func pairs(_ reference: PickleHeap.Reference) -> [PickleHeap.Entry]? {
        guard case .list(let items) = heap[reference] else { return nil }
        var entries: [PickleHeap.Entry] = []
        for item in items {
            guard case .list(let pair) = heap[item], pair.count == 2 else { return nil }
            entries.append(PickleHeap.Entry(key: pair[0], value: pair[1]))
        }
        return entries
    }

    /// The 32 hexadecimal digits of a UUID, which has its number as its state.
    private func uuid(_ instance: PickleHeap.Instance) -> String? {
        guard let state = instance.state, case .dict(let entries) = heap[state] else { return nil }
        for entry in entries {
            guard case .text("int") = heap[entry.key] else { continue }
            let digits: String
            switch heap[entry.value] {
            case .int(let number): digits = String(number)
            case .bigInteger(let text): digits = text
            default: return nil
            }
            guard let number = UInt128(digits) else { return nil }
            let hexadecimal = String(number, radix: 16)
            return String(repeating: "0", count: 32 - hexadecimal.utf8.count) + hexadecimal
        }
        return nil
    }
}
