import CeleryCore

/// An item of a dmap: one run of its task.
struct DmapItem: Sendable, Equatable {
    /// From 1.
    var number: Int
    /// The item as it was given; with `--chunk`, each of its parts.
    var parts: [[UInt8]]
    /// Whether its argument is an array of the parts, also of a single one.
    var isChunk = false
    /// The arguments of the task.
    var arguments: ItemArguments
    /// The set in which the job log says that this item failed, by its place among the sets of the log.
    var failedSet: Int?

    /// The item on one line, for people.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The parts, with a space between two.
    var bytes: [UInt8] { parts.count == 1 ? parts[0] : Array(parts.joined(separator: [UInt8(ascii: " ")])) }

    /// The length of its parts, in bytes.
    var size: Int { parts.reduce(0) { $0 + $1.count } }
}

/// The arguments that an item gives to the task.
struct ItemArguments: Sendable, Equatable {
    var args: [JSON] = []
    var kwargs: JSONObject = [:]

    /// How items become arguments.
    enum Kind: Sendable {
        /// JSON if it parses as JSON, else a string.
        case word
        /// A string.
        case raw
        /// An array of arguments, or an object of keyword arguments.
        case jsonLine
    }

    /// The arguments for one item. This is the one place where the bytes of an item become a value.
    ///
    /// - Parameter number: The number of the line, for errors.
    init(_ bytes: [UInt8], _ kind: Kind, number: Int) throws(CommandError) {
        let value = try Self.value(bytes, kind, number: number)
        switch (kind, value) {
        case (.jsonLine, .array(let args)): self.args = args
        case (.jsonLine, .object(let kwargs)): self.kwargs = kwargs
        default: args = [value]
        }
    }

    /// One argument: an array of the values of several items.
    init(chunk: [[UInt8]], _ kind: Kind, number: Int) throws(CommandError) {
        var values: [JSON] = []
        for (at, bytes) in chunk.enumerated() { values.append(try Self.value(bytes, kind, number: number + at)) }
        args = [.array(values)]
    }

    private static func value(_ bytes: [UInt8], _ kind: Kind, number: Int) throws(CommandError) -> JSON {
        switch kind {
        case .raw: return JSON(text: bytes)
        case .word: return JSON(word: bytes)
        case .jsonLine:
            switch try? JSON(parsing: bytes) {
            case .array(let args)?: return .array(args)
            case .object(let kwargs)?: return .object(kwargs)
            default: throw CommandError(ExitCode.badData, "line \(number) is neither a JSON array nor a JSON object")
            }
        }
    }
}
