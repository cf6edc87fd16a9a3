import CeleryCore

/// The arguments of a call of a function, decoded one by one in order.
///
/// Swift knows no names of a function's arguments at run time. Where the program says them, keyword arguments are assigned by
/// name; otherwise all arguments are positional, and errors number them from 1.
final class FunctionArguments {
    private let slots: ArgumentSlots
    private let names: [String]
    private let given: Int
    private let count: Int
    private var index = 0

    /// - Parameters:
    ///   - names: One for each argument, or none.
    ///   - count: How many arguments the function takes.
    /// - Throws: `ArgumentsError` for keyword arguments of a function whose arguments have no names.
    init(_ arguments: TaskArguments, names: [String], count: Int) throws(ArgumentsError) {
        if names.isEmpty, let name = arguments.kwargs.keys.first { throw .unexpected(name) }
        slots = ArgumentSlots(args: arguments.args, kwargs: arguments.kwargs)
        given = arguments.args.count
        self.names = names
        self.count = count
    }

    /// Decodes the next argument. An optional one may be omitted.
    ///
    /// - Throws: `ArgumentsError`, or what the type's own `init(from:)` throws.
    func next<T: Decodable>(_ type: T.Type) throws -> T {
        index += 1
        let name = names.isEmpty ? String(index) : names[index - 1]
        guard let value = try slots.value(for: name) else {
            if let optional = type as? any CanBeNothing.Type, let nothing = optional.nothing as? T { return nothing }
            throw names.isEmpty ? ArgumentsError.wrongCount(taken: count, given: given) : ArgumentsError.missing(name)
        }
        do {
            return try JSONNode(value: value, codingPath: [ArgumentKey(stringValue: name)]).decode(type)
        } catch let error as DecodingError {
            throw ArgumentsError(error)
        }
    }

    /// Checks that no arguments are left.
    ///
    /// - Throws: `ArgumentsError` for superfluous arguments.
    func checkAllTaken() throws(ArgumentsError) { try slots.checkAllTaken() }
}

/// The name or number of an argument, for errors.
private struct ArgumentKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// An optional type, whatever it wraps.
private protocol CanBeNothing {
    static var nothing: Self { get }
}

extension Optional: CanBeNothing {
    fileprivate static var nothing: Self { .none }
}
