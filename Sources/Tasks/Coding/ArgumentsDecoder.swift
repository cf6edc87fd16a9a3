package import CeleryCore

/// Makes a task of positional and keyword arguments.
///
/// Positional arguments go to the properties in the order in which the type asks for them,
/// which for the decoding that Swift writes is the order of declaration. A type with a
/// hand-written `init(from:)` takes them in the order of its own calls; one that asks for a
/// single value takes one positional argument, one that asks for a list takes all of them.
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

/// Gives arguments to the properties that ask for them, each once.
final class ArgumentSlots {
    private let args: [JSON]
    private let kwargs: JSONObject
    /// What was asked for, and what it got. A dozen at most: searched from the start.
    private var given: [(name: String, value: JSON?)] = []
    /// How many the type could have taken, once that is not the number of names.
    private var positionsTaken: Int?

    init(args: [JSON], kwargs: JSONObject) {
        self.args = args
        self.kwargs = kwargs
    }

    /// The value for a property; the next positional argument when it asks for the first time.
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

    /// The names of keyword arguments, for types that look at what there is.
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

    /// Nothing may be left over.
    func checkAllTaken() throws(ArgumentsError) {
        let taken = positionsTaken ?? given.count
        if args.count > taken { throw .wrongCount(taken: taken, given: args.count) }
        if kwargs.isEmpty { return }
        for name in kwargs.keys where !given.contains(where: { $0.name == name }) { throw .unexpected(name) }
    }
}
