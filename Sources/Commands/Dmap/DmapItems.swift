import CeleryCore
import Wire

/// Reads the items of a dmap one by one.
final class DmapItems {
    /// An item: its number from 1, its text with invalid UTF-8 replaced, and the arguments made from it.
    struct Item {
        var number: Int
        var text: String
        /// The item as `--json` prints it.
        var input: JSON
        var args: [JSON]
        var kwargs: JSONObject
    }

    private let words: [[UInt8]]
    private let source: LineSource?
    private let isJSONLines: Bool
    private let isRaw: Bool
    private var number = 0

    /// - Parameter words: the operands; if empty, items are read from stdin.
    init(words: [[UInt8]], isJSONLines: Bool, isRaw: Bool) throws {
        self.words = words
        self.isJSONLines = isJSONLines
        self.isRaw = isRaw
        source = words.isEmpty ? try LineSource(file: "-") : nil
    }

    /// The number of items; `nil` while reading stdin.
    var total: Int? { source == nil ? words.count : nil }

    /// The next item; `nil` at the end.
    func next() throws -> Item? {
        let bytes: [UInt8]
        if let source {
            guard let line = try source.next() else { return nil }
            bytes = line
        } else {
            guard number < words.count else { return nil }
            bytes = words[number]
        }
        number += 1
        let text = String(decoding: bytes, as: UTF8.self)
        guard isJSONLines else {
            return Item(number: number, text: text, input: JSON(text: bytes), args: [isRaw ? JSON(text: bytes) : JSON(word: bytes)], kwargs: [:])
        }
        switch try? JSON(parsing: bytes) {
        case .array(let args)?: return Item(number: number, text: text, input: .string(text), args: args, kwargs: [:])
        case .object(let kwargs)?: return Item(number: number, text: text, input: .string(text), args: [], kwargs: kwargs)
        default:
            throw CommandError(ExitCode.badData, "line \(number) is neither a JSON array nor a JSON object")
        }
    }
}
