import CeleryCore

/// Turns what a pickle has made into JSON.
///
/// In a pickle a thousand lists may be the same list; in JSON each is written out. Twenty
/// such steps one in another would be more than any memory holds, so there is a budget.
struct PickleUnfolding {
    let heap: PickleHeap
    /// Objects and bytes of text that may still be written.
    private var budget: Int
    private var depth = 0

    /// What is always allowed. A pickle that repeats nothing needs no more than a few times its size.
    private static let allowance = 1 << 22

    init(heap: PickleHeap, size: Int) {
        self.heap = heap
        budget = max(Self.allowance, 16 * size)
    }

    mutating func json(_ reference: PickleHeap.Reference) throws(PickleError) -> JSON {
        try spend(1)
        switch heap[reference] {
        case .none: return .null
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .bigInteger(let digits):
            try spend(digits.utf8.count)
            return .bigInteger(digits)
        case .double(let value): return .double(value)
        case .text(let text):
            try spend(text.utf8.count)
            return .string(text)
        case .bytes(let bytes):
            try spend(bytes.count)
            return PickledClasses.json(bytes: bytes)
        case .list(let items): return .array(try array(items))
        case .dict(let entries): return .object(try object(entries))
        case .global(let name): return .string(name)
        case .instance(let instance): return try deeper { (copy) throws(PickleError) in try copy.json(instance) }
        }
    }

    mutating func array(_ items: [PickleHeap.Reference]) throws(PickleError) -> [JSON] {
        try deeper { (copy) throws(PickleError) in
            var elements: [JSON] = []
            for item in items { elements.append(try copy.json(item)) }
            return elements
        }
    }

    mutating func object(_ entries: [PickleHeap.Entry]) throws(PickleError) -> JSONObject {
        try deeper { (copy) throws(PickleError) in
            var members = JSONMembers()
            for entry in entries {
                members.append(try copy.key(entry.key), try copy.json(entry.value), fingerprint: nil)
            }
            return JSONObject(distinct: members.members)
        }
    }

    /// The name of a member, as Python's JSON writes keys that are no texts.
    private mutating func key(_ reference: PickleHeap.Reference) throws(PickleError) -> String {
        switch try json(reference) {
        case .string(let text): text
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .double(let value, _): JSON.double(value).text(style: .python)
        case let other: other["__value__"]?.stringValue ?? other.text(style: .python)
        }
    }

    private mutating func deeper<Value>(
        _ body: (inout PickleUnfolding) throws(PickleError) -> Value
    ) throws(PickleError) -> Value {
        guard depth < JSON.nestingLimit else { throw PickleError(offset: 0, reason: .nestedTooDeeply) }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    private mutating func spend(_ amount: Int) throws(PickleError) {
        budget -= amount
        guard budget >= 0 else { throw PickleError(offset: 0, reason: .tooLarge) }
    }
}
