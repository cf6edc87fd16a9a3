package import CeleryCore

/// Decodes a task from positional and keyword arguments.
///
/// Positional arguments are assigned to properties in the order in which the type decodes them: the order of declaration
/// for synthesized conformances, the order of calls for a hand-written `init(from:)`. A type that decodes a single value
/// takes one positional argument; a type that decodes an unkeyed container takes all of them.
package struct ArgumentsDecoder: Decoder {
    package var codingPath: [any CodingKey] { [] }
    package var userInfo: [CodingUserInfoKey: Any] { [:] }
    private let slots: ArgumentSlots

    /// - Throws: `ArgumentsError`, or what the type's own `init(from:)` throws.
    package static func decode<T: Decodable>(
        _ type: T.Type, args: [JSON] = [], kwargs: JSONObject = [:]
    ) throws -> T {
        let slots = ArgumentSlots(args: args, kwargs: kwargs)
        do {
            let value = try T(from: ArgumentsDecoder(slots: slots))
            try slots.checkAllTaken()
            return value
        } catch let error as DecodingError {
            throw ArgumentsError(error)
        }
    }

    package func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(JSONKeyedDecoding<Key>(members: .arguments(slots), codingPath: []))
    }

    package func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        JSONUnkeyedDecoding(elements: slots.takeAll(), codingPath: [])
    }

    package func singleValueContainer() throws -> any SingleValueDecodingContainer {
        JSONNode(value: try slots.takeOnly(), codingPath: [])
    }
}

/// Assigns arguments to the properties that are decoded, each argument once.
final class ArgumentSlots {
    private let args: [JSON]
    private let kwargs: JSONObject
    /// The decoded properties and their values. Usually a dozen at most, so a linear search is fast.
    private var given: [(name: String, value: JSON?)] = []
    /// The number of positional arguments that the type takes; `nil` if it equals the number of decoded properties.
    private var positionsTaken: Int?

    init(args: [JSON], kwargs: JSONObject) {
        self.args = args
        self.kwargs = kwargs
    }

    /// The value of a property. The first call for a name takes the next positional argument, if any is left.
    func value(for name: String) throws(ArgumentsError) -> JSON? {
        if let known = given.first(where: { $0.name == name }) { return known.value }
        var value = kwargs.isEmpty ? nil : kwargs[name]
        if given.count < args.count {
            guard value == nil else { throw .multipleValues(name) }
            value = args[given.count]
        }
        given.append((name, value))
        return value
    }

    /// The names of keyword arguments, for types that inspect all keys.
    var names: [String] { kwargs.keys }

    func takeAll() -> [JSON] {
        positionsTaken = args.count
        return args
    }

    func takeOnly() throws(ArgumentsError) -> JSON {
        positionsTaken = 1
        guard let first = args.first else { throw .wrongCount(taken: 1, given: 0) }
        return first
    }

    /// Checks that no arguments are left.
    ///
    /// - Throws: `ArgumentsError` for superfluous arguments.
    func checkAllTaken() throws(ArgumentsError) {
        let taken = positionsTaken ?? given.count
        if args.count > taken { throw .wrongCount(taken: taken, given: args.count) }
        if kwargs.isEmpty { return }
        for name in kwargs.keys where !given.contains(where: { $0.name == name }) { throw .unexpected(name) }
    }
}
